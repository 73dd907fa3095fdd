# SPDX-License-Identifier: Apache-2.0
"""The ladder: a ring that slides, with the far levels in a dict, against a dict that is asked by full scan."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.values import TICKS_MAX, Lots, Ticks
from bot4.simulation.book.side import BookSide

CHANGES = st.lists(
    st.tuples(
        st.one_of(
            st.integers(9_990, 10_010),
            st.integers(9_000, 11_000),
            st.integers(1, TICKS_MAX - 1),
            st.sampled_from([1, 2, TICKS_MAX - 1, 64, 128, 129]),
        ),
        st.sampled_from([0, 0, 1, 7, 1 << 40]),
    ),
    max_size=120,
)


def walked(side: BookSide) -> list[tuple[int, int]]:
    """All levels by walking from the best."""
    found = []
    price = side.best_price()
    while price != 0:
        found.append((int(price), int(side.lots_at(price))))
        price = side.after(price)
    return found


def ranked(levels: dict[int, int], side: int) -> list[tuple[int, int]]:
    """The same from a dict."""
    return sorted(levels.items(), key=lambda level: -side * level[0])


@pytest.mark.requirement("P-02")
@given(st.sampled_from([1, -1]), CHANGES, st.integers(0, 200))
def test_a_ladder_equals_a_dict_whatever_is_put_where(side: int, changes: list[tuple[int, int]], clear: int) -> None:
    """Best, walk, what was there before, and the count, after every change; with a window as small as it may be."""
    ladder, levels = BookSide(side, 128), dict[int, int]()
    for number, (price, lots) in enumerate(changes):
        if number == clear:
            ladder.clear()
            levels.clear()
        assert ladder.put(Ticks(price), Lots(lots)) == levels.get(price, 0)
        levels[price] = lots
        if not lots:
            del levels[price]
        assert ladder.levels == len(levels)
        assert ladder.best_price() == max(levels, key=lambda p: side * p, default=0)
        assert ladder.lots_at(Ticks(price)) == lots
    assert walked(ladder) == ranked(levels, side)


def test_a_market_that_runs_through_many_windows_keeps_every_level() -> None:
    """A best that climbs and falls by tens of windows, with levels left behind and found again."""
    chance = np.random.Generator(np.random.PCG64(4))
    for side in (1, -1):
        ladder, levels = BookSide(side, 128), dict[int, int]()
        middle, most, bases = 100_000, 0, set[int]()
        for number, step in enumerate(chance.integers(-20, 61, 2_000).tolist()):
            middle += step if number // 250 % 2 else -step
            for depth, lots in zip(chance.integers(0, 500, 3).tolist(), chance.integers(0, 3, 3).tolist(), strict=True):
                price = middle - side * depth
                assert ladder.put(Ticks(price), Lots(lots)) == levels.pop(price, 0)
                if lots:
                    levels[price] = lots
            for better in [price for price in levels if side * (price - middle) > 0]:
                assert ladder.put(Ticks(better), Lots(0)) == levels.pop(better)
            assert ladder.best_price() == max(levels, key=lambda p: side * p, default=0)
            most = max(most, len(levels))
            bases.add(int(ladder.base))
        assert most > 400
        assert len(bases) > 50
        assert walked(ladder) == ranked(levels, side)


def test_state_is_the_levels_best_first_however_they_came() -> None:
    """Two ladders with another history and another window write the same bytes."""
    one, other = BookSide(1, 128), BookSide(1, 1024)
    for price, lots in ((10, 1), (5_000, 2), (5_100, 3), (4_000, 9)):
        one.put(Ticks(price), Lots(lots))
    for price, lots in ((9_000, 1), (4_000, 9), (5_100, 3), (10, 7), (10, 1), (5_000, 2), (9_000, 0)):
        other.put(Ticks(price), Lots(lots))
    texts = []
    for ladder in (one, other):
        out = BytesWriter()
        ladder.write_state(out)
        texts.append(out.getvalue())
    assert texts[0] == texts[1]
    numbers = np.frombuffer(texts[0], "<i8").tolist()
    assert numbers == [4, 5_100, 3, 5_000, 2, 4_000, 9, 10, 1]


class Recording:
    """One recording replayed through two ladders, best bid and ask compared with the recorded book ticker."""

    def __init__(self, path: Path, tick: str, lot: str) -> None:
        self.tick, self.lot = Decimal(tick), Decimal(lot)
        self.bids, self.asks = BookSide(1), BookSide(-1)
        self.reached = -1  # last update id of the book; -1 before the snapshot
        self.compared = self.agreed = self.crossed = 0
        self.tickers: dict[int, tuple[int, int, int, int]] = {}
        self.waiting: list[dict[str, Any]] = []
        with gzip.open(path, "rt") as lines:
            for line in lines:
                message = json.loads(line.split(" ", 1)[1])
                self.read(message.get("data", message))

    def read(self, message: dict[str, Any]) -> None:
        """Take in one message."""
        if "lastUpdateId" in message:
            self.snapshot(message)
        elif message.get("e") == "depthUpdate":
            self.waiting.append(message)
        elif "B" in message and "A" in message:
            levels = (self.level([message["b"], message["B"]]), self.level([message["a"], message["A"]]))
            self.tickers[int(message["u"])] = (*levels[0], *levels[1])
            return
        if self.reached >= 0:
            for update in self.waiting:
                self.update(update)
            self.waiting.clear()

    def level(self, words: list[str]) -> tuple[int, int]:
        """Price in ticks and quantity in lots, exactly."""
        price, size = Decimal(words[0]) / self.tick, Decimal(words[1]) / self.lot
        assert price == int(price), words
        assert size == int(size), words
        return int(price), int(size)

    def snapshot(self, message: dict[str, Any]) -> None:
        """Begin the book."""
        for ladder, words in ((self.bids, message["bids"]), (self.asks, message["asks"])):
            for each in words:
                price, lots = self.level(each)
                ladder.put(Ticks(price), Lots(lots))
        self.reached = message["lastUpdateId"]

    def update(self, message: dict[str, Any]) -> None:
        """Apply one delta, then compare where the ticker's id lies at its end."""
        if message["u"] <= self.reached:
            return
        for ladder, words in ((self.bids, message["b"]), (self.asks, message["a"])):
            for each in words:
                price, lots = self.level(each)
                ladder.put(Ticks(price), Lots(lots))
        self.reached = message["u"]
        bid, ask = self.bids.best_price(), self.asks.best_price()
        self.crossed += bid >= ask
        told = self.tickers.get(self.reached)
        if told is not None:
            self.compared += 1
            ours = [int(number) for number in (bid, self.bids.lots_at(bid), ask, self.asks.lots_at(ask))]
            self.agreed += list(told) == ours


@pytest.mark.parametrize(
    ("name", "tick", "lot"),
    [
        ("binance_usdm_btcusdt_20240808", "0.1", "0.001"),
        ("binance_cm_btcusd_perp_20240808", "0.1", "1"),
        ("binance_spot_btcusdt_20240808", "0.01", "0.00000001"),
    ],
)
@pytest.mark.slow
@pytest.mark.requirement("DATA_001")
def test_a_replayed_book_has_the_recorded_best_bid_and_ask(shared_data: Path, name: str, tick: str, lot: str) -> None:
    """Where a book ticker bears the id at which a delta ends, price and size of both sides are equal; none crosses."""
    recording = Recording(shared_data / "l2" / f"{name}.jsonl.gz", tick, lot)
    print(f"{name}: {recording.agreed} of {recording.compared} equal, {recording.crossed} crossed")
    assert recording.compared > 0
    assert recording.crossed == 0
    assert recording.agreed == recording.compared
