# SPDX-License-Identifier: Apache-2.0
"""What a run tells when it is over."""

from dataclasses import dataclass
from pathlib import Path

from bot4.record.conduct import Conduct
from bot4.record.connections import Connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Tell what came of a run, with paths in its published folder.

    ``faults`` counts by kind, over all data sets, what was changed or set aside in
    the data. ``carried`` counts the bars that went through every stage: the others
    provably caused nothing; ``unforeseen`` are the strategies that did not tell when
    they stay silent, so that every bar was carried. ``ticks`` counts messages of
    trades, quotes and books, None for a run over bars; in a run over ticks, ``bars``
    are those built of them. ``slippage_bp`` and ``shortfall_bp`` are means over the
    orders that traded, without and with fees, against the price each was decided at.
    ``halted`` tells for each strategy that failed why it was stopped. ``unread`` are
    settings that somebody changed and that a run of this kind does not look at. ``conduct``
    and ``connections`` are those of a run at a venue, None for any other.
    """

    run: str
    gate: str
    bars: int
    carried: int
    unforeseen: tuple[str, ...]
    ticks: int | None
    orders: int
    fills: int
    slippage_bp: float | None
    shortfall_bp: float | None
    refused: dict[str, int]
    strategies: tuple[str, ...]
    passed: tuple[str, ...]
    final_equity: float
    currency: str
    state_hash: str
    journal: Path
    report: Path | None
    elapsed_s: float
    interrupted: bool
    safety_mode: str
    faults: dict[str, int]
    halted: dict[str, str]
    unread: tuple[str, ...]
    conduct: Conduct | None = None
    connections: Connections | None = None

    @property
    def bars_per_s(self) -> float:
        """Return bars consumed in a second of the run, journal included, reading and report not."""
        return self.bars / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def ticks_per_s(self) -> float | None:
        """Return messages consumed in a second of the run; None for a run over bars."""
        if self.ticks is None:
            return None
        return self.ticks / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def summary(self) -> dict[str, object]:
        """Return the outcome as plain values, for ``--json`` and ``summary.json``."""
        venue: dict[str, object] = {}
        if self.conduct is not None:
            venue["conduct"] = self.conduct.told()
        if self.connections is not None:
            venue["connections"] = self.connections.told()
        ticks = {} if self.ticks is None else {"ticks": self.ticks, "ticks_per_s": round(self.ticks_per_s or 0.0, 1)}
        return {
            "run": self.run,
            "gate": self.gate,
            "bars": self.bars,
            "carried": self.carried,
            "unforeseen": list(self.unforeseen),
            "orders": self.orders,
            "fills": self.fills,
            "slippage_bp": rounded(self.slippage_bp),
            "shortfall_bp": rounded(self.shortfall_bp),
            "refused": self.refused,
            "strategies": list(self.strategies),
            "passed": list(self.passed),
            "final_equity": self.final_equity,
            "currency": self.currency,
            "safety_mode": self.safety_mode,
            "faults": self.faults,
            "halted": self.halted,
            "unread": list(self.unread),
            "state_hash": self.state_hash,
            "journal": str(self.journal),
            "report": None if self.report is None else str(self.report),
            "elapsed_s": round(self.elapsed_s, 3),
            "bars_per_s": round(self.bars_per_s, 1),
            **ticks,
            **venue,
            "interrupted": self.interrupted,
        }


def rounded(figure: float | None) -> float | None:
    """Return a figure in basis points to a thousandth, None where there is none."""
    return None if figure is None else round(figure, 3)
