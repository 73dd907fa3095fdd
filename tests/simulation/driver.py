# SPDX-License-Identifier: Apache-2.0
"""A tiny runtime for the tests of the venue and the account: bars in, reports and account events out."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from bot4.account.portfolio import Portfolio
from bot4.domain.event import EXECUTION, Event
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import ENTER, MARKET, Execution, Fill, Submit, cancel_command
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, MINUTE_NS, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.simulation.venue import SimulatedVenue

START = 1_600_000_000 * 1_000_000_000 // MINUTE_NS * MINUTE_NS


def instrument(index: int = 0, symbol: str = "BTCUSDT", **changes: Any) -> Instrument:
    """A spot instrument whose tick of one lot is worth 0.0001: 1 lot at 100.00 costs 1.00."""
    fields: dict[str, Any] = {"base": "BTC", "quote": "USDT", "tick_size": Decimal("0.01"), "lot_size": Decimal("0.01")}
    return Instrument(index, symbol, instrument_type=changes.pop("instrument_type", SPOT), **(fields | changes))


def bar(
    number: int, prices: tuple[int, int, int, int], volume: int = 1_000, *, index: int = 0, minutes: int = 1
) -> Bar:
    """The bar of the given number: ``prices`` are open, high, low, close in ticks."""
    open_ns = START + number * minutes * MINUTE_NS
    known = open_ns + minutes * MINUTE_NS
    o, h, low, c = (Ticks(price) for price in prices)
    return Bar(Nanos(known), index, Nanos(open_ns), o, h, low, c, Lots(volume))


def flat(number: int, price: int = 10_000, volume: int = 1_000, *, index: int = 0) -> Bar:
    """A bar in which the price does not move."""
    return bar(number, (price, price, price, price), volume, index=index)


def submit(order_id: int, side: int = BUY, lots: int = 10, **changes: Any) -> Submit:
    """A market order to enter, unless told otherwise."""
    fields: dict[str, Any] = {
        "intent_id": order_id,
        "slot": 0,
        "instrument": 0,
        "purpose": ENTER,
        "order_type": MARKET,
        "limit": Ticks(0),
        "trigger": Ticks(0),
        "sibling_id": 0,
        "reduce_only": False,
    }
    return Submit(Nanos(START), order_id=order_id, side=side, lots=Lots(lots), **(fields | changes))


class Desk:
    """Drives one venue over bars, one instrument's bars after the other, and keeps every report."""

    def __init__(
        self, instruments: Sequence[Instrument] | None = None, *, cash: int = 100_000, **settings: Any
    ) -> None:
        self.instruments = list(instruments or [instrument()])
        settings.setdefault("slippage", 0)
        self.venue = SimulatedVenue(self.instruments, cash=Money(cash * MONEY_ONE), **settings)
        self.portfolio = Portfolio(self.instruments, capital=Money(cash * MONEY_ONE))
        self.reports: list[Event] = []
        self.account_events: list[Event] = []
        self.on_report: Callable[[Event], list[Event]] = lambda report: []
        self.now = START
        self.out = Outbox(64)

    def send(self, *commands: Event) -> None:
        """Hand commands to the venue now."""
        for command in commands:
            self.venue.send(command, Nanos(self.now))

    def cancel(self, order_id: int) -> None:
        """Ask to cancel."""
        self.send(cancel_command(Nanos(self.now), order_id, 0, "asked"))

    def play(self, *bars: Bar) -> list[Event]:
        """Run bars; return the reports they caused."""
        before = len(self.reports)
        for each in bars:
            self.now = max(self.now, int(each.open_ns))
            if self.venue.busy:
                self.venue.open_bar(each)
                self.drain()
            self.now = max(self.now, int(each.ts_known_ns))
            if self.venue.busy:
                self.venue.trade_bar(each)
                self.drain()
            self.account(each)
        return self.reports[before:]

    def drain(self) -> None:
        """Take every report waiting, apply executions to the account, and send what follows from them."""
        while (report := self.venue.next_report()) is not None:
            self.reports.append(report)
            if isinstance(report, Execution):
                self.account(Fill(report, intent_id=report.order_id, slot=0, purpose=ENTER))
            for command in self.on_report(report):
                self.venue.send(command, report.ts_known_ns)

    def account(self, event: Event) -> None:
        """Hand one event to the portfolio and keep what it emits."""
        self.portfolio.handle(event, event.ts_known_ns, self.out)
        self.account_events += [cell.event for cell in self.out.cells[: self.out.tail]]
        self.out.tail = 0

    @property
    def fills(self) -> list[tuple[int, int, int, bool]]:
        """Every execution so far: order id, lots, price in ticks, maker."""
        return [
            (int(e.order_id), int(e.lots), int(e.price), e.is_maker) for e in self.reports if isinstance(e, Execution)
        ]

    def words(self) -> list[tuple[int, int, str]]:
        """Every other report so far: kind, order id, reason."""
        return [(int(e.kind), e.order_id, e.reason) for e in self.reports if e.kind != EXECUTION]  # type: ignore[attr-defined]
