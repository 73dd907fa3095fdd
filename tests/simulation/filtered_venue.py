# SPDX-License-Identifier: Apache-2.0
"""Trading with a venue's filters, wired to the exchange in memory: commands become requests, events become reports."""

from collections import Counter, deque

from bot4.domain.event import CANCEL, Event
from bot4.domain.marketdata import Quote, Trade
from bot4.domain.order import (
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LIMIT,
    MARKET,
    POST_ONLY,
    PROTECT_STOP,
    PROTECT_TARGET,
    STOP,
    STOP_LIMIT,
    Execution,
    OrderWord,
    Submit,
    accepted,
    cancel_rejected,
    canceled,
    expired,
    rejected,
)
from bot4.domain.order_prices import names_limit, names_trigger
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Refused
from bot4.simulation.exchange import (
    Cancel,
    Commission,
    Exchange,
    PlaceList,
    PlaceOrder,
    Rates,
    Refusal,
    SymbolRules,
    Terms,
)
from bot4.simulation.exchange.events import BestPrices, ExecutionReport, PublicTrade
from bot4.simulation.exchange.orders import ListReply, OrderReply
from bot4.simulation.exchange.requests import OCO
from bot4.simulation.exchange.rules import ONE
from bot4.trading.conditions import Conditions
from bot4.trading.execution import Trading

FILTER_CODE = -1013
START_MS = 1_700_000_000_000
TYPES = {
    MARKET: "MARKET", LIMIT: "LIMIT", STOP: "STOP_LOSS", STOP_LIMIT: "STOP_LOSS_LIMIT", POST_ONLY: "LIMIT_MAKER",
    IMMEDIATE_OR_CANCEL: "LIMIT", FILL_OR_KILL: "LIMIT",
}  # fmt: skip
TIMES = {LIMIT: "GTC", STOP_LIMIT: "GTC", IMMEDIATE_OR_CANCEL: "IOC", FILL_OR_KILL: "FOK"}
ENDS = {"CANCELED": canceled, "EXPIRED": expired, "REJECTED": rejected, "TRADE_PREVENTION": expired}


