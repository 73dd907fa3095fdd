# SPDX-License-Identifier: Apache-2.0
"""The tick venue against a second one, written naively from the same assumptions: every fill, field by field."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bot4.domain.event import EXECUTION
from bot4.domain.instrument import LINEAR_PERPETUAL
from bot4.domain.order import LIMIT, MARKET, STOP, STOP_LIMIT, Execution, OrderWord, cancel_command
from bot4.domain.values import MONEY_ONE, RATE_ONE, Money, Nanos, Ticks
from bot4.simulation.book.draws import Constant
from bot4.simulation.book.fills import FillModel, poisson_beta_fills
from bot4.simulation.book.latency import Latency
from bot4.simulation.book.queues import PowerQueue, RiskAverse
from bot4.simulation.book.venue import NEVER, TickVenue
from tests.simulation.driver import instrument, submit
from tests.simulation.reference_matcher import Reference, power, risk_averse
from tests.simulation.ticks import delta, quote, snapshot, trade

STEPS = 400
MIDDLE = 10_000
TYPES = (MARKET, LIMIT, LIMIT, LIMIT, STOP, STOP_LIMIT)
FEEDS = ("book", "calm", "calm", "quote", "trades", "mixed")
"""Where the feed is calm, orders live long enough for their queue to matter."""


class Feed:
    """Random commands and market events: a middle that wanders and jumps, levels around it, now and then crossed."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.Generator(np.random.PCG64(seed))
        self.numbers: list[float] = []
        self.kind = FEEDS[seed % len(FEEDS)]
        self.middle = MIDDLE
        self.orders = 0

    def under(self, end: int) -> int:
        """A number from 0 and under ``end``."""
        if not self.numbers:
            self.numbers = self.chance.random(4096).tolist()
        return int(self.numbers.pop() * end)

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """Some levels of one side, most at once behind the middle, each price once."""
        found = {}
        for _ in range(count):
            if self.kind == "calm":
                found[self.middle - side * (1 + self.under(2))] = self.under(60)
                continue
            depth = self.under(400) if self.under(10) == 0 else self.under(5) + 1
            if self.under(60) == 0:
                depth = -self.under(3)
            found[self.middle - side * depth] = self.under(60) if self.under(8) else 0
        return list(found.items())

    def market(self) -> tuple[str, tuple[Any, ...]]:
        """One market event: what it is, and its words after the instrument."""
        if self.kind == "calm":
            return self.calm()
        self.middle += self.under(3) - 1 if self.under(6) == 0 else 0
        if self.under(150) == 0:
            self.middle += self.under(300) - 150
        kind = self.kind if self.kind != "mixed" else ("book", "quote", "trades")[self.under(3)]
        if kind == "trades" or self.under(3) == 0:
            return "trade", (self.middle + self.under(7) - 3, 1 + self.under(15), self.under(3) - 1)
        if kind == "quote":
            bid, spread = self.middle - self.under(3), 1 + self.under(3)
            return "quote", (bid, 1 + self.under(30), bid + spread, 1 + self.under(30))
        if self.under(40) == 0:
            bids = {price: lots for price, lots in self.levels(1, 8) if lots}
            return "snapshot", (list(bids.items()), [level for level in self.levels(-1, 8) if level[1]])
        return "delta", (self.levels(1, self.under(4)), self.levels(-1, self.under(4)))

    def calm(self) -> tuple[str, tuple[Any, ...]]:
        """Levels that swell and shrink in place, and small trades at the best."""
        if self.under(3) == 0:
            side = 1 if self.under(2) else -1
            return "trade", (self.middle + side, 1 + self.under(9), side)
        return "delta", (self.levels(1, 1), self.levels(-1, 1))

    def command(self) -> Any:
        """An order of any kind near the middle, sometimes tied to the one before; or the number of one to cancel."""
        if self.orders and self.under(4) == 0:
            return 1 + self.under(self.orders + 1)
        self.orders += 1
        side = 1 if self.under(2) else -1
        if self.kind == "calm" and self.under(2):
            limit = self.middle - side * (1 + self.under(2))
            return submit(self.orders, side, 1 + self.under(9), instrument=1, order_type=LIMIT, limit=limit)
        near = [Ticks(self.middle + self.under(13) - 6) for _ in range(2)]
        return submit(
            self.orders if self.under(50) else 1,
            side,
            1 + self.under(50),
            instrument=self.under(2),
            order_type=TYPES[self.under(len(TYPES))],
            limit=near[0],
            trigger=near[1],
            sibling_id=self.orders - 1 if self.under(3) == 0 else 0,
            reduce_only=self.under(4) == 0,
        )


def endless(seed: int, stream: int, draw: str, *words: float) -> Iterator[int]:
    """The numbers of one stream of a seed, straight from numpy."""
    generator = np.random.Generator(np.random.PCG64([seed, stream]))
    while True:
        block = getattr(generator, draw)(*words, 1024)
        yield from (np.rint(block * RATE_ONE).astype(int) if draw == "beta" else block).tolist()


def always(number: int) -> Iterator[int]:
    """One number for ever."""
    while True:
        yield number


