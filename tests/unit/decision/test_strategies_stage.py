# SPDX-License-Identifier: Apache-2.0
"""The stage that runs strategies, and the containment around each: expiry, renewal, and what a failure may do."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest

from bot4.decision.strategies import Strategy, View
from bot4.decision.strategies.stage import Fault, Strategies, Voice
from bot4.domain.errors import OurFault
from bot4.domain.event import Event
from bot4.domain.signal import Halted, Signal, SignalEvent
from bot4.domain.stage import Outbox
from bot4.domain.values import HOUR_NS, Nanos, Ticks
from bot4.runtime.containment import Contained
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, answers, features

FOREVER = Nanos(MIDNIGHT + 10_000 * HOUR_NS)


class Scripted(Strategy):
    """Says what a script says, by the hour, and keeps the positions it was shown."""

    def __init__(self, script: Callable[[View, int], Any], name: str = "scripted") -> None:
        self.name = name
        self.features = ("x",)
        self.script = script
        self.seen: list[float] = []

    def on_bar(self, view: View) -> Signal | None:
        """Say the script's line."""
        self.seen.append(view.position)
        said: Signal | None = self.script(view, len(self.seen) - 1)
        return said

    def state(self) -> tuple[float, ...]:
        """Return how often it spoke."""
        return (float(len(self.seen)),)


def stage(*strategies: Strategy) -> Strategies:
    """The stage with strategies for one instrument."""
    return Strategies([[Contained(one) for one in strategies]], [coin()], [Nanos(HOUR_NS)], {"x": 0})


def hours(runner: Strategies, count: int) -> list[list[Event]]:
    """What is said hour by hour."""
    return [answers(runner, features(number, [1.0])) for number in range(count)]


def strengths(events: list[Event]) -> list[float]:
    """The strengths of the signals among events."""
    return [event.strength for event in events if isinstance(event, SignalEvent)]


@pytest.mark.requirement("entry_exit_signals")
def test_a_change_of_opinion_is_said_once_and_then_stands() -> None:
    """The same strength again is no new signal, and the strategy sees its own opinion as its position."""
    always = Scripted(lambda view, _: Signal(0.5, "up", FOREVER))
    said = hours(stage(always), 3)
    assert [strengths(events) for events in said] == [[0.5], [], []]
    assert always.seen == [0.0, 0.5, 0.5]


@pytest.mark.requirement("entry_exit_signals")
def test_an_opinion_ends_at_the_moment_it_expires() -> None:
    """Two bars from the bar that gave it: in force on the next, gone on the one after, before the strategy is asked."""
    once = Scripted(lambda view, hour: Signal(1.0, "up", view.after(2)) if hour == 0 else None)
    said = hours(stage(once), 4)
    assert [strengths(events) for events in said] == [[1.0], [], [0.0], []]
    assert once.seen == [0.0, 1.0, 0.0, 0.0]
    [ended] = said[2]
    assert isinstance(ended, SignalEvent)
    assert ended.reason == "expired"


def test_the_same_opinion_renewed_lives_longer() -> None:
    """A repeated signal moves the expiry without a new record."""
    renewing = Scripted(lambda view, hour: Signal(1.0, "up", view.after(2)) if hour <= 1 else None)
    said = hours(stage(renewing), 4)
    assert [strengths(events) for events in said] == [[1.0], [], [], [0.0]]


def test_a_flat_opinion_repeated_is_not_said() -> None:
    """Nothing held, nothing wished: silence."""
    assert hours(stage(Scripted(lambda view, _: Signal(0.0, "flat", FOREVER))), 2) == [[], []]


BAD: list[Callable[[View, int], Any]] = [
    lambda view, _: Signal(nan, "nan", FOREVER),
    lambda view, _: Signal(inf, "inf", FOREVER),
    lambda view, _: Signal(1.0000001, "too much", FOREVER),
    lambda view, _: Signal(-1.0000001, "too much", FOREVER),
    lambda view, _: Signal(1.0, "over already", view.bar.ts_known_ns),
    lambda view, _: Signal("1", "a text", FOREVER),  # type: ignore[arg-type]
    lambda view, _: Signal(1.0, 7, FOREVER),  # type: ignore[arg-type]
    lambda view, _: Signal(1.0, "\ud800", FOREVER),
    lambda view, _: Signal(1.0, "never", None),  # type: ignore[arg-type]
    lambda view, _: Signal(1.0, "half a bar", float(view.bar.ts_known_ns) + 1e15),  # type: ignore[arg-type]
    lambda view, _: Signal(1.0, "too far", 1 << 63),  # type: ignore[arg-type]
    lambda view, _: 1.0,
    lambda view, _: view["not declared"],
    lambda view, _: 1 / 0,
    lambda view, _: [].pop(),
]


