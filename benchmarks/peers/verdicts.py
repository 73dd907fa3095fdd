# SPDX-License-Identifier: Apache-2.0
"""What the sitting says: rates, ratios, whether the answers agree, where bot4 loses."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Final

from benchmarks.peers.sitting import Measured
from benchmarks.peers.works import Work

OURS: Final = "bot4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one line of the table; figures are None where the side is missing.

    ``ratio`` is bot4's rate over this side's, ``aim`` the least it should be, and
    ``agrees`` empty where every compared answer is within its tolerance.
    """

    work: str
    side: str
    version: str
    runs: int
    cpu_s: float | None
    wall_s: float | None
    peak_mib: float | None
    rate: float | None
    ratio: float | None
    aim: float | None
    agrees: str
    missing: str

    @property
    def loses(self) -> str:
        """Return how bot4 falls short of this side, empty where it does not or nothing can be said."""
        if self.ratio is None or self.side.startswith(OURS):
            return ""
        if self.aim is not None and self.ratio < self.aim:
            return f"{self.work}: {self.ratio:.3g} x {self.side}, the aim is {self.aim:g}"
        return f"{self.work}: {self.ratio:.3g} x {self.side}" if self.ratio < 1.0 else ""


def rows_of(work: Work, sides: Sequence[Measured]) -> list[Row]:
    """Return the table of one work: each side against bot4's own row."""
    ours = next((one for one in sides if one.contender.label == OURS and one.trials), None)
    return [_row(work, one, ours) for one in sides]


def _row(work: Work, one: Measured, ours: Measured | None) -> Row:
    """Return one line."""
    measured = bool(one.trials) and not one.missing
    rate = work.size * one.contender.share / one.cpu_s if measured else None
    ratio = None
    if rate is not None and ours is not None:
        ratio = work.size * ours.contender.share / ours.cpu_s / rate
    return Row(
        work=work.key,
        side=one.contender.label,
        version=one.version,
        runs=len(one.trials),
        cpu_s=round(one.cpu_s, 6) if measured else None,
        wall_s=round(one.wall_s, 6) if measured else None,
        peak_mib=max(trial.peak_mib for trial in one.trials) if measured else None,
        rate=round(rate, 1) if rate is not None else None,
        ratio=round(ratio, 4) if ratio is not None else None,
        aim=work.aims.get(one.contender.label),
        agrees=_differences(work, one, ours) if measured else "",
        missing=one.missing,
    )


def _differences(work: Work, one: Measured, ours: Measured | None) -> str:
    """Return which answers of the last run are farther from bot4's than they may be."""
    told = one.trials[-1].answer
    for trial in one.trials:
        if trial.answer != told:
            return "its own runs differ"
    if ours is None:
        return ""
    wrong = []
    for name, value in told.items():
        expected = ours.trials[-1].answer.get(name)
        allowed = work.tolerance.get(name, work.default_tolerance)
        if expected is None or allowed is None:
            continue
        if not isclose(value, expected, rel_tol=allowed, abs_tol=allowed):
            wrong.append(f"{name} {value:.9g}, bot4 {expected:.9g}")
    return "; ".join(wrong)


def losses(rows: Sequence[Row]) -> list[str]:
    """Return where bot4 falls short, or that it does not, or that nothing was compared."""
    if not any(row.ratio is not None and not row.side.startswith(OURS) for row in rows):
        return ["nothing was compared"]
    return [row.loses for row in rows if row.loses] or ["nowhere in these rows"]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [
        "| work | side | version | runs | CPU s | wall s | rate / CPU s | bot4 is | aim | agrees |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    lines.extend(_line(row) for row in rows)
    return "\n".join(lines)


def _line(row: Row) -> str:
    """Return one line of the table."""
    if row.cpu_s is None or row.wall_s is None or row.rate is None:
        return f"| {row.work} | {row.side} | missing | 0 | | | | | | {row.missing} |"
    is_ours = row.side == OURS
    cells = (
        row.work,
        row.side,
        row.version,
        str(row.runs),
        f"{row.cpu_s:.4g}",
        f"{row.wall_s:.4g}",
        _short(row.rate),
        "" if row.ratio is None or is_ours else f"{row.ratio:.3g} x",
        "" if row.aim is None else f"{row.aim:g} x",
        "" if is_ours else row.agrees or ("yes" if row.ratio is not None else "not compared"),
    )
    return f"| {' | '.join(cells)} |"


def _short(rate: float) -> str:
    """Return a rate in thousands or millions."""
    for unit, sign in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if rate >= unit:
            return f"{rate / unit:.3g}{sign}"
    return f"{rate:.3g}"
