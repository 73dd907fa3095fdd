# SPDX-License-Identifier: Apache-2.0
"""What could be held at worst: positions, plus everything approved that may still fill.

An approved entry counts in full from the moment of approval, is reduced to what is
still open as the venue reports, and disappears only when its order has ended.
Orders whose outcome is unknown are still open here: unknown counts at worst case.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, FILLED, ORDER_CANCELED, ORDER_EXPIRED, ORDER_REJECTED, OrderRequest, OrderUpdate
from bot4.domain.position import Position
from bot4.domain.values import BUY, VALUE_MAX, Lots, Money, Ticks


@final
class Holding:
    """Hold one instrument's position and the entry that may still fill.

    ``gross`` and ``purchase`` are its parts in the sums of :class:`Exposure`, in
    money; ``is_stale`` says that they no longer are what they should be.
    """

    __slots__ = (
        "instrument",
        "lots",
        "open_lots",
        "open_side",
        "open_intent",
        "price",
        "gross",
        "purchase",
        "is_stale",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.lots = Lots(0)
        self.open_lots = Lots(0)
        self.open_side: i64 = 1
        self.open_intent: i64 = -1
        self.price = Ticks(0)
        self.gross = Money(0)
        self.purchase = Money(0)
        self.is_stale = False

    def is_sellable(self) -> bool:
        """Say whether what is held is enough for an order: less cannot be closed, whatever the mode."""
        least = self.instrument.min_lots
        return self.lots >= least or -self.lots >= least

    def worst_lots(self) -> Lots:
        """Return the largest absolute quantity that held and open can add up to."""
        held = self.lots if self.lots >= 0 else -self.lots
        with_open = self.lots + self.open_side * self.open_lots
        if with_open < 0:
            with_open = -with_open
        return Lots(with_open if with_open > held else held)

    def worst_notional(self) -> Money:
        """Return the worst quantity's notional at the last close; 0 while there is none."""
        return self.instrument.notional(self.price, self.worst_lots()) if self.price > 0 else Money(0)

    def purchase_notional(self) -> Money:
        """Return the notional of the purchase that may still fill, at the last close."""
        if self.open_lots <= 0 or self.open_side != BUY or self.price <= 0:
            return Money(0)
        return self.instrument.notional(self.price, self.open_lots)


@final
class Exposure:
    """Hold the exposure of every instrument, in the order of their index, and two sums over all.

    The sums are kept as plain ints, which cannot wrap. A holding that changed is
    counted anew only when a sum is asked for, so that a bar costs no multiplication
    and an entry costs the same however many instruments there are.
    """

    __slots__ = ("holdings", "_gross", "_purchases", "_stale")

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.holdings = [Holding(instrument) for instrument in instruments]
        self._gross = 0
        self._purchases = 0
        self._stale: list[Holding] = []

    def priced(self, instrument: i64, price: Ticks) -> None:
        """Take over a price."""
        holding = self.holdings[instrument]
        holding.price = price
        if holding.lots != 0 or holding.open_lots != 0:
            self._touch(holding)

    def approved(self, request: OrderRequest) -> None:
        """Count an approved entry in full."""
        holding = self.holdings[request.instrument]
        if request.purpose == ENTER:
            holding.open_lots = request.lots
            holding.open_side = request.side
            holding.open_intent = request.intent_id
            self._touch(holding)

    def updated(self, update: OrderUpdate) -> None:
        """Reduce the entry to what is still open."""
        holding = self.holdings[update.instrument]
        if update.purpose == ENTER and update.intent_id == holding.open_intent:
            holding.open_lots = Lots(0) if has_ended(update) else update.leaves
            self._touch(holding)

    def denied(self, instrument: i64, intent_id: i64) -> None:
        """Forget an approved entry that was refused further on and never became an order."""
        holding = self.holdings[instrument]
        if intent_id == holding.open_intent:
            holding.open_lots = Lots(0)
            self._touch(holding)

    def moved(self, position: Position) -> None:
        """Take over a position."""
        holding = self.holdings[position.instrument]
        holding.lots = position.lots
        self._touch(holding)

    def gross(self) -> Money:
        """Return the sum of worst-case notionals over all instruments; at most ``VALUE_MAX``."""
        self._count()
        return Money(i64(min(self._gross, VALUE_MAX)))

    def purchases(self) -> Money:
        """Return the sum of the notionals of all purchases that may still fill; at most ``VALUE_MAX``."""
        self._count()
        return Money(i64(min(self._purchases, VALUE_MAX)))

    def _touch(self, holding: Holding) -> None:
        """Remember that a holding must be counted anew."""
        if not holding.is_stale:
            holding.is_stale = True
            self._stale.append(holding)

    def _count(self) -> None:
        """Bring the sums up to date with every holding that changed."""
        for holding in self._stale:
            gross = holding.worst_notional()
            purchase = holding.purchase_notional()
            self._gross += int(gross) - int(holding.gross)
            self._purchases += int(purchase) - int(holding.purchase)
            holding.gross = gross
            holding.purchase = purchase
            holding.is_stale = False
        self._stale.clear()

    def write_state(self, out: BytesWriter) -> None:
        """Write position and open entry of each instrument."""
        for holding in self.holdings:
            write_i64_le(out, holding.lots)
            write_i64_le(out, holding.open_lots)
            write_i64_le(out, holding.open_side)
            write_i64_le(out, holding.open_intent)
            write_i64_le(out, holding.price)


def has_ended(update: OrderUpdate) -> bool:
    """Say whether an order cannot trade any more, short of a late fill."""
    state = update.state
    return state == FILLED or state == ORDER_CANCELED or state == ORDER_REJECTED or state == ORDER_EXPIRED
