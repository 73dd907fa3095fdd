# SPDX-License-Identifier: Apache-2.0
"""Everything that the venue has of one instrument, told: its trades since the last known, and each order that is open.

Three lists are walked: the venue's open orders; the account's trades page by page from the last one accounted for,
ours and others'; and our own orders that are open or in doubt. What is ours becomes the reports that the stream would
have brought, what is not becomes :class:`~bot4.domain.external.External`. What the two sides still say differently
about an order after all was told is returned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from bot4.account.reconciliation import Difference
from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.orders.reports import MS_NS
from bot4.adapters.venues.binance.orders.states import OPEN
from bot4.adapters.venues.binance.wire.replies import MyTrade, OrderReply
from bot4.adapters.venues.binance.wire.requests import query_order
from bot4.adapters.venues.kit.answers import Outcome
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.holdings import Exchanged
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.external import MANUAL, NO_TRADE, OTHER_RUN, External
from bot4.domain.ids import client_order_id, order_name
from bot4.domain.instrument import Instrument
from bot4.domain.order import SUBMITTED
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.trading.orders import Order


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Hold what was told.

    Parameters
    ----------
    own, moved : list of Exchanged
        What each trade of this run moved, and what each one did, others' included.
    last_id : int
        The newest trade, to be settled.
    differences : list of Difference
        Orders of which the two sides still think differently.
    """

    own: list[Exchanged]
    moved: list[Exchanged]
    last_id: int
    differences: list[Difference]


