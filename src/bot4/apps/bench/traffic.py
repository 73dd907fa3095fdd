# SPDX-License-Identifier: Apache-2.0
"""Messages of a live feed: from the bytes of a frame to validated events and a book that follows, on one core.

The frames are generated in the venue's own shapes, in the shares of five recorded
minutes of Bitcoin: 70 % best bid and ask, 22 % trades, 8 % changes of the book. What
a change costs is how many levels it has: four is a small market, Bitcoin had 36 in
the mean, so a row with forty of them and nothing else stands beside the mixed one.
"""

from dataclasses import dataclass
from time import process_time_ns
from typing import Final

import numpy as np

from bot4.adapters.venues.binance.market.feed import BinanceFeed, snapshot_frame
from bot4.apps.bench.harness import BATCHES, Bench, Measurement, Row, Several
from bot4.apps.bench.paths import NOW, instruments
from bot4.apps.collector import quiet_collector
from bot4.domain.event import Event
from bot4.market.books.rules import SPOT_RULE
from bot4.market.live.check import LiveCheck
from bot4.market.live.strays import Strays
from bot4.market.quality import FeedQuality
from bot4.market.tick_reader import TextTicks

RATE: Final = 300_000.0
FRAMES: Final = 40_000
SYMBOL: Final = "S0USDT"
MIDDLE: Final = 3_000_000
"""In ticks of 0.01."""

STEP_NS: Final = 100_000
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Shares:
    """Say how many of a hundred messages are of which kind, and how many levels a change has."""

    quotes: int
    trades: int
    levels: int


MIXED: Final = Shares(70, 22, 4)
CHANGES: Final = Shares(0, 0, 40)


def cases() -> list[Measurement]:
    """Return the rows of a live feed."""
    name = "decode + validate, quotes, trades, changes of 4 levels"
    deep = f"decode + validate, changes of {CHANGES.levels} levels"
    return [
        Several(suite="traffic", name=name, rows_of=lambda bench: [row(bench, name, MIXED, FRAMES, RATE)]),
        Several(suite="traffic", name=deep, rows_of=lambda bench: [row(bench, deep, CHANGES, FRAMES // 10, None)]),
    ]


def row(bench: Bench, name: str, shares: Shares, count: int, budget: float | None) -> Row:
    """Return the best rate of a few rounds, each with a feed of its own."""
    frames, start_ns = generated(shares, count), int(NOW)
    rate = 0.0
    for _ in range(BATCHES):
        feed, quality = fresh()
        with quiet_collector():
            begin = process_time_ns()
            for n, frame in enumerate(frames):
                feed.take(frame, start_ns + n * STEP_NS, n)
            rate = max(rate, count * 1e9 / (process_time_ns() - begin))
        assert quality.fates().total() == count + 1, "the bench measures messages that are all taken"
    levels = sum(frame.count(b'["') for frame in frames) / count
    return Row(
        suite="traffic",
        name=name,
        rate=round(rate, 1),
        floor_us=bench.floor_us,
        budget="-" if budget is None else f"{budget:,.0f}/s",
        met=None if budget is None else rate >= budget,
        note=f"generated; {levels:.2f} levels a message",
    )


def fresh() -> tuple[BinanceFeed, FeedQuality]:
    """Return a feed of one instrument with a whole book, and its counters; what comes out goes nowhere."""
    (instrument,) = instruments(1)
    quality = FeedQuality(SYMBOL, "bench")
    check = LiveCheck(instrument, SPOT_RULE, quality, _receive)
    feed = BinanceFeed({SYMBOL: TextTicks(instrument, check)}, Strays(FeedQuality("", "bench")))
    feed.take(snapshot_frame(SYMBOL, whole_book()), int(NOW))
    return feed, quality


def whole_book(levels: int = 1_000) -> bytes:
    """Return the answer of a depth request."""
    bids = ",".join(f'["{price(-n)}","{quantity(n)}"]' for n in range(1, levels + 1))
    asks = ",".join(f'["{price(n)}","{quantity(n)}"]' for n in range(1, levels + 1))
    return f'{{"lastUpdateId":100,"bids":[{bids}],"asks":[{asks}]}}'.encode()


def generated(shares: Shares, count: int) -> list[bytes]:
    """Return so many frames of one symbol, the same for the same shares."""
    draw = np.random.Generator(np.random.PCG64(SEED))
    kinds = draw.integers(0, 100, count).tolist()
    sizes = draw.integers(1, 40_000, count).tolist()
    moves = draw.integers(1, 60, (count, shares.levels)).tolist()
    sides = draw.integers(0, 2, (count, shares.levels)).tolist()
    out: list[bytes] = []
    last_id = 100
    for n in range(count):
        at_ms = int(NOW) // 1_000_000 + n * STEP_NS // 1_000_000
        if kinds[n] < shares.quotes:
            out.append(quote(n, sizes[n]))
        elif kinds[n] < shares.quotes + shares.trades:
            out.append(trade(n, at_ms, sizes[n]))
        else:
            last_id += 3
            out.append(change(last_id, at_ms, moves[n], sides[n]))
    return out


def quote(n: int, size: int) -> bytes:
    """Return a frame of best bid and ask."""
    body = f'"u":{n},"s":"{SYMBOL}","b":"{price(-1)}","B":"{quantity(size)}","a":"{price(1)}","A":"{quantity(n % 977)}"'
    return f'{{"stream":"{SYMBOL.lower()}@bookTicker","data":{{{body}}}}}'.encode()


def trade(n: int, at_ms: int, size: int) -> bytes:
    """Return a frame of a trade."""
    place = f'"e":"trade","E":{at_ms},"s":"{SYMBOL}","t":{n},"p":"{price(n % 3 - 1)}","q":"{quantity(size)}"'
    body = f'{place},"T":{at_ms},"m":{"true" if n & 1 else "false"},"M":true'
    return f'{{"stream":"{SYMBOL.lower()}@trade","data":{{{body}}}}}'.encode()


def change(last_id: int, at_ms: int, moves: list[int], sides: list[int]) -> bytes:
    """Return a frame of a change of the book: every other level is removed, as in the recordings."""
    texts: tuple[list[str], list[str]] = ([], [])
    for n, (move, side) in enumerate(zip(moves, sides, strict=True)):
        level = f'["{price(move if side else -move)}","{quantity(move * 31 * (n & 1))}"]'
        texts[side].append(level)
    ids = f'"U":{last_id - 2},"u":{last_id}'
    body = f'"e":"depthUpdate","E":{at_ms},"s":"{SYMBOL}",{ids},"b":[{",".join(texts[0])}],"a":[{",".join(texts[1])}]'
    return f'{{"stream":"{SYMBOL.lower()}@depth@100ms","data":{{{body}}}}}'.encode()


def price(ticks: int) -> str:
    """Return a price so many ticks from the middle, as the venue writes it."""
    whole = MIDDLE + ticks
    return f"{whole // 100}.{whole % 100:02d}000000"


def quantity(lots: int) -> str:
    """Return a quantity as the venue writes it."""
    return f"{lots // 100_000}.{lots % 100_000:05d}000"


def _receive(event: Event) -> None:
    """Take an event and forget it."""
