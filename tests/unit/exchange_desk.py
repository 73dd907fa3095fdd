# SPDX-License-Identifier: Apache-2.0
"""A desk at the exchange for tests: prices in whole quote units or strings, quantities in thousandths."""

from decimal import Decimal
from typing import Any

from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.events import ExecutionReport, ListStatus
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.orders import ListReply, OrderReply, OrderState
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange
from tests.property.exchange_floor import rules_of

FREE = Commission(Rates())
AMOUNTS = ("quantity", "quote_quantity", "price", "stop_price")


def units(text: Any) -> int:
    """1e-8 of a decimal text or number."""
    return int(Decimal(str(text)) * ONE)


def wish(side: str, kind: str, **fields: Any) -> PlaceOrder:
    """An order on BTCUSDT of 1 BTC unless said otherwise; GTC where the type asks for a time in force."""
    sizes: dict[str, Any] = {name: units(fields.pop(name)) for name in AMOUNTS if name in fields}
    if "quote_quantity" not in sizes:
        sizes.setdefault("quantity", ONE)
    if kind in {"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}:
        fields.setdefault("time_in_force", "GTC")
    return PlaceOrder("BTCUSDT", side, kind, **sizes, **fields)


class Desk:
    """An exchange of one symbol where ``ann`` and ``bob`` trade free of charge; each request is a second later."""

    def __init__(self, **rules: Any) -> None:
        self.exchange = Exchange([rules_of(**rules)])
        self.now = 1_000
        for name in ("ann", "bob"):
            self.open(name)

    def open(self, name: str, *, usdt: Any = 100_000, btc: Any = 100, **terms: Any) -> None:
        """Open an account, free of charge unless said otherwise."""
        terms.setdefault("commission", FREE)
        self.exchange.open_account(name, Terms(**terms), {"USDT": units(usdt), "BTC": units(btc)}, self.now)

    def ask(self, name: str, side: str, kind: str, **fields: Any) -> OrderReply | Refusal:
        """Place an order and return whatever comes."""
        self.now += 1_000
        return self.exchange.place(name, wish(side, kind, **fields), self.now)

    def place(self, name: str, side: str, kind: str = "LIMIT", **fields: Any) -> OrderState:
        """Place an order that is taken."""
        reply = self.ask(name, side, kind, **fields)
        assert isinstance(reply, OrderReply), reply
        return reply.state

    def refusal(self, name: str, side: str, kind: str = "LIMIT", **fields: Any) -> tuple[int, str]:
        """Place an order that is refused, leaving no trace; return code and text."""
        before = self.exchange.ledger(name)
        self.exchange.take_events()
        answer = self.ask(name, side, kind, **fields)
        assert isinstance(answer, Refusal), answer
        assert self.exchange.ledger(name) == before
        assert not self.exchange.take_events()
        return answer.code, answer.message

    def trade_at(self, price: Any) -> None:
        """Let two strangers trade a thousandth at a price that nothing else stands between."""
        for name, side in (("yan", "SELL"), ("zoe", "BUY")):
            if name not in self.exchange._register.accounts:
                self.open(name)
            self.place(name, side, price=price, quantity="0.001")

    def join(self, name: str, contingency: str, *orders: PlaceOrder, client_id: str = "") -> ListReply | Refusal:
        """Place a list and return whatever comes."""
        self.now += 1_000
        return self.exchange.place_list(name, PlaceList(contingency, orders, client_id), self.now)

    def joined(self, name: str, contingency: str, *orders: PlaceOrder) -> list[OrderState]:
        """Place a list that is taken; return its orders."""
        reply = self.join(name, contingency, *orders)
        assert isinstance(reply, ListReply), reply
        return [each.state for each in reply.orders]

    def state(self, order: OrderState) -> OrderState:
        """Return an order as it stands now."""
        found = self.exchange.queries.order(order.account, order.symbol, order_id=order.order_id)
        assert isinstance(found, OrderState)
        return found

    def statuses(self, orders: list[OrderState]) -> list[str]:
        """Return how orders stand now."""
        return [self.state(order).status for order in orders]

    def reasons(self, orders: list[OrderState]) -> list[str]:
        """Return why orders expired."""
        return [self.state(order).expiry_reason for order in orders]

    def balance(self, name: str, asset: str) -> tuple[int, int]:
        """Return free and locked."""
        found = self.exchange.ledger(name).balances[asset]
        return found.free, found.locked

    def told(self, name: str) -> list[str]:
        """Return what a member is told since the last call: what happened and how the order stands, or the list."""
        story = []
        for event in self.exchange.take_events():
            if isinstance(event, ExecutionReport) and event.account == name:
                story.append(f"{event.order_id} {event.execution_type} {event.status}")
            elif isinstance(event, ListStatus) and event.account == name:
                story.append(f"list {event.status_type} {event.order_status}")
        return story