@final
class CatchUp:
    """Tell what the venue has of one instrument, once.

    Parameters
    ----------
    lookup : Lookup
        Asks and delivers.
    run : str
        The run whose orders are ours.
    instrument : Instrument
        Which.
    ours : callable
        Returns our open orders in it as they are by now.
    """

    __slots__ = ("_lookup", "_run", "_instrument", "_ours")

    def __init__(self, lookup: Lookup, run: str, instrument: Instrument, ours: Callable[[], Sequence[Order]]) -> None:
        self._lookup = lookup
        self._run = run
        self._instrument = instrument
        self._ours = ours

    async def go(self) -> CaughtUp | str:
        """Tell everything; return what was told, or a text where the venue did not say all of it."""
        lookup, symbol = self._lookup, self._instrument.symbol
        theirs = await lookup.open_orders(symbol)
        if theirs is None:
            return f"the open orders of {symbol} did not come"
        trades = await lookup.history.fresh(symbol)
        if trades is None:
            return f"the trades of {symbol} did not come"
        number = await lookup.history.unknown_owner(symbol, trades)
        if number is not None:
            return f"nobody told whose order {number} of {symbol} is"
        moved = [exchanged(trade, self._instrument) for trade in trades]
        off = [trade.id for trade, one in zip(trades, moved, strict=True) if one is None]
        if off:
            return f"trade {off[0]} of {symbol} is off its steps: the rules of the symbol have changed"
        own = [one for trade, one in zip(trades, moved, strict=True) if self._tell_trade(trade) and one is not None]
        differences = await self._orders(theirs)
        if isinstance(differences, str):
            return differences
        last_id = trades[-1].id if trades else lookup.history.last_ids.get(symbol, -1)
        return CaughtUp(own, [one for one in moved if one is not None], last_id, differences)

    async def _orders(self, theirs: Sequence[OrderReply]) -> list[Difference] | str:
        """Tell each order that is open on one side at least; return what still differs, or what could not be asked."""
        alive = self._alive(theirs)
        differences: list[Difference] = []
        for order in self._ours():
            there = alive.pop(int(order.order_id), None)
            if there is None or self._is_news(order, there):
                why = await self._refresh(order)
                if isinstance(why, str):
                    return why
                differences += why
        for number, there in alive.items():
            still = await self._still_open(number, there)
            if isinstance(still, str):
                return still
            differences += still
        return differences

    def _tell_trade(self, trade: MyTrade) -> bool:
        """Deliver one trade; return whether it is ours."""
        lookup, instrument = self._lookup, self._instrument
        client_id = lookup.names.client_id(trade.symbol, trade.order_id) or ""
        name = lookup.own(client_id)
        sign = 1 if trade.is_buyer else -1
        if name is not None:
            return lookup.tell_trade(trade, (int(name.order_id), int(instrument.index))) > 0
        lots, price = exact(trade.qty, instrument.lot_size), exact(trade.price, instrument.tick_size)
        assert lots is not None and price is not None, "looked at before"
        self._tell_external(trade.order_id, trade.id, sign, lots, price, client_id=client_id, at_ms=trade.time)
        return False

    def _alive(self, theirs: Sequence[OrderReply]) -> dict[int, OrderReply]:
        """Return our open orders at the venue by our number; those of other hands are told."""
        found: dict[int, OrderReply] = {}
        for order in theirs:
            name = self._lookup.own(order.own_id())
            if name is not None:
                found[int(name.order_id)] = order
                continue
            lots = exact(order.orig_qty, self._instrument.lot_size)
            price = exact(order.price, self._instrument.tick_size)
            if lots is None or price is None:
                continue  # what others ordered by rules that we do not know moves nothing before it trades
            sign = 1 if order.side == "BUY" else -1
            self._tell_external(order.order_id, NO_TRADE, sign, lots, price, client_id=order.own_id(), at_ms=order.time)
        return found

    def _tell_external(
        self, number: int, trade_id: int, sign: int, lots: int, price: int, *, client_id: str, at_ms: int
    ) -> None:
        """Deliver what other hands did."""
        self._lookup.deliver(
            External(
                Nanos(at_ms * MS_NS),
                self._lookup.clock.now_ns(),
                instrument=self._instrument.index,
                venue_order_id=number,
                trade_id=trade_id,
                side=BUY if sign > 0 else SELL,
                lots=Lots(lots),
                price=Ticks(price),
                reason=MANUAL if order_name(client_id) is None else OTHER_RUN,
            )
        )

    def _is_news(self, order: Order, there: OrderReply) -> bool:
        """Say whether an order that is open on both sides is to be looked at all the same."""
        filled = exact(there.executed_qty, self._instrument.lot_size)
        return order.is_in_doubt() or order.state == SUBMITTED or filled is None or filled > order.filled

    async def _refresh(self, order: Order) -> list[Difference] | str:
        """Ask about one of our orders and tell it; return what differs after that, or what could not be asked."""
        order_id = int(order.order_id)
        if not order.is_open():
            return []
        told = await self._query(order_id, int(order.slot))
        if isinstance(told, OrderReply):
            if not await self._lookup.tell(told, (order_id, int(order.instrument))):
                return f"the executions of order {order_id} are not all there yet"
            if order.is_open() and told.status not in OPEN:
                return [Difference(f"order {order_id} open", ours=1, theirs=0)]
            return []
        if told is not None:
            return told
        if order.is_in_doubt() or order.state == SUBMITTED or not order.is_open():
            return []  # it may not have arrived: whether it ever will is found out by the inquiries about it
        return [Difference(f"order {order_id} known", ours=1, theirs=0)]

    async def _still_open(self, order_id: int, there: OrderReply) -> list[Difference] | str:
        """Return whether an order that has ended here is open there: asked again, since it may have ended meanwhile."""
        name = self._lookup.own(there.own_id())
        assert name is not None, "only our own orders are asked for by number"
        told = await self._query(order_id, int(name.slot))
        if isinstance(told, str):
            return told
        if told is None or told.status not in OPEN or any(order.order_id == order_id for order in self._ours()):
            return []
        return [Difference(f"order {order_id} open", ours=0, theirs=1)]

    async def _query(self, order_id: int, slot: int) -> OrderReply | str | None:
        """Ask for one of our orders by name; None where the venue has none, a text where it did not say."""
        name = client_order_id(self._run, slot, order_id)
        told = await self._lookup.ask(query_order(self._instrument.symbol, name), OrderReply, Urgency.ORDINARY)
        if isinstance(told, Hold):
            return f"order {order_id} was not asked for: {told.rule}"
        if told.answer.outcome is Outcome.NOT_FOUND:
            return None
        order: OrderReply | None = told.value
        if order is None or order.own_id() != name:
            return f"order {order_id} did not come"
        return order


def exchanged(trade: MyTrade, instrument: Instrument) -> Exchanged | None:
    """Return what a trade moved, in 1e-8 of each asset; None where its amounts are not whole by our steps."""
    sign = 1 if trade.is_buyer else -1
    lots, price = exact(trade.qty, instrument.lot_size), exact(trade.price, instrument.tick_size)
    bought, paid, fee = eighths(trade.qty), eighths(trade.quote_qty), eighths(trade.commission)
    if not lots or not price or bought is None or paid is None or fee is None:
        return None
    return Exchanged(instrument.base, instrument.quote, sign * bought, sign * paid, trade.commission_asset, fee)
