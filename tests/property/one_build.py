# SPDX-License-Identifier: Apache-2.0
"""A process that takes random events through one build and prints what came of them, one line of JSON a case.

``python one_build.py pure|compiled FIRST COUNT``. Run as a file, since ``pure`` must be decided before bot4 is
imported: a finder of sources alone then stands before the one that would prefer the compiled files. What is drawn
depends on the case's number and on nothing else.
"""

import json
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from bot4.domain.event import Event
    from bot4.domain.instrument import Instrument
    from bot4.runtime.settings import Settings
    from bot4.runtime.strategy_loader import Recruit
    from tests.simulation.engine_run import Table

    Case = tuple[list[Table], list[Instrument], Settings, list[Recruit]]

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "bot4"
STEPS = 250


def sources_alone(place: str) -> FileFinder:
    """Return a finder that sees no compiled file in a folder of bot4."""
    if not Path(place).resolve().is_relative_to(PACKAGE.parent):
        raise ImportError(f"{place} is not bot4's")
    return FileFinder(place, (SourceFileLoader, SOURCE_SUFFIXES))


def draw(chance: "np.random.Generator") -> "Case":
    """Draw a market, settings, and strategies: shipped ones with random parameters, and one of a user."""
    from bot4.decision.strategies import Strategy, View
    from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
    from bot4.domain.signal import Signal
    from bot4.kernels.features import DEFAULT_FEATURES
    from bot4.runtime.settings import DecisionSettings, RiskSettings, StrategySettings
    from bot4.runtime.strategy_loader import Recruit, recruit
    from tests.simulation.engine_run import coin, costs, lively, walk

    temper = float(chance.uniform(0.2, 4.0))

    class Whim(Strategy):
        """Turn on a digest of every feature and of its own past."""

        def __init__(self) -> None:
            self.name = "whim"
            self.features = tuple(DEFAULT_FEATURES)
            self.memory = 0.0

        def on_bar(self, view: View) -> Signal | None:
            """Wish, say nothing, or raise."""
            digest = sum(number for name in self.features if abs(number := view[name]) < 1e12)
            self.memory = 0.9 * self.memory + temper * digest / (1.0 + abs(digest))
            if self.memory > 30.0 * temper:
                raise ValueError("beside itself")
            wish = 0.0 if abs(self.memory) < 1.0 else 1.0 if self.memory > 0 else -0.7
            return Signal(wish, f"{self.memory:.6f}", view.after(5)) if wish != view.position else None

        def state(self) -> tuple[float, ...]:
            """Return the digest."""
            return (self.memory,)

    def pick(*among: Any) -> Any:
        return among[int(chance.integers(len(among)))]

    count = int(chance.integers(1, 4))
    bars = int(chance.integers(30, 260))
    tables = [
        walk(int(chance.integers(1 << 30)), bars, volume=pick(400_000, 2_000, 50), noise=pick(0.003, 0.04))
        for _ in range(count)
    ]
    listed = [
        coin(
            i,
            symbol=f"{chr(65 + i) * 3}USDT",
            instrument_type=pick(SPOT, LINEAR_PERPETUAL),
            max_lots=pick(300, 1 << 40),
        )
        for i in range(count)
    ]
    told = (
        StrategySettings(kind="momentum", weight=float(chance.uniform(0.1, 3.0)),
                         parameters={"lookback": pick(4, 6, 9), "enter": float(chance.uniform(0.2, 2.0))}),
        StrategySettings(kind="mean_reversion",
                         parameters={"window": pick(5, 10), "enter": pick(0.5, 1.2, 2.0), "trend_max": 100}),
        StrategySettings(kind="breakout", parameters={"entry": pick(5, 10), "leave": 4, "hold_bars_max": pick(3, 20)}),
    )  # fmt: skip
    settings = lively(
        gate=pick("observe", "observe", "observe", "enforce"),
        strategies=told,
        costs=costs(
            latency_ms=pick(0, 0, 1, 3_600_000, 5_400_000),
            taker=pick(0.0, 0.001, 0.05),
            participation=pick(0.01, 0.1, 1.0),
        ),
        risk=RiskSettings(**pick({}, {"reduce_mille": 1, "pause_mille": 2, "emergency_mille": 4}, {"gross_mille": 15})),
        decision=DecisionSettings(stop_atr=pick(0.5, 4.0), target_atr=pick(0.0, 1.0, 12.0)),
    )
    shipped = recruit(told, Path())
    return tables, listed, settings, [*shipped, Recruit(3, StrategySettings(kind="test.py:Whim"), Whim, "user")]


def whole_run(chance: "np.random.Generator") -> Iterator[bytes]:
    """Take bars through the whole house and the imagined venue; one run in four may storm."""
    from tests.simulation.engine_run import run

    tables, listed, settings, recruits = draw(chance)
    bound = int(chance.integers(6, 40)) if chance.random() < 0.25 else 4096
    chunk, ahead = int(chance.integers(1, 90)), bool(chance.random() < 0.5)
    ran = run(tables, settings, instruments=listed, recruits=recruits, events_max=bound, chunk=chunk, ahead=ahead)
    yield ran.journal
    yield ran.state
    yield str(ran.fills()).encode()


