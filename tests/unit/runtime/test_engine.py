# SPDX-License-Identifier: Apache-2.0
"""The engine: first in first out, written before obeyed, commands after the commit, and what a storm leaves behind."""

from collections.abc import Callable, Sequence

import pytest
from librt.strings import BytesWriter

from bot4.domain.errors import OurFault
from bot4.domain.event import (
    BAR,
    CANCEL_REJECTED,
    EQUITY,
    FEATURES,
    FILL,
    INQUIRY_LOST,
    MODE,
    REJECTED,
    SIGNAL,
    SUBMIT,
    Event,
)
from bot4.domain.marketdata import Equity
from bot4.domain.order import MARKET, Execution, Fill, Inquire, OrderWord, Submit, cancel_command
from bot4.domain.ports import Gateway, Journal
from bot4.domain.signal import Signal, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import BUY, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import PAUSED, Mode
from bot4.runtime.engine import Engine
from tests.unit.asking import MIDNIGHT, bar, request

T0 = Nanos(MIDNIGHT)


class Way(Gateway):
    """A gateway that notes each command in a log."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.on_send: Callable[[Event, Nanos], None] | None = None

    def send(self, command: Event, now: Nanos) -> None:
        """Note a command."""
        self.log.append(f"send {int(command.kind)}")
        if self.on_send is not None:
            self.on_send(command, now)


class World(Journal):
    """A journal and, as a part of it, a gateway that write down what happens to them, in one list with the stages."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.way = Way(self.log)
        self.fails = False

    def append(self, event: Event) -> None:
        """Note a record."""
        self.log.append(f"journal {int(event.kind)}")

    def consumed(self, row: int) -> None:
        """Note a row."""
        self.log.append(f"row {row}")

    def commit(self) -> None:
        """Note a commit, or refuse as a full disk does."""
        if self.fails:
            raise OSError("full")
        self.log.append("commit")


class Says(Stage):
    """Notes that it was asked, and puts what it was told to put."""

    def __init__(
        self,
        name: str,
        world: World,
        consumes: Sequence[int],
        reply: Callable[[Event], Sequence[Event]] = lambda _: (),
    ) -> None:
        super().__init__(tuple(consumes))
        self.name = name
        self.world = world
        self.reply = reply
        self.heard: list[Event] = []

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Note and answer."""
        self.world.log.append(f"{self.name} {int(event.kind)}")
        self.heard.append(event)
        for answer in self.reply(event):
            out.put(answer)

    def write_state(self, out: BytesWriter) -> None:
        """Nothing is kept."""


def signal(strength: float = 1.0) -> SignalEvent:
    """A journaled event that commands nothing."""
    return SignalEvent(T0, 0, 0, Signal(strength, "why", T0))


def submit(order_id: int = 1) -> Submit:
    """A command."""
    asked = request()
    return Submit(
        T0,
        order_id=order_id,
        intent_id=1,
        slot=0,
        instrument=0,
        purpose=asked.purpose,
        order_type=MARKET,
        side=BUY,
        lots=Lots(1),
        limit=Ticks(0),
        trigger=Ticks(0),
        sibling_id=0,
        reduce_only=False,
    )


def equity() -> Equity:
    """An event that is recorded by reference."""
    return Equity(T0, Money(1), Money(1))


def test_events_are_carried_first_in_first_out_through_stages_in_wired_order() -> None:
    """A bar causes two events; the first one's consequence comes after the second."""
    world = World()
    first = Says("a", world, [BAR, SIGNAL], lambda event: [signal(), equity()] if event.kind == BAR else [submit()])
    second = Says("b", world, [BAR, SIGNAL, EQUITY, SUBMIT])
    Engine([first, second], world, world.way).feed(bar(7), 7, T0)
    assert world.log == [
        "row 7",
        f"a {BAR}",
        f"b {BAR}",
        f"journal {SIGNAL}",
        f"a {SIGNAL}",
        f"b {SIGNAL}",
        f"b {EQUITY}",
        f"journal {SUBMIT}",
        f"b {SUBMIT}",
        "commit",
        f"send {SUBMIT}",
    ]