class Pair:
    """The venue and the reference on the same stream of commands and events."""

    def __init__(self, seed: int) -> None:
        self.feed = Feed(seed)
        exponent = (0, 1, 2)[seed // 7 % 3]
        in_pieces = seed // 3 % 2 == 1
        slippage = (0, 10_000, 3_000_000)[seed // 5 % 3]
        self.latency = (0, 0, 3)[seed // 11 % 3]
        cash = (100_000, 30)[seed // 13 % 2] * MONEY_ONE
        instruments = [instrument(0), instrument(1, "BTCPERP", instrument_type=LINEAR_PERPETUAL)]
        self.venue = TickVenue(
            instruments,
            cash=Money(cash),
            queue=PowerQueue(float(exponent)) if exponent else RiskAverse(),
            fill=poisson_beta_fills() if in_pieces else FillModel(),
            slippage=slippage,
            latency=Latency(entry=Constant(self.latency)),
            seed=seed,
            window=128,
        )
        self.reference = Reference(
            instruments,
            cash,
            queue=power(exponent) if exponent else risk_averse,
            counts=endless(seed, 3, "poisson", 3.0) if in_pieces else always(1),
            shares=endless(seed, 4, "beta", 2.0, 5.0) if in_pieces else always(RATE_ONE),
            slippage=slippage,
        )
        self.in_flight: list[tuple[int, Any]] = []

    def run(self, steps: int) -> None:
        """Run so many events, market events and commands together."""
        for at in range(1, steps + 1):
            if self.feed.under(4) == 0:
                command = self.feed.command()
                self.in_flight.append((at + self.latency, command))
                is_cancel = isinstance(command, int)
                sent = cancel_command(Nanos(at), command, 0, "asked") if is_cancel else command
                self.venue.send(sent, Nanos(at))
            else:
                self.observe(at, self.feed.under(2), *self.feed.market())
        self.deliver(steps + self.latency + 1)
        self.venue.advance(Nanos(steps + self.latency + 1))

    def observe(self, at: int, index: int, kind: str, words: tuple[Any, ...]) -> None:
        """Show one market event to both."""
        self.deliver(at)
        getattr(self.reference, kind)(index, *words, at)
        makers: dict[str, Any] = {"trade": trade, "quote": quote, "delta": delta, "snapshot": snapshot}
        self.venue.observe(makers[kind](at, *words, index))

    def deliver(self, before: int) -> None:
        """Hand the reference the commands that arrived."""
        while self.in_flight and self.in_flight[0][0] < before:
            at, command = self.in_flight.pop(0)
            if isinstance(command, int):
                self.reference.cancel(command, at)
            else:
                self.reference.submit(command, at)

    def reports(self) -> tuple[list[Any], list[Any]]:
        """The venue's fills and words in the reference's form."""
        fills: list[Any] = []
        words: list[Any] = []
        while (report := self.venue.next_report(Nanos(NEVER))) is not None:
            at = int(report.ts_event_ns)
            if isinstance(report, Execution):
                assert report.kind == EXECUTION
                assert report.trade_id == len(fills) + 1
                fills.append(
                    (
                        at,
                        report.order_id,
                        report.side,
                        report.lots,
                        report.price,
                        report.fee,
                        report.is_maker,
                    )
                )
            elif isinstance(report, OrderWord):
                words.append((at, report.kind, report.order_id, report.reason))
        return fills, words


def compare(seeds: range, steps: int = STEPS) -> int:
    """Run every seed through both; return how many fills agreed."""
    total = 0
    for seed in seeds:
        pair = Pair(seed)
        pair.run(steps)
        fills, words = pair.reports()
        assert fills == pair.reference.fills, f"seed {seed}"
        assert words == pair.reference.words, f"seed {seed}"
        statement = pair.venue.statement()
        assert int(statement.cash) == pair.reference.cash, f"seed {seed}"
        assert [int(lots) for lots in statement.lots] == pair.reference.held, f"seed {seed}"
        assert len(statement.open_orders) == len(pair.reference.orders), f"seed {seed}"
        total += len(fills)
    return total


@pytest.mark.requirement("P-02", "P-11")
def test_twenty_thousand_random_events_fill_as_in_the_reference() -> None:
    """Orders of every type, feeds of every kind, both queue models, with and without pieces, latency and slippage."""
    assert compare(range(60)) > 2_000


@pytest.mark.slow
@pytest.mark.requirement("P-02", "P-11")
@pytest.mark.parametrize("first", range(1_000, 3_500, 250))
def test_a_million_random_events_fill_as_in_the_reference(first: int) -> None:
    """The same with other seeds: ten times 250 streams of 400 events."""
    assert compare(range(first, first + 250)) > 10_000


def test_the_comparison_can_fail() -> None:
    """With another queue model in the reference, some of the same streams disagree."""
    disagreements = 0
    for seed in range(20):
        pair = Pair(seed)
        pair.reference.queue = lambda _ahead, _before, _after, _traded: 0
        pair.run(STEPS)
        disagreements += pair.reports()[0] != pair.reference.fills
    assert disagreements > 3