def stray_report(chance: "np.random.Generator", sent: "list[Event]", now: int) -> "Event":
    """Report anything about any order, ours or not: right, late, twice, too much, or nonsense."""
    from bot4.domain.order import Execution, Submit, accepted, cancel_rejected, canceled, expired, rejected
    from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks

    orders = [command for command in sent if isinstance(command, Submit)]
    known = orders[int(chance.integers(len(orders)))] if orders else None
    if known is None or chance.random() < 0.05:
        order_id, instrument, side, lots = int(chance.integers(0, 1 << 40)), 0, BUY, 7
    else:
        order_id, instrument, side, lots = int(known.order_id), int(known.instrument), int(known.side), int(known.lots)
    late = Nanos(now - int(chance.integers(0, 10_000_000_000)))
    kind = int(chance.integers(9))
    words: list[Callable[[], Event]] = [
        lambda: accepted(late, Nanos(now), order_id, instrument),
        lambda: rejected(late, Nanos(now), order_id, instrument, "r" * int(chance.integers(0, 400))),
        lambda: canceled(late, Nanos(now), order_id, instrument, "gone – ✓"),
        lambda: expired(late, Nanos(now), order_id, instrument, ""),
        lambda: cancel_rejected(late, Nanos(now), order_id, instrument, "too late"),
    ]
    if kind < len(words):
        return words[kind]()
    return Execution(
        late,
        Nanos(now),
        order_id=order_id,
        trade_id=int(chance.integers(1, 400)),
        instrument=instrument,
        side=side if chance.random() < 0.95 else (SELL if side == BUY else BUY),
        lots=Lots(int(chance.integers(1, lots + 2))),
        price=Ticks(int(chance.integers(1, 200_000))),
        fee=Money(int(chance.integers(0, 1 << 30))),
        is_maker=bool(chance.random() < 0.5),
    )


def stray_events(chance: "np.random.Generator") -> Iterator[bytes]:
    """Take bars and reports from a venue without manners through every stage, event by event."""
    from bot4.domain.marketdata import Bar
    from bot4.domain.ports import Gateway
    from bot4.domain.values import HOUR_NS, Lots, Nanos, Ticks
    from bot4.record.header import JournalHeader, header_record
    from bot4.record.journal import JournalWriter
    from bot4.runtime.state import state_hash
    from bot4.runtime.wiring import wire
    from tests.simulation.engine_run import BytesJournal

    class Sent(Gateway):
        """Keep every command."""

        def __init__(self) -> None:
            self.commands: list[Event] = []

        def send(self, command: "Event", now: Nanos) -> None:
            """Keep one."""
            self.commands.append(command)

    tables, listed, settings, recruits = draw(chance)
    gateway, sink = Sent(), BytesJournal()
    writer = JournalWriter(sink, header_record(JournalHeader(run="0" * 64, command="paper", config={})))
    wired = wire(settings, listed, [Nanos(HOUR_NS)] * len(listed), recruits, journal=writer, gateway=gateway)
    now, at = 0, [0] * len(tables)
    for row in range(STEPS):
        i = int(chance.integers(len(tables)))
        if chance.random() < 0.55 and at[i] < tables[i].shape[1]:
            opened, first, high, low, last, volume = (int(cell) for cell in tables[i][:, at[i]])
            at[i] += 1
            now = max(now, opened + HOUR_NS)
            bar = Bar(
                Nanos(opened + HOUR_NS),
                i,
                Nanos(opened),
                Ticks(first),
                Ticks(high),
                Ticks(low),
                Ticks(last),
                Lots(volume),
            )
            wired.engine.feed(bar, row, Nanos(now))
        else:
            wired.engine.process(stray_report(chance, gateway.commands, now), Nanos(now))
        yield state_hash(wired.decisive) if row % 25 == 0 else b""
    digest = state_hash(wired.decisive)
    writer.close(STEPS, digest, False)
    yield digest
    yield bytes(sink.data)
    yield str(len(gateway.commands)).encode()


def answer(case: int, taken: "Callable[[np.random.Generator], Iterator[bytes]]") -> dict[str, Any]:
    """Return what one case came to: a hash of every piece, sizes, and the fault it ended in, if it did."""
    import numpy as np

    from bot4.domain.errors import Bot4Error

    digest, pieces, fault = sha256(), [], ""
    try:
        for piece in taken(np.random.Generator(np.random.PCG64(case))):
            digest.update(piece)
            pieces.append(len(piece) if len(piece) > 32 else piece.hex())
    except (Bot4Error, AssertionError) as error:
        fault = f"{type(error).__name__}: {error}"
    return {"case": case, "taken": taken.__name__, "hash": digest.hexdigest(), "pieces": pieces[-3:], "fault": fault}


def main(build: str, first: int, count: int) -> None:
    """Print a line about the build, then one for each case."""
    if build == "pure":
        sys.path_hooks.insert(0, sources_alone)
        sys.path_importer_cache.clear()
    from bot4.runtime import drive, engine
    from bot4.trading import execution

    loaded = ["pure" if str(one.__file__).endswith(".py") else "compiled" for one in (engine, drive, execution)]
    print(json.dumps({"build": loaded}))
    for case in range(first, first + count):
        for taken in (whole_run, stray_events):
            print(json.dumps(answer(case, taken)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
