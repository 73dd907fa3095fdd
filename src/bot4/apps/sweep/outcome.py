# SPDX-License-Identifier: Apache-2.0
"""What a sweep tells when it is over, or where it was stopped."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from bot4.apps.finish import REPORT
from bot4.apps.sweep.budget import Forecast
from bot4.apps.sweep.findings import Finding, verdict
from bot4.apps.sweep.results import RESULTS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutcome:
    """Tell what came of a sweep.

    ``done`` of ``trials`` have figures, ``confirmed`` of ``to_confirm`` the engine's word; ``counted`` lines stand in
    the ledger; ``screened_per_s`` are bar-combinations a second of wall time over all processes, ledger and disk
    included, None where nothing was screened now.
    """

    run: str
    kind: str
    trials: int
    done: int
    confirmed: int
    to_confirm: int
    left_out: dict[str, int]
    counted: int
    ledger: Path
    bars: int
    findings: list[Finding]
    forecast: Forecast
    screened_per_s: float | None
    folder: Path
    has_report: bool
    elapsed_s: float
    interrupted: bool

    @property
    def is_screened(self) -> bool:
        """Say whether a kernel screened the trials; if not, each is an engine run."""
        return self.forecast.work.is_screened

    @property
    def best(self) -> Finding | None:
        """Return the best by the screen, if the engine has run it."""
        return self.findings[0] if self.findings else None

    @property
    def sentence(self) -> str:
        """Return what the best is worth, in words."""
        return verdict(self.best, self.counted)

    def summary(self) -> dict[str, object]:
        """Return the outcome as plain values, for ``--json``."""
        best = self.best
        return {
            "sweep": self.run,
            "kind": self.kind,
            "trials": self.trials,
            "done": self.done,
            "engine_runs": self.to_confirm,
            "engine_runs_done": self.confirmed,
            "left_out": self.left_out,
            "bars": self.bars,
            "bar_combinations": self.trials * self.bars,
            "screened_per_s": None if self.screened_per_s is None else round(self.screened_per_s),
            "best": None if best is None else best.fields(),
            "deflated": None if best is None else best.evidence.deflated,
            "probabilistic": None if best is None else best.evidence.probabilistic,
            "survives": best is not None and best.survives,
            "confirmed": sum(one.agrees for one in self.findings),
            "top": [one.fields() for one in self.findings],
            "counted": self.counted,
            "ledger": str(self.ledger),
            "folder": str(self.folder),
            "results": None if self.interrupted else str(self.folder / RESULTS),
            "report": str(self.folder / REPORT) if self.has_report else None,
            "predicted": {
                "bytes": self.forecast.bytes,
                "free": self.forecast.free,
                "seconds": round(self.forecast.seconds, 1),
            },
            "workers": self.forecast.work.workers,
            "elapsed_s": round(self.elapsed_s, 3),
            "interrupted": self.interrupted,
        }