class FilteredVenue:
    """One account that trades through our filters, and strangers who make the price; no fees."""

    def __init__(self, rules: SymbolRules, conditions: Conditions, *, tick: int, lot: int) -> None:
        self.rules, self.tick, self.lot = rules, tick, lot
        self.exchange = Exchange([rules], 1)
        self.trading = Trading(1, conditions=conditions)
        self.now_ms = START_MS
        self.said: Counter[str] = Counter()
        self.failures: list[tuple[Submit, Refusal]] = []
        self.sent: list[Submit] = []
        self.commands: deque[Event] = deque()
        self.half: Submit | None = None
        free = Terms(commission=Commission(Rates()))
        holdings = {"me": {"B": 10**9 * ONE}, "seller": {"A": 10**6 * ONE}, "buyer": {"B": 10**10 * ONE}}
        for account, balances in holdings.items():
            self.exchange.open_account(account, free, balances, self.now_ms)

    @property
    def now(self) -> Nanos:
        """The moment, for us."""
        return Nanos(self.now_ms * 1_000_000)

    def hear(self, event: Event) -> None:
        """Give trading one event; keep the commands it answers with, count the rest."""
        out = Outbox(64)
        self.trading.handle(event, self.now, out)
        for cell in out.cells[: out.tail]:
            said = cell.event
            if isinstance(said, Submit) or said.kind == CANCEL:
                self.commands.append(said)
            elif isinstance(said, Refused):
                self.said[said.rule] += 1

    def settle(self) -> None:
        """Carry commands and reports to and fro until nobody has more to say."""
        self.pass_on()
        while self.commands:
            command = self.commands.popleft()
            if isinstance(command, Submit):
                self.submit(command)
            elif isinstance(command, OrderWord):
                self.cancel(command)
            self.pass_on()

    def submit(self, command: Submit) -> None:
        """Place an order, or a pair once both legs are there: alone each would lock what the other needs."""
        self.sent.append(command)
        if command.sibling_id and self.half is None:
            self.half = command
            return
        first, self.half = self.half, None
        legs = [command] if first is None else [first, command]
        answer: OrderReply | ListReply | Refusal
        if first is None:
            answer = self.exchange.place("me", self.order_of(command), self.now_ms)
        else:
            ranked = sorted(legs, key=lambda leg: -(leg.limit or leg.trigger))
            orders = tuple(self.order_of(leg, in_pair=True) for leg in ranked)
            answer = self.exchange.place_list("me", PlaceList(OCO, orders), self.now_ms)
        if isinstance(answer, Refusal):
            if answer.code == FILTER_CODE:
                self.failures += [(leg, answer) for leg in legs]
            self.said[f"venue {answer.code} {answer.message}"] += 1
            self.pass_on()
            for leg in legs:
                self.hear(rejected(self.now, self.now, leg.order_id, 0, answer.message))

    def order_of(self, command: Submit, *, in_pair: bool = False) -> PlaceOrder:
        """The venue's words for one order."""
        kind = "LIMIT_MAKER" if in_pair and command.purpose == PROTECT_TARGET else TYPES[int(command.order_type)]
        return PlaceOrder(
            self.rules.symbol, "BUY" if command.side == BUY else "SELL", kind, quantity=int(command.lots) * self.lot,
            price=int(command.limit) * self.tick if names_limit(command.order_type) else 0,
            stop_price=int(command.trigger) * self.tick if names_trigger(command.order_type) else 0,
            time_in_force="" if kind == "LIMIT_MAKER" else TIMES.get(int(command.order_type), ""),
            client_order_id=str(command.order_id),
        )  # fmt: skip

    def cancel(self, command: OrderWord) -> None:
        """Cancel an order; with it goes its pair."""
        request = Cancel(self.rules.symbol, original_client_order_id=str(command.order_id))
        if isinstance(self.exchange.cancel("me", request, self.now_ms), Refusal):
            self.pass_on()
            self.hear(cancel_rejected(self.now, self.now, command.order_id, 0, "unknown"))

    def pass_on(self) -> None:
        """Tell trading what happened: to its orders, and on the market."""
        for event in self.exchange.take_events():
            if isinstance(event, ExecutionReport) and event.account == "me":
                self.report(event)
            elif isinstance(event, PublicTrade):
                lots = Lots(max(event.quantity // self.lot, 1))
                self.hear(Trade(self.now, self.now, 0, event.trade_id, BUY, Ticks(event.price // self.tick), lots))
            elif isinstance(event, BestPrices):
                prices = Ticks(event.bid // self.tick), Lots(1), Ticks(event.ask // self.tick), Lots(1)
                self.hear(Quote(self.now, self.now, 0, *prices))

    def report(self, said: ExecutionReport) -> None:
        """Tell trading one step of an order's life."""
        name = said.original_client_order_id or said.client_order_id
        if said.execution_type == "NEW":
            self.hear(accepted(self.now, self.now, int(name), 0))
        elif said.execution_type in ENDS:
            self.hear(ENDS[said.execution_type](self.now, self.now, int(name), 0, said.reject_reason))
        elif said.execution_type == "TRADE":
            self.hear(
                Execution(
                    self.now, self.now, order_id=int(name), trade_id=said.trade_id, instrument=0,
                    side=BUY if said.side == "BUY" else SELL, lots=Lots(said.last_quantity // self.lot),
                    price=Ticks(said.last_price // self.tick), fee=Money(0), is_maker=said.is_maker,
                )
            )  # fmt: skip

    def move(self, ticks: int, depth: int) -> None:
        """Let the market go to a price: strangers trade there, through whatever stands in between, and quote anew."""
        price = ticks * self.tick
        for account in ("seller", "buyer"):
            self.exchange.cancel_all(account, self.rules.symbol, self.now_ms)
        for account, side in (("seller", "SELL"), ("buyer", "BUY")):
            self.stranger(account, side, price, depth)
        for step in range(1, 4):
            self.stranger("seller", "SELL", price + step * self.tick, depth)
            self.stranger("buyer", "BUY", price - step * self.tick, depth)
        self.settle()

    def stranger(self, account: str, side: str, price: int, lots: int) -> None:
        """A limit order of one of those who make the price."""
        order = PlaceOrder(self.rules.symbol, side, "LIMIT", quantity=lots * self.lot, price=price, time_in_force="GTC")
        self.exchange.place(account, order, self.now_ms)

    def balance(self) -> int:
        """Our lots at the venue, free and locked."""
        found = self.exchange.ledger("me").balances.get("A")
        return 0 if found is None else (found.free + found.locked) // self.lot

    def opposite(self) -> list[tuple[Submit, Submit]]:
        """Pairs of our open orders, of different sides, of which none protects what the other opens."""
        sent = {one.order_id: one for one in self.sent}
        mine = [sent[order.order_id] for order in self.trading.open_orders()]
        return [
            (a, b) for a in mine for b in mine
            if a.side == BUY and b.side == SELL and {a.purpose, b.purpose}.isdisjoint({PROTECT_STOP, PROTECT_TARGET})
        ]  # fmt: skip
