# SPDX-License-Identifier: Apache-2.0
"""Whether the venue's books say what ours say: an exact comparison, no tolerance.

The two sides share no arithmetic. A difference is not mended here; it is named.
"""

from collections.abc import Sequence
from typing import Protocol, final

from mypy_extensions import i64

from bot4.account.portfolio import Portfolio
from bot4.domain.instrument import Instrument
from bot4.domain.values import Lots, Money


class Statement(Protocol):
    """What a venue says it holds for us: ``lots`` is by instrument index, signed."""

    cash: Money
    lots: list[Lots]
    fees: Money
    executions: i64


@final
class Difference:
    """Name one thing on which the two sides differ, with both figures as integers of its unit."""

    __slots__ = ("what", "ours", "theirs")

    def __init__(self, what: str, *, ours: int, theirs: int) -> None:
        self.what = what
        self.ours = ours
        self.theirs = theirs

    def __repr__(self) -> str:
        return f"Difference({self.what}: ours {self.ours}, theirs {self.theirs})"


def reconcile(portfolio: Portfolio, statement: Statement, instruments: Sequence[Instrument]) -> list[Difference]:
    """Compare cash, fees, executions applied and the lots of each instrument; an empty list means equal."""
    pairs = [
        ("cash", int(portfolio.ledger.cash), int(statement.cash)),
        ("fees", int(portfolio.ledger.fees), int(statement.fees)),
        ("executions", int(portfolio.executions), int(statement.executions)),
    ]
    pairs += [
        (f"lots of {instrument.symbol}", int(portfolio.lots(i64(index))), int(statement.lots[index]))
        for index, instrument in enumerate(instruments)
    ]
    return [Difference(what, ours=ours, theirs=theirs) for what, ours, theirs in pairs if ours != theirs]
