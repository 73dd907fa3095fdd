# SPDX-License-Identifier: Apache-2.0
"""Up to where our books and the venue's were known to be equal, by the venue's names; journaled, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot4.domain.books_equal import Balance, BooksEqual, Held
from bot4.domain.instrument import Instrument
from bot4.domain.values import Nanos


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold up to where two books were known to be equal, so that a new session goes on from there.

    Parameters
    ----------
    last_ids : mapping
        The newest trade accounted for, by symbol.
    balances : mapping
        What each asset amounted to then, free and locked, in 1e-8.
    positions : mapping
        What we hold of each base asset, in 1e-8, by symbol.
    """

    last_ids: Mapping[str, int] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(event: BooksEqual, instruments: Sequence[Instrument]) -> "Mark":
        """Return what a journal holds."""
        symbols = [one.symbol for one in instruments]
        return Mark(
            {symbols[one.instrument]: int(one.last_trade_id) for one in event.held},
            {one.asset: int(one.amount) for one in event.balances},
            {symbols[one.instrument]: int(one.amount) for one in event.held},
        )

    def event(self, now: Nanos, instruments: Sequence[Instrument]) -> BooksEqual:
        """Return it for the journal."""
        held = [
            Held(int(one.index), self.last_ids[one.symbol], self.positions.get(one.symbol, 0))
            for one in instruments
            if one.symbol in self.last_ids
        ]
        return BooksEqual(now, held, [Balance(amount, asset) for asset, amount in sorted(self.balances.items())])
