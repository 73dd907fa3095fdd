# SPDX-License-Identifier: Apache-2.0
"""What open orders may still take, kept as sums, and which orders are tied together.

An arriving order is judged against what those before it may cost at worst. The
sums are mended as orders come, trade and go, so that judging costs the same with
ten orders open or ten thousand; a change of the fee tier alone adds up anew.
"""

from collections.abc import Sequence
from typing import final

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.values import SELL
from bot4.simulation.filters import cash_claim
from bot4.simulation.orders import VenueOrder


@final
class Claims:
    """Keep the open orders of all instruments by id, by sibling, and what they claim.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    slippage : int
        In 1 / ``RATE_ONE``: a plain stop may cost its trigger and this.
    """

    __slots__ = ("instruments", "slippage", "open", "naming", "cash", "rate", "lots")

    def __init__(self, instruments: Sequence[Instrument], slippage: i64) -> None:
        self.instruments = list(instruments)
        self.slippage: i64 = slippage
        self.open: dict[int, VenueOrder] = {}
        # Open orders by the sibling they name.
        self.naming: dict[int, list[VenueOrder]] = {}
        self.cash = 0
        self.rate: i64 = -1
        self.lots: list[i64] = [0] * len(self.instruments)

    def add(self, order: VenueOrder) -> None:
        """Count an order that opens."""
        self.open[int(order.order_id)] = order
        if order.sibling_id:
            self.naming.setdefault(int(order.sibling_id), []).append(order)
        self._claim(order)

    def remove(self, order: VenueOrder) -> None:
        """Let go of an order that ended; a sale that stood beside it claims from now on."""
        del self.open[int(order.order_id)]
        if order.sibling_id:
            named = self.naming[int(order.sibling_id)]
            named.remove(order)
            if not named:
                del self.naming[int(order.sibling_id)]
        self._release(order)
        if self.naming:
            for other in self.naming.get(int(order.order_id), ()):
                self.change(other)

    def change(self, order: VenueOrder) -> None:
        """Count again an order that traded in part or changed its type."""
        self._release(order)
        self._claim(order)

    def siblings_of(self, order: VenueOrder) -> list[VenueOrder]:
        """Return the open orders tied to this one, whichever named the other, in order of arrival."""
        if order.sibling_id == 0 and not self.naming:
            return []
        found = [other for other in self.naming.get(int(order.order_id), ()) if other is not order]
        named = self.open.get(int(order.sibling_id))
        if named is not None and named is not order and named not in found:
            found.append(named)
            if len(found) > 1:
                found.sort(key=_by_arrival)
        return found

    def cash_beside(self, order: VenueOrder, rate: i64) -> int:
        """Return the cash that an arriving order and the open ones may take at worst; its siblings do not count.

        Parameters
        ----------
        rate : int
            The taker's in force, in 1 / ``RATE_ONE``.
        """
        claim = cash_claim(order, self.instruments[order.instrument], rate=rate, slippage=self.slippage)
        if claim == 0:
            return 0
        if rate != self.rate:
            self._recount(rate)
        beside = sum(int(other.cash_claim) for other in self.siblings_of(order))
        return claim + int(self.cash) - beside

    def _recount(self, rate: i64) -> None:
        """Add up all claims at another rate."""
        self.rate = rate
        self.cash = 0
        for order in self.open.values():
            order.cash_claim = self._cash_of(order)
            self.cash += order.cash_claim

    def _cash_of(self, order: VenueOrder) -> int:
        return cash_claim(order, self.instruments[order.instrument], rate=self.rate, slippage=self.slippage)

    def _claim(self, order: VenueOrder) -> None:
        """Add what an order claims; of two tied sales in one instrument only the earlier counts."""
        if self.rate >= 0:
            order.cash_claim = self._cash_of(order)
            self.cash += order.cash_claim
        if order.side != SELL or order.reduce_only:
            return
        named = self.open.get(int(order.sibling_id))
        if named is None or named is order or named.instrument != order.instrument or named.sequence > order.sequence:
            order.lots_claim = order.leaves
            self.lots[order.instrument] += order.lots_claim

    def _release(self, order: VenueOrder) -> None:
        """Subtract what an order claims."""
        self.cash -= order.cash_claim
        self.lots[order.instrument] -= order.lots_claim
        order.cash_claim = 0
        order.lots_claim = 0


def _by_arrival(order: VenueOrder) -> int:
    return int(order.sequence)
