# SPDX-License-Identifier: Apache-2.0
"""The recordings of Binance's traffic, as frames with the moments they were received; and a feed to show them to."""

import gzip
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from bot4.adapters.venues.binance.market.feed import AGG_TRADES, TRADES, BinanceFeed, snapshot_frame
from bot4.domain.event import Event
from bot4.domain.instrument import Instrument
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE, JoinRule
from bot4.market.live.check import LiveCheck
from bot4.market.live.strays import Strays
from bot4.market.quality import Fates, FeedQuality
from bot4.market.tick_reader import TextTicks

SENT = re.compile(rb"^(\d+\.\d+): (.*)$")
ANSWERED = re.compile(rb"^(https://\S+) -> (\d+\.\d+): (.*)$")
SYMBOL = re.compile(r"/depth\?symbol=(\w+)")
MILLION = 1_000_000

Frame = tuple[int, bytes]


class RecordedFeed:
    """A feed of some instruments, with what came out of each and what became of every frame."""

    def __init__(self, instruments: Mapping[str, Instrument], rule: JoinRule, prints: str = TRADES) -> None:
        self.events: list[Event] = []
        self.checks: dict[str, LiveCheck] = {}
        self.strays = FeedQuality("", "recorded")
        for symbol, instrument in instruments.items():
            quality = FeedQuality(symbol, "recorded")
            self.checks[symbol] = LiveCheck(instrument, rule, quality, self.events.append)
        ticks = {symbol: TextTicks(instruments[symbol], check) for symbol, check in self.checks.items()}
        self.feed = BinanceFeed(ticks, Strays(self.strays), prints=prints)

    def fates(self) -> dict[str, dict[str, int]]:
        """What became of every frame, those still waiting for a snapshot too."""
        total = Fates()
        for quality in (self.strays, *(check.quality for check in self.checks.values())):
            total.counts.update(quality.fates().counts)
        waiting = sum(check.waiting for check in self.checks.values())
        if waiting:
            total.add("delta", "waiting", waiting)
        return total.table()

    def faults(self) -> Counter[str]:
        """All faults."""
        total: Counter[str] = Counter(self.strays.faults)
        for check in self.checks.values():
            total.update(check.quality.faults)
        return total


def stamp(text: bytes) -> int:
    """A unix time in seconds as nanoseconds, exactly to the microsecond."""
    return int(Decimal(text.decode()) * MILLION) * 1_000


def jsonl_frames(path: Path) -> list[Frame]:
    """The lines of one of the recordings in l2."""
    with gzip.open(path) as file:
        parts = [line.partition(b" ") for line in file]
    return [(int(moment), frame) for moment, _, frame in parts]


def venue_frames(path: Path) -> tuple[list[Frame], int]:
    """What the venue sent in one file of cryptofeed's, and how many lines were the client's; an empty one is nothing.

    Answers of the depth request are snapshots of the symbol that was asked for.
    """
    out: list[Frame] = []
    ours = 0
    with gzip.open(path) as file:
        for line in file.read().split(b"\n"):
            sent, answered = SENT.match(line), ANSWERED.match(line)
            if sent:
                out.append((stamp(sent[1]), sent[2]))
            elif answered:
                symbol = SYMBOL.search(answered[1].decode())
                body = snapshot_frame(symbol[1], answered[3]) if symbol else answered[3]
                out.append((stamp(answered[2]), body))
            elif line:
                ours += 1
    return out, ours


def corrected(frames: list[Frame]) -> list[Frame]:
    """The frames by a clock that is moved so far that none was received before it was sent."""
    ahead = 0
    for moment, frame in frames:
        told = re.search(rb'"E":(\d{13})', frame)
        if told:
            ahead = max(ahead, int(told[1]) * MILLION - moment)
    return [(moment + ahead, frame) for moment, frame in frames]


def listed(exchange_info: bytes, symbols: list[str]) -> dict[str, Instrument]:
    """Instruments of some symbols, by the filters that the venue tells."""
    found: dict[str, Instrument] = {}
    for one in json.loads(exchange_info)["symbols"]:
        if one["symbol"] not in symbols:
            continue
        filters = {each["filterType"]: each for each in one["filters"]}
        found[one["symbol"]] = Instrument(
            len(found),
            one["symbol"],
            base=one["baseAsset"],
            quote=one["quoteAsset"],
            tick_size=Decimal(filters["PRICE_FILTER"]["tickSize"]),
            lot_size=min(Decimal(filters["LOT_SIZE"]["stepSize"]), Decimal("0.01"))
            if "contractSize" in one
            else Decimal(filters["LOT_SIZE"]["stepSize"]),
        )
    return found


def cryptofeed(folder: Path, venue: str) -> tuple[RecordedFeed, list[Frame], dict[str, int]]:
    """A feed for one of cryptofeed's recordings, its frames in the order received, and the frames of each file."""
    names = [f"{venue}.0", f"{venue}.http.0.0", f"{venue}.ws.1.0"]
    frames: list[Frame] = []
    counts: dict[str, int] = {}
    infos = b""
    symbols: list[str] = []
    for name in names:
        sent, ours = venue_frames(folder / f"{name}.gz")
        counts[name] = len(sent)
        counts[f"{name} ours"] = ours
        frames += sent
        if name.endswith(".0") and name.count(".") == 1:
            infos = sent[0][1]
        if ".http." in name:
            symbols = [json.loads(body)["stream"].partition("@")[0].upper() for _, body in sent]
    rule = SPOT_RULE if venue in ("BINANCE", "BINANCE_US") else FUTURES_RULE
    feed = RecordedFeed(listed(infos, symbols), rule, AGG_TRADES)
    return feed, sorted(corrected(frames), key=lambda one: one[0]), counts


def adapter_messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """The single messages of a collection, by their names."""
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()
