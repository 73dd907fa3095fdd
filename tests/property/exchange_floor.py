# SPDX-License-Identifier: Apache-2.0
"""A small exchange for tests, random requests to it, and an audit of it from outside."""

import random
from collections import Counter
from typing import Any

from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.events import BestPrices, DepthUpdate, Event, PublicTrade
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.orders import ListReply, OrderState
from bot4.simulation.exchange.requests import Amend, Cancel, CancelList, CancelReplace, PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import ONE, LotSize, Notional, PriceFilter, SymbolRules
from bot4.simulation.exchange.venue import Exchange

TICK = ONE // 100
STEP = ONE // 1000
MODES = ("", "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
MEMBERS = ("ann", "bob", "cid")


def rules_of(base: str = "BTC", quote: str = "USDT", **changes: Any) -> SymbolRules:
    """A symbol with a tick of 0.01 and a step of 0.001 whose filters let nearly everything pass."""
    usual: dict[str, Any] = {
        "price": PriceFilter(TICK, 10**6 * ONE, TICK),
        "lot_size": LotSize(STEP, 9_000 * ONE, STEP),
        "notional": Notional(0),
        "max_algo_orders": 100,
        "max_orders": 500,
        "max_order_lists": 100,
    }
    return SymbolRules(base + quote, base, quote, **{**usual, **changes})


def floor(*, wealth: int = 1_000, pays_in_bnb: bool = True, **changes: Any) -> Exchange:
    """An exchange of two symbols and three members, two of whom trade as one group."""
    exchange = Exchange([rules_of(**changes), rules_of("BNB", **changes)], seed=7)
    for place, name in enumerate(MEMBERS):
        rates = Commission(
            Rates(90_001 + place, 100_003, 11, 7), Rates(taker=3), Rates(maker=5), pays_in_bnb=pays_in_bnb and place > 0
        )
        balances = {"USDT": wealth * 100 * ONE, "BTC": wealth * ONE, "BNB": (2 if place == 1 else wealth) * ONE}
        exchange.open_account(name, Terms(rates, trade_group=5 if place else -1), balances, 1)
    return exchange


class Requests:
    """Random requests of all kinds near a price of 100, from a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = 1_000

    def one(self, exchange: Exchange) -> Any:
        """Make one request and return its answer."""
        dice = self.dice
        self.now += dice.choice((0, 0, 1, 40, 700))
        member, symbol = dice.choice(MEMBERS), dice.choice(("BTCUSDT", "BTCUSDT", "BNBUSDT"))
        kind = dice.choices(("place", "list", "cancel", "replace", "amend", "all", "end"), (70, 14, 6, 4, 5, 1, 2))[0]
        if kind == "place":
            return exchange.place(member, self.order(symbol), self.now)
        if kind == "list":
            return exchange.place_list(member, self.listed(symbol), self.now)
        if kind == "all":
            return exchange.cancel_all(member, symbol, self.now)
        if kind == "end":
            lists = exchange.queries.open_lists(member)
            number = dice.choice(lists).list_id if lists else 1
            return exchange.cancel_list(member, CancelList(symbol, number), self.now)
        is_open = exchange.queries.open_orders(member, symbol)
        order = dice.choice(is_open) if is_open else None
        cancel = Cancel(symbol, order.order_id if order else 1)
        if kind == "cancel":
            return exchange.cancel(member, cancel, self.now)
        if kind == "replace":
            mode = dice.choice(("STOP_ON_FAILURE", "ALLOW_FAILURE"))
            return exchange.cancel_replace(member, CancelReplace(cancel, self.order(symbol), mode), self.now)
        quantity = order.quantity - dice.randint(-1, 5) * STEP if order else STEP
        return exchange.amend(member, Amend(symbol, quantity, cancel.order_id), self.now)

    def order(self, symbol: str, **fixed: Any) -> PlaceOrder:
        """An order of any type, sometimes one that will be refused."""
        dice = self.dice
        kinds = ("LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
        kind = fixed.get("type") or dice.choices(kinds, (50, 14, 12, 5, 8, 4, 6))[0]
        wish: dict[str, Any] = {"side": dice.choice(("BUY", "SELL")), "type": kind, **self.sizes(kind)}
        wish["stp_mode"] = dice.choices(MODES, (1, 8, 1, 1, 1, 1))[0]
        return PlaceOrder(symbol, **{**wish, **fixed})

    def sizes(self, kind: str) -> dict[str, Any]:
        """Prices and quantities as a type wants them."""
        dice = self.dice
        sizes: dict[str, Any] = {"quantity": dice.choice((1, 2, 5, 10, 300)) * STEP * dice.randint(1, 9)}
        if kind == "MARKET" and dice.random() < 0.4:
            sizes = {"quote_quantity": dice.randint(1, 90_000) * TICK + dice.randint(0, 99)}
        if kind.endswith("LIMIT") or kind == "LIMIT_MAKER":
            sizes["price"] = dice.randint(9_980, 10_020) * TICK
        if kind.startswith(("STOP", "TAKE")):
            sizes["stop_price"] = dice.randint(9_970, 10_030) * TICK
        if kind.endswith("LIMIT"):
            sizes["time_in_force"] = dice.choice(("GTC", "GTC", "GTC", "IOC", "FOK"))
        return sizes

    def listed(self, symbol: str) -> PlaceList:
        """An OCO, OTO or OTOCO whose prices mostly stand as they must."""
        dice = self.dice
        contingency = dice.choice(("OCO", "OTO", "OTOCO"))
        side = dice.choice(("BUY", "SELL"))
        quantity = dice.randint(1, 40) * STEP
        limit = dice.choice(("LIMIT_MAKER", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"))
        stop = dice.choice(("STOP_LOSS", "STOP_LOSS_LIMIT"))
        above, below = dice.randint(10_001, 10_025) * TICK, dice.randint(9_975, 9_999) * TICK
        pair = []
        for kind, price in zip((limit, stop) if side == "SELL" else (stop, limit), (above, below), strict=True):
            prices = {"price": price} if kind == "LIMIT_MAKER" else {"stop_price": price}
            pair.append(self.order(symbol, side=side, type=kind, quantity=quantity, **prices))
        if contingency == "OCO":
            return PlaceList(contingency, tuple(pair))
        other = "SELL" if side == "BUY" else "BUY"
        working = self.order(symbol, side=other, type=dice.choice(("LIMIT", "LIMIT_MAKER")), quantity=quantity)
        if contingency == "OTOCO":
            return PlaceList(contingency, (working, *pair))
        return PlaceList(contingency, (working, self.order(symbol, side=side, quantity=quantity, quote_quantity=0)))


def worth(price: int, quantity: int) -> int:
    """What a quantity costs; on these grids exactly."""
    cost, rest = divmod(price * quantity, ONE)
    assert not rest
    return cost


def needed(order: OrderState) -> int:
    """What an open order must be able to pay, of its quote if it buys, of its base if it sells."""
    left = order.quantity - order.executed_quantity - order.prevented_quantity
    if order.status == "PENDING_NEW":
        return 0
    return worth(order.price or order.stop_price, left) if order.side == "BUY" else left


def assets_of(symbol: str) -> tuple[str, str]:
    """Base and quote of the symbols here."""
    return symbol.removesuffix("USDT"), "USDT"


def expected_locks(exchange: Exchange, member: str) -> Counter[str]:
    """What open orders must have locked: of two that stand in one pair, the greater need."""
    together: dict[Any, tuple[str, int]] = {}
    for order in exchange.queries.open_orders(member):
        base, quote = assets_of(order.symbol)
        group: Any = (order.symbol, order.order_id)
        if order.order_list_id >= 0:
            listed = exchange.queries.order_list(member, list_id=order.order_list_id)
            assert isinstance(listed, ListReply)
            last_two = [reply.state.order_id for reply in listed.orders[-2:]]
            if order.order_id in last_two and (listed.contingency == "OCO" or len(listed.orders) == 3):
                group = ("pair", order.order_list_id)
        asset = quote if order.side == "BUY" else base
        together[group] = (asset, max(needed(order), together.get(group, ("", 0))[1]))
    locks: Counter[str] = Counter()
    for asset, amount in together.values():
        locks[asset] += amount
    return locks


class Mirror:
    """The book as a client rebuilds it from the updates, and what must hold of every stream of events."""

    def __init__(self) -> None:
        self.books: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
        self.update_ids: Counter[str] = Counter()
        self.trade_ids: Counter[str] = Counter()
        self.trades = 0

    def follow(self, events: list[Event]) -> None:
        """Apply events in order; none is missing, none comes twice."""
        for event in events:
            if isinstance(event, DepthUpdate):
                assert event.first_id == self.update_ids[event.symbol] + 1
                assert event.last_id >= event.first_id
                self.update_ids[event.symbol] = event.last_id
                book = self.books.setdefault(event.symbol, ({}, {}))
                for side, changes in zip(book, (event.bids, event.asks), strict=True):
                    for price, quantity in changes:
                        side[price] = quantity
                        if not quantity:
                            del side[price]
            elif isinstance(event, PublicTrade):
                self.trade_ids[event.symbol] += 1
                assert event.trade_id == self.trade_ids[event.symbol]
                self.trades += 1
            elif isinstance(event, BestPrices):
                assert not event.bid or not event.ask or event.bid < event.ask

    def equals(self, exchange: Exchange, symbol: str) -> bool:
        """Say whether the rebuilt book is the exchange's own."""
        depth = exchange.market.depth(symbol, 100_000)
        bids, asks = self.books.get(symbol, ({}, {}))
        return depth.bids == tuple(sorted(bids.items(), reverse=True)) and depth.asks == tuple(sorted(asks.items()))


def verify(exchange: Exchange, mirror: Mirror) -> None:
    """Check everything that can be recomputed from outside."""
    mirror.follow(exchange.take_events())
    for symbol in ("BTCUSDT", "BNBUSDT"):
        assert mirror.equals(exchange, symbol)
        depth = exchange.market.depth(symbol)
        assert not depth.bids or not depth.asks or depth.bids[0][0] < depth.asks[0][0]
    total: Counter[str] = Counter(exchange.fees)
    deposited: Counter[str] = Counter()
    for member in MEMBERS:
        ledger = exchange.ledger(member)
        own = Counter(ledger.deposits)
        deposited.update(ledger.deposits)
        done: Counter[tuple[str, int]] = Counter()
        for fill in ledger.fills:
            base, quote = assets_of(fill.symbol)
            sign = 1 if fill.is_buyer else -1
            own[base] += sign * fill.quantity
            own[quote] -= sign * worth(fill.price, fill.quantity)
            own[fill.commission_asset] -= fill.commission
            done[fill.symbol, fill.order_id] += fill.quantity
        locks = expected_locks(exchange, member)
        for asset, balance in ledger.balances.items():
            total[asset] += balance.free + balance.locked
            assert balance.free >= 0
            assert balance.free + balance.locked == own[asset], (member, asset)
            assert balance.locked == locks[asset], (member, asset)
        for order in ledger.orders:
            assert order.executed_quantity == done[order.symbol, order.order_id]
            assert order.executed_quantity + order.prevented_quantity <= order.quantity
            assert (order.status == "FILLED") == (order.executed_quantity == order.quantity)
    assert total == deposited