@pytest.mark.requirement("P-17", "P-22")
@pytest.mark.parametrize("script", BAD)
def test_a_strategy_that_fails_in_any_way_is_stopped_and_the_others_go_on(script: Callable[[View, int], Any]) -> None:
    """One Halted record with its slot, its opinion ended, never asked again; its neighbour speaks as before."""
    bad = Scripted(lambda view, hour: Signal(1.0, "fine", FOREVER) if hour == 0 else script(view, hour), "bad")
    good = Scripted(lambda view, hour: Signal(1.0 if hour % 2 else -1.0, "good", FOREVER), "good")
    runner = stage(bad, good)
    said = hours(runner, 4)
    halted = [event for events in said for event in events if isinstance(event, Halted)]
    assert [event.slot for event in halted] == [0]
    assert halted[0].reason
    assert strengths(said[1]) == [0.0, 1.0]
    assert strengths(said[2]) == [-1.0]
    assert len(bad.seen) == 2
    assert len(good.seen) == 4


def test_a_strategy_halted_while_flat_ends_no_opinion() -> None:
    """There is nothing to close, so nothing but the halt is said."""
    [event] = answers(stage(Scripted(lambda view, _: 1 / 0)), features(0, [1.0]))
    assert isinstance(event, Halted)
    assert "ZeroDivisionError" in event.reason
    assert "scripted" in event.reason


def test_an_error_that_cannot_be_told_is_contained_too() -> None:
    """Even an exception whose text raises, or is no text that can be written, stops only its strategy."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    def raising(error: Exception) -> Callable[[View, int], Any]:
        def script(view: View, _: int) -> Any:
            raise error

        return script

    for error in (Mute(), ValueError("\ud800")):
        [event] = answers(stage(Scripted(raising(error))), features(0, [1.0]))
        assert isinstance(event, Halted)
        event.reason.encode("utf-8")


@pytest.mark.parametrize("error", [OurFault("borrowed"), SystemExit(0), GeneratorExit()])
def test_whatever_a_strategy_raises_is_its_own_fault(error: BaseException) -> None:
    """Not even bot4's own errors or a call of sys.exit end more than the strategy that raised them."""

    def broken(view: View, _: int) -> Any:
        raise error

    [event] = answers(stage(Scripted(broken)), features(0, [1.0]))
    assert isinstance(event, Halted)


def test_only_the_user_s_interruption_goes_through_a_strategy() -> None:
    """Ctrl-C while a strategy computes ends the run, not the strategy."""

    def interrupted(view: View, _: int) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers(stage(Scripted(interrupted)), features(0, [1.0]))


def test_a_strategy_cannot_change_the_market_for_others() -> None:
    """The bar a view shows is a copy, and what the view says cannot be set."""

    def meddling(view: View, _: int) -> Any:
        view.bar.close = Ticks(1)
        view.position = 1.0  # type: ignore[misc]

    given = features(0, [1.0])
    close = given.bar.close
    [event] = answers(stage(Scripted(meddling)), given)
    assert isinstance(event, Halted)
    assert given.bar.close == close


def test_each_instrument_has_its_own_voice_and_opinion() -> None:
    """What is said about one instrument does not touch the other."""
    first = Scripted(lambda view, _: Signal(1.0, "first", FOREVER))
    second = Scripted(lambda view, _: None)
    runner = Strategies(
        [[Contained(first)], [Contained(second)]],
        [coin(0), coin(1, symbol="BBBUSDT")],
        [Nanos(HOUR_NS)] * 2,
        {"x": 0},
    )
    [event] = answers(runner, features(0, [1.0], instrument=0))
    assert isinstance(event, SignalEvent)
    assert event.instrument == 0
    assert answers(runner, features(0, [1.0], instrument=1)) == []
    assert second.seen == [0.0]


class Plain(Voice):
    """A voice that is no strategy: gives one fault."""

    def speak(self, view: View) -> Signal | Fault | None:
        """Give the fault."""
        return Fault("by value")

    def state(self) -> tuple[float, ...]:
        """Nothing is kept."""
        return ()


def test_a_fault_by_value_halts_with_its_reason() -> None:
    """The stage itself catches nothing: a fault reaches it as a value."""
    runner = Strategies([[Plain()]], [coin()], [Nanos(HOUR_NS)], {"x": 0})
    [event] = answers(runner, features(0, [1.0]))
    assert isinstance(event, Halted)
    assert event.reason == "by value"


def test_a_memory_that_cannot_be_told_is_one_nan() -> None:
    """The state hash goes on where a strategy's state() raises."""

    class Forgetful(Scripted):
        def state(self) -> tuple[float, ...]:
            raise KeyError("memory")

    assert Contained(Scripted(lambda view, _: None)).state() == (0.0,)
    [number] = Contained(Forgetful(lambda view, _: None)).state()
    assert number != number


@pytest.mark.requirement("I-11")
def test_a_bar_that_comes_late_halts_nobody_and_its_opinion_is_over_already() -> None:
    """Backfilled after an outage: what the strategy says of it is as old as the bar, and the next bar is asked anew."""
    runner = stage(Scripted(lambda view, _: Signal(1.0, "up", view.after(2))))
    late = features(0, [1.0])
    out = Outbox(8)
    runner.handle(late, Nanos(late.ts_known_ns + 2 * HOUR_NS), out)
    assert out.tail == 0
    in_time = features(3, [1.0])
    assert strengths(answers(runner, in_time)) == [1.0]