@pytest.mark.requirement("I-5", "U-5")
def test_every_event_is_written_before_any_stage_sees_it() -> None:
    """Journaled kinds are in the journal first; market data and what is made of it only by row."""
    world = World()
    Engine([Says("a", world, [SIGNAL, BAR, EQUITY])], world, world.way).process(signal(), T0)
    assert world.log == [f"journal {SIGNAL}", f"a {SIGNAL}"]
    world.log.clear()
    Engine([Says("a", world, [EQUITY])], world, world.way).process(equity(), T0)
    assert world.log == [f"a {EQUITY}"]


@pytest.mark.requirement("I-5", "P2-1")
def test_commands_leave_only_after_the_journal_has_committed_them() -> None:
    """All of one cause together, in order, after one commit, once."""
    world = World()
    commands = [submit(1), cancel_command(T0, 9, 0, "why"), submit(2)]
    sent: list[Event] = []
    world.way.on_send = lambda command, _: sent.append(command)
    engine = Engine([Says("a", world, [BAR], lambda _: commands)], world, world.way)
    engine.process(bar(0), T0)
    assert sent == commands
    assert world.log.index("commit") < min(i for i, line in enumerate(world.log) if line.startswith("send"))
    assert world.log.count("commit") == 1
    engine.process(signal(), T0)
    assert len(sent) == 3


@pytest.mark.requirement("I-5")
def test_what_could_not_be_committed_is_not_sent() -> None:
    """A disk that refuses stops the run before the command leaves."""
    world = World()
    world.fails = True
    engine = Engine([Says("a", world, [BAR], lambda _: [submit()])], world, world.way)
    with pytest.raises(OSError, match="full"):
        engine.process(bar(0), T0)
    assert not any(line.startswith("send") for line in world.log)


def test_nothing_is_committed_where_nothing_is_commanded() -> None:
    """A signal alone waits for its group."""
    world = World()
    Engine([], world, world.way).process(signal(), T0)
    assert world.log == [f"journal {SIGNAL}"]


def test_time_does_not_step_back() -> None:
    """The same moment again is fine, an earlier one is our fault."""
    world = World()
    engine = Engine([], world, world.way)
    engine.process(signal(), Nanos(10))
    engine.process(signal(), Nanos(10))
    with pytest.raises(OurFault):
        engine.process(signal(), Nanos(9))


def test_a_stage_may_not_call_back_into_the_engine() -> None:
    """A stage answers through its outbox only."""
    world = World()
    engine: list[Engine] = []

    def call_back(_: Event) -> Sequence[Event]:
        engine[0].process(signal(), T0)
        return ()

    engine.append(Engine([Says("a", world, [BAR], call_back)], world, world.way))
    with pytest.raises(OurFault):
        engine[0].process(bar(0), T0)


def test_a_gateway_may_not_call_back_into_the_engine() -> None:
    """An answer of the venue is a later event; the commands behind it are not overtaken."""
    world = World()
    engine = Engine([Says("a", world, [BAR], lambda _: [submit(1), submit(2)])], world, world.way)
    world.way.on_send = lambda command, now: engine.process(signal(), now)
    with pytest.raises(OurFault):
        engine.process(bar(0), T0)
    world.way.on_send = None
    engine.process(signal(), T0)


@pytest.mark.requirement("I-9", "prod_007", "SAFETY_001")
def test_a_storm_pauses_and_sends_nothing() -> None:
    """An event that causes itself without end: a Mode record, no command, and the engine goes on."""
    world = World()
    endless = Says("a", world, [BAR, FEATURES], lambda _: [submit(5), cancel_command(T0, 4, 0, "why"), bar(0)])
    watcher = Says("b", world, [MODE, REJECTED, CANCEL_REJECTED])
    engine = Engine([endless, watcher], world, world.way, events_max=8)
    engine.process(bar(0), T0)
    assert engine.storms == 1
    assert not any(line.startswith("send") or line == "commit" for line in world.log)
    pause = watcher.heard[0]
    assert isinstance(pause, Mode)
    assert [pause.mode, pause.rule, pause.limit] == [PAUSED, "engine.storm", 8.0]
    assert pause.measured > pause.limit


