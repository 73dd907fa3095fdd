# SPDX-License-Identifier: Apache-2.0
"""Where orders meet the recorded market: takers walk the book, resting orders wait in their queues.

What it assumes stands at the head of ``venue.py``. It knows neither latency nor
who asks: commands and market events reach it in the order of the exchange.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import read_i64_le
from mypy_extensions import i64

from bot4.domain.event import BOOK_SNAPSHOT
from bot4.domain.instrument import Instrument
from bot4.domain.order import FILL_OR_KILL, LIMIT, POST_ONLY, STOP, STOP_LIMIT, OrderWord, Submit
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks
from bot4.simulation.book.fills import Pieces
from bot4.simulation.book.market import QUEUE_UNKNOWN, Market
from bot4.simulation.book.queues import QueueModel
from bot4.simulation.book.shelf import BookOrders
from bot4.simulation.book.side import change_sides
from bot4.simulation.clerk import NOT_AT_ONCE, WOULD_TAKE, Clerk
from bot4.simulation.ledger import VenueLedger
from bot4.simulation.levels import OrderLevel, OrderLevels
from bot4.simulation.orders import VenueOrder
from bot4.simulation.prices import reaches


@final
class BookMatcher:
    """Keep the markets and the open orders of all instruments, and trade the one against the other.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    ledger : VenueLedger
        Booked at each execution.
    queue : QueueModel
        How resting orders move up.
    pieces : Pieces
        In how many pieces an order fills.
    slippage : int
        Where only trades are known, in 1 / ``RATE_ONE``.
    """

    __slots__ = ("markets", "shelves", "clerk", "queue", "pieces")

    def __init__(
        self,
        instruments: Sequence[Instrument],
        ledger: VenueLedger,
        *,
        queue: QueueModel,
        pieces: Pieces,
        slippage: i64,
        window: i64,
    ) -> None:
        self.markets = [Market(slippage, window) for _ in instruments]
        self.shelves = [BookOrders(market) for market in self.markets]
        self.clerk = Clerk(instruments, self.shelves, ledger, slippage=slippage)
        self.queue = queue
        self.pieces = pieces

    def take(self, command: Submit, at: Nanos) -> None:
        """Accept an order, or reject it with the reason; what is accepted meets the market at once."""
        order = self.clerk.admit(command, at)
        if order is None:
            return
        if order.manner != 0:
            self._take_in_its_manner(order, at)
            return
        if order.order_type in (STOP, STOP_LIMIT):
            if self._reached_now(order):
                self._set_off(order, at)
        else:
            self._take(order, at, is_maker=False)

    def _take_in_its_manner(self, order: VenueOrder, at: Nanos) -> None:
        """Let a limit order that only makes rest, or go where it would take; one that only takes: now or never."""
        market = self.markets[order.instrument]
        order.is_fresh = False
        if order.manner == POST_ONLY:
            if price_of(order, market) != 0:
                self.clerk.expire(order, at, WOULD_TAKE)
            return
        if order.manner != FILL_OR_KILL:
            self._take(order, at, is_maker=False)
        elif offered_to(order, market) >= order.leaves:
            while order.leaves and price_of(order, market) != 0:
                self._take(order, at, is_maker=False)
        if order.leaves:
            self.clerk.expire(order, at, NOT_AT_ONCE)

    def take_cancel(self, command: OrderWord, at: Nanos) -> None:
        """Cancel an open order, or say that there is none."""
        self.clerk.take_cancel(command, at)

    def read_book(
        self, kind: i64, instrument: i64, sides: bytes, prices: bytes, lots: bytes, begin: i64, end: i64, at: Nanos
    ) -> bool:
        """Take in a snapshot or a delta, and let the orders meet the book it leaves; say whether any did."""
        shelf = self.shelves[instrument]
        market = shelf.market
        if kind == BOOK_SNAPSHOT:
            self._replace_book(market, shelf, sides, prices, lots, begin, end)
        else:
            if not market.has_book:
                market.start_book()
            self._change_book(market, shelf, sides, prices, lots, begin, end)
        market.refreshed()
        if shelf.sleeps():
            return False
        self._meet(instrument, at)
        return True

    def read_quote(self, instrument: i64, bid: Ticks, bid_lots: Lots, ask: Ticks, ask_lots: Lots, at: Nanos) -> bool:
        """Take in the best bid and ask, unless there is a book; say whether any order met them."""
        shelf = self.shelves[instrument]
        market = shelf.market
        if market.has_book:
            return False
        market.quote(bid, bid_lots, ask, ask_lots)
        if shelf.sleeps():
            return False
        self._cap_queue(shelf.buys.level(bid), bid_lots)
        self._cap_queue(shelf.sales.level(ask), ask_lots)
        self._meet(instrument, at)
        return True

    def read_trade(self, instrument: i64, aggressor: i64, price: Ticks, lots: Lots, at: Nanos) -> bool:
        """Take in a trade; say whether any order met it.

        It fills what rested there, then sets off stops, then serves who waits for any price.
        """
        shelf = self.shelves[instrument]
        market = shelf.market
        market.trade(aggressor, price, lots)
        if shelf.sleeps_at(price):
            return False
        if aggressor <= 0 and shelf.buys.best() >= price:
            self._print_to(market, shelf.buys, price, lots, BUY, at)
        if aggressor >= 0 and 0 < shelf.sales.best() <= price:
            self._print_to(market, shelf.sales, price, lots, SELL, at)
        self._wake(shelf.buy_stops, price, at)
        self._wake(shelf.sale_stops, price, at)
        if not market.has_book and not market.has_quote:
            self._serve(shelf, market, at)
        return True

    def _change_book(
        self, market: Market, shelf: BookOrders, sides: bytes, prices: bytes, sizes: bytes, begin: i64, end: i64
    ) -> None:
        """Set each level of a delta and let our queue there move."""
        bids, asks = market.bids, market.asks
        has_limits = bool(shelf.buys.prices) or bool(shelf.sales.prices)
        if not has_limits and not bids.ranked and not asks.ranked:
            change_sides(bids.ladder, asks.ladder, sides, prices, sizes, begin, end)
            return
        place = 8 * begin
        stop = 8 * end
        while place < stop:
            is_bid = read_i64_le(sides, place) > 0
            price = Ticks(read_i64_le(prices, place))
            lots = Lots(read_i64_le(sizes, place))
            place += 8
            before = bids.put(price, lots) if is_bid else asks.put(price, lots)
            if has_limits:
                level = shelf.buys.level(price) if is_bid else shelf.sales.level(price)
                if level is not None:
                    self._requeue(level, before, lots)

    def _replace_book(
        self, market: Market, shelf: BookOrders, sides: bytes, prices: bytes, sizes: bytes, begin: i64, end: i64
    ) -> None:
        """Put a snapshot in the place of the book, and tell our queues what differs."""
        for offered, limits in ((market.bids, shelf.buys), (market.asks, shelf.sales)):
            for key in limits.prices:
                limits.levels[key].displayed = offered.ladder.lots_at(Ticks(i64(key)))
        market.start_book()
        for place in range(8 * begin, 8 * end, 8):
            offered = market.bids if read_i64_le(sides, place) > 0 else market.asks
            offered.show(Ticks(read_i64_le(prices, place)), Lots(read_i64_le(sizes, place)))
        for offered, limits in ((market.bids, shelf.buys), (market.asks, shelf.sales)):
            offered.settle()
            for key in limits.prices:
                level = limits.levels[key]
                if offered.covers(Ticks(i64(key))):
                    self._requeue(level, level.displayed, offered.ladder.lots_at(Ticks(i64(key))))

    def _requeue(self, level: OrderLevel, before: i64, after: i64) -> None:
        """Move every order at a level to where the model puts it."""
        queue = self.queue
        for order in level.orders.values():
            order.ahead = queue.ahead_after(order.ahead, before, after, level.traded)
        level.traded = 0

    def _cap_queue(self, level: OrderLevel | None, lots: Lots) -> None:
        """Let nobody at a quoted price stand behind more than is quoted."""
        if level is not None:
            self._requeue(level, lots + level.traded, lots)

    def _print_to(self, market: Market, limits: OrderLevels, traded: Ticks, lots: Lots, side: i64, at: Nanos) -> None:
        """Let a trade fill what rested at its price or better, best first, then by queue."""
        price = limits.best()
        while price != 0 and market.print_left > 0:
            ahead = side * (price - traded)
            if ahead < 0:
                return
            level = limits.levels[int(price)]
            if ahead > 0:
                for order in list(level.orders.values()):
                    self._fill(market, order, at)
            else:
                self._print_at(market, level, traded, lots, side, at)
            price = limits.after(price)

    def _print_at(self, market: Market, level: OrderLevel, price: Ticks, lots: Lots, side: i64, at: Nanos) -> None:
        """Let a trade at a level serve its queue: others ahead of our first, our first, others up to the next, ..."""
        if level.traded < QUEUE_UNKNOWN:
            level.traded += lots
        ladder = market.own(side).ladder
        is_alone = ladder.levels != 0 and ladder.side * price > ladder.best
        gone: i64 = 0
        for order in list(level.orders.values()):
            if is_alone:
                order.ahead = 0
            if order.ahead > gone:
                others = min(order.ahead - gone, market.print_left)
                gone += others
                market.print_left -= others
            if market.print_left == 0:
                break
            self._fill(market, order, at)
        for order in level.orders.values():
            order.ahead = order.ahead - gone if order.ahead > gone else 0

    def _fill(self, market: Market, order: VenueOrder, at: Nanos) -> None:
        """Trade a resting order against what is left of the last print, at its limit."""
        if order.leaves == 0 or market.print_left == 0:
            return
        pieces = self.pieces.count()
        while pieces > 0 and order.leaves > 0 and market.print_left > 0:
            lots = min(self.pieces.size(order.leaves), Lots(market.print_left))
            market.print_left -= self.clerk.trade(order, order.limit, lots=lots, is_maker=True, at=at)
            pieces -= 1

    def _meet(self, instrument: i64, at: Nanos) -> None:
        """Let orders meet a book or quote: who waits for any price, crossed limits, stops where nothing trades."""
        market = self.markets[instrument]
        shelf = self.shelves[instrument]
        self._serve(shelf, market, at)
        self._meet_limits(market, shelf.buys, BUY, at)
        self._meet_limits(market, shelf.sales, SELL, at)
        if market.last == 0:
            self._wake(shelf.buy_stops, market.price_for(BUY), at)
            self._wake(shelf.sale_stops, market.price_for(SELL), at)

    def _serve(self, shelf: BookOrders, market: Market, at: Nanos) -> None:
        """Let market orders that wait try again, in order of arrival."""
        if shelf.waiting_buys and market.price_for(BUY) != 0:
            for order in list(shelf.waiting_buys.values()):
                self._take(order, at, is_maker=False)
        if shelf.waiting_sales and market.price_for(SELL) != 0:
            for order in list(shelf.waiting_sales.values()):
                self._take(order, at, is_maker=False)

    def _meet_limits(self, market: Market, limits: OrderLevels, side: i64, at: Nanos) -> None:
        """Fill resting orders that the other side has come to, at their limits, from what it displays."""
        limit = limits.best()
        while limit != 0:
            price = market.price_for(side)
            if price == 0 or side * (limit - price) < 0:
                return
            for order in list(limits.levels[int(limit)].orders.values()):
                self._take(order, at, is_maker=True)
            limit = limits.after(limit)

    def _reached_now(self, order: VenueOrder) -> bool:
        """Say whether an arriving stop has been reached by the last trade, or by the quote where nothing traded."""
        market = self.markets[order.instrument]
        price = market.last if market.last != 0 else market.price_for(order.side)
        return price != 0 and reaches(order, price)

    def _wake(self, stops: OrderLevels, price: Ticks, at: Nanos) -> None:
        """Set off every stop that a price reaches, the nearest trigger first."""
        if price == 0:
            return
        trigger = stops.best()
        while trigger != 0 and stops.rank * (trigger - price) >= 0:
            for order in list(stops.levels[int(trigger)].orders.values()):
                if order.leaves and order.order_type in (STOP, STOP_LIMIT):
                    self._set_off(order, at)
            trigger = stops.best()

    def _set_off(self, order: VenueOrder, at: Nanos) -> None:
        """Turn a stop into what it becomes and let that meet the market."""
        self.clerk.set_off(order, at)
        if order.leaves:
            self._take(order, at, is_maker=False)

    def _take(self, order: VenueOrder, at: Nanos, *, is_maker: bool) -> None:
        """Let an order take what the market offers, level by level, within its limit.

        As maker it is the one that was there: it gets its own limit, not the level's price.
        """
        market = self.markets[order.instrument]
        price = price_of(order, market)
        if price == 0 or order.leaves == 0:
            return
        pieces = self.pieces.count()
        while pieces > 0 and order.leaves > 0 and price != 0:
            wanted = self.pieces.size(order.leaves)
            while wanted > 0 and order.leaves > 0 and price != 0:
                lots = min(wanted, market.left_for(order.side, price))
                paid = order.limit if is_maker else price
                traded = self.clerk.trade(order, paid, lots=lots, is_maker=is_maker, at=at)
                market.take(order.side, price, traded)
                wanted = Lots(wanted - traded)
                price = price_of(order, market)
            pieces -= 1


def price_of(order: VenueOrder, market: Market) -> Ticks:
    """Return the price at which an order can take now, 0 where there is none within its limit."""
    price = market.price_for(order.side)
    if price == 0 or order.order_type != LIMIT:
        return price
    if market.has_book or market.has_quote:
        return price if order.side * (order.limit - price) >= 0 else Ticks(0)
    if order.side * (order.limit - market.last) <= 0:
        return Ticks(0)
    return min(price, order.limit) if order.side == BUY else max(price, order.limit)


def offered_to(order: VenueOrder, market: Market) -> Lots:
    """Return how many lots an order could take now within its limit; no more than it asks for."""
    price = price_of(order, market)
    if price == 0 or not (market.has_book or market.has_quote):
        return Lots(0) if price == 0 else market.left_for(order.side, price)
    offered = market.against(order.side)
    found: i64 = 0
    while price != 0 and order.side * (order.limit - price) >= 0 and found < order.leaves:
        found += offered.left(price)
        price = offered.ladder.after(price)
    return Lots(found)
