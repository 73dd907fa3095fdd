# SPDX-License-Identifier: Apache-2.0
"""Live runs on disk: bars one by one, a venue whose reports come when they like, readiness that flips.

As a program it lives through one run: ``python -m tests.replay.live_runs FOLDER BARS SEED``.
"""

import random
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from bot4.adapters.stores.journal_key import load_or_create_key
from bot4.apps.live_plan import LivePlan, plan_live
from bot4.apps.live_recording import live_recording
from bot4.domain.event import BAR, Event
from bot4.domain.marketdata import Bar
from bot4.domain.readiness import READINESS_REASONS, Readiness
from bot4.domain.values import HOUR_NS, Lots, Nanos, Ticks
from bot4.runtime.live import LiveLoop
from bot4.runtime.wiring import imagined_venue
from bot4.simulation.venue import SimulatedVenue
from tests.replay.runs import NONCE
from tests.simulation.engine_run import Table, coin, lively, walk


@dataclass(frozen=True)
class Lived:
    """What a live run was given and what it left."""

    folder: Path
    inputs: list[Event]
    state: bytes
    fills: int

    @property
    def journal(self) -> bytes:
        """Return the journal's bytes."""
        return (self.folder / "journal").read_bytes()

    @property
    def data(self) -> bytes:
        """Return the bytes of the market data."""
        return (self.folder / "market.data").read_bytes()


def plan() -> LivePlan:
    """The plan of every run here: another nonce would be another run."""
    return plan_live("paper", lively(), [coin()], [HOUR_NS], venue="imagined", nonce=NONCE, config_folder=Path())


def bars_of(table: Table) -> list[Bar]:
    """Return a table's bars as events."""
    return [
        Bar(Nanos(ts + HOUR_NS), 0, Nanos(ts), Ticks(open_), Ticks(high), Ticks(low), Ticks(close), Lots(volume))
        for ts, open_, high, low, close, volume in zip(*(column.tolist() for column in table), strict=True)
    ]


class World:
    """Everything outside the engine: bars, a venue, reports on their way, and what says that we are not ready."""

    def __init__(self, loop: LiveLoop, venue: SimulatedVenue, seed: int) -> None:
        self.loop = loop
        self.venue = venue
        self.chance = random.Random(seed)
        self.reports: deque[Event] = deque()
        self.inputs: list[Event] = []

    def live(self, bars: list[Bar]) -> None:
        """Let all of it happen, each report at a moment of its own but in order."""
        for bar in bars:
            self.venue.open_bar(bar)
            self._deliver(0.7)
            self.venue.trade_bar(bar)
            self._deliver(0.7)
            self._give(bar)
            self._deliver(0.7)
            if self.chance.random() < 0.08:
                self._flip(bar.ts_known_ns)
        self._deliver(1.0)

    def _deliver(self, likely: float) -> None:
        """Hand on some of the reports that are on their way."""
        self.venue.advance(self.loop.engine.now)
        while True:
            while (report := self.venue.next_report()) is not None:
                self.reports.append(report)
            if not self.reports or self.chance.random() >= likely:
                return
            self._give(self.reports.popleft())
            self.venue.advance(self.loop.engine.now)

    def _flip(self, at: Nanos) -> None:
        """Begin or end one reason, for all or for one."""
        reason = self.chance.randrange(len(READINESS_REASONS))
        instrument = self.chance.choice([-1, 0])
        ready = self.chance.random() < 0.85
        self._give(Readiness(at, at, reason=reason, instrument=instrument, ready=ready, note="flipped"))

    def _give(self, event: Event) -> None:
        """Hand one thing to the loop."""
        self.inputs.append(event)
        give(self.loop, event)


def give(loop: LiveLoop, event: Event) -> None:
    """Hand an event in by the door that is its kind's."""
    if event.kind == BAR:
        loop.market(event)
    else:
        loop.report(event)


def live(folder: Path, bars: int, seed: int, *, durable: bool = False) -> Lived:
    """Live through one run from begin to end."""
    folder.mkdir(parents=True, exist_ok=True)
    key = load_or_create_key(folder.parent / "keys")
    with live_recording(folder, plan(), durable=durable, resume=False, key=key) as recording:
        loop = recording.loop()
        venue = imagined_venue(recording.plan.settings, recording.plan.instruments)
        recording.switch.turn_to(venue)
        world = World(loop, venue, seed)
        world.live(bars_of(walk(seed, bars)))
        state = loop.finish(recording.journal)
    fills = sum(type(event).__name__ == "Execution" for event in world.inputs)
    return Lived(folder, world.inputs, state, fills)


def left_over(inputs: list[Event], rows: int, others: int) -> list[Event]:
    """Return the inputs behind the first so many rows and so many others, which must be a beginning of them."""
    begin = rows + others
    assert sum(event.kind == BAR for event in inputs[:begin]) == rows
    return inputs[begin:]


def take_up(folder: Path, inputs: list[Event]) -> bytes:
    """Go on with a run that was cut, where the world goes on as it did; return the state at its end."""
    key = load_or_create_key(folder.parent / "keys")
    with live_recording(folder, plan(), durable=False, resume=True, key=key) as recording:
        loop = recording.loop()
        resume = recording.repeat(loop)
        for event in left_over(inputs, loop.data.rows, resume.again.inputs):
            give(loop, event)
        return loop.finish(recording.journal)


if __name__ == "__main__":
    live(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), durable=True)