def test_what_a_storm_kept_from_leaving_is_told_to_be_refused() -> None:
    """Trading hears of each command that was written but never sent, so that it waits for nothing."""
    world = World()
    written: list[int] = []

    def once(event: Event) -> Sequence[Event]:
        if event.kind != BAR or written:
            return [bar(0)]
        written.append(1)
        return [submit(5), cancel_command(T0, 4, 0, "why"), bar(0)]

    watcher = Says("b", world, [REJECTED, CANCEL_REJECTED])
    engine = Engine([Says("a", world, [BAR], once), watcher], world, world.way, events_max=8)
    engine.process(bar(0), T0)
    told = [event for event in watcher.heard if isinstance(event, OrderWord)]
    assert [[int(word.kind), int(word.order_id)] for word in told] == [[REJECTED, 5], [CANCEL_REJECTED, 4]]


def test_a_command_still_queued_when_the_storm_breaks_is_answered_too() -> None:
    """A submit, a cancel and an inquiry that nobody has written yet: whoever put them hears that they did not leave."""
    world = World()
    inquiry = Inquire(T0, order_id=6, slot=0, instrument=0, due_ns=T0, attempt=1)
    first = [True]

    def once(event: Event) -> Sequence[Event]:
        if first[0]:
            first[0] = False
            return [bar(0), submit(5), cancel_command(T0, 4, 0, "why"), inquiry]
        return [bar(0)] * 8

    watcher = Says("b", world, [REJECTED, CANCEL_REJECTED, INQUIRY_LOST])
    engine = Engine([Says("a", world, [BAR], once), watcher], world, world.way, events_max=8)
    engine.process(bar(0), T0)
    told = [event for event in watcher.heard if isinstance(event, OrderWord)]
    assert [[int(word.kind), int(word.order_id)] for word in told] == [
        [REJECTED, 5],
        [CANCEL_REJECTED, 4],
        [INQUIRY_LOST, 6],
    ]
    assert not any(line.startswith("send") for line in world.log)


def test_a_storm_loses_no_fill() -> None:
    """What already happened is still told: a fill that was queued when the storm broke reaches the account."""
    world = World()
    report = Execution(
        T0, T0, order_id=5, trade_id=1, instrument=0, side=1, lots=Lots(1), price=Ticks(9), fee=Money(0), is_maker=False
    )
    fill = Fill(report, intent_id=1, slot=0, purpose=0)
    first = [True]

    def once(event: Event) -> Sequence[Event]:
        if first[0]:
            first[0] = False
            return [bar(0), fill]
        return [bar(0), bar(0)]

    account = Says("b", world, [FILL])
    engine = Engine([Says("a", world, [BAR], once), account], world, world.way, events_max=3)
    engine.process(bar(0), T0)
    assert engine.storms == 1
    assert account.heard == [fill]


def test_after_a_storm_nothing_of_it_is_left() -> None:
    """The next event starts with an empty queue and no old command."""
    world = World()
    stormy = [True]
    stage = Says("a", world, [BAR], lambda _: [submit(), bar(0)] if stormy[0] else [])
    engine = Engine([stage], world, world.way, events_max=8)
    engine.process(bar(0), T0)
    stormy[0] = False
    world.log.clear()
    engine.process(bar(1), T0)
    assert world.log == [f"a {BAR}"]


@pytest.mark.requirement("I-9")
def test_just_as_many_events_as_the_bound_are_no_storm() -> None:
    """The bound counts the first event and all it causes; one more is a storm."""
    for caused, storms in ((7, 0), (8, 1)):
        world = World()
        stage = Says("a", world, [BAR], lambda _, caused=caused: [equity() for _ in range(caused)])  # type: ignore[misc]
        engine = Engine([stage], world, world.way, events_max=8)
        engine.process(bar(0), T0)
        assert engine.storms == storms


def test_a_fault_of_a_stage_goes_through_and_leaves_the_engine_usable() -> None:
    """Whatever is raised reaches the caller; the queue is empty afterwards."""
    world = World()
    broken = [True]

    def raising(_: Event) -> Sequence[Event]:
        if broken[0]:
            raise OurFault("broken")
        return ()

    engine = Engine([Says("a", world, [BAR], raising)], world, world.way)
    with pytest.raises(OurFault):
        engine.process(bar(0), T0)
    broken[0] = False
    engine.process(bar(1), T0)
    assert engine.out.tail == 0
