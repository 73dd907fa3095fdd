# SPDX-License-Identifier: Apache-2.0
"""Tick strategies: asked at every trade, shown the quote and the last bar, held to what they say, contained."""

from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from librt.strings import BytesWriter

from bot4.decision.strategies import TickEma, TickStrategy, TickView
from bot4.decision.strategies.ticks import TickStrategies
from bot4.domain.event import Event
from bot4.domain.marketdata import Quote, Trade
from bot4.domain.signal import NEVER, Halted, Signal, SignalEvent
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.runtime.containment import ContainedTicks
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.strategy_loader import recruit
from bot4.runtime.wiring import voices_of
from tests.simulation.engine_run import coin
from tests.unit.asking import MIDNIGHT, answers, features


class Scripted(TickStrategy):
    """Says what a script says, by the number of the trade."""

    def __init__(self, script: Callable[[TickView, int], Any], name: str = "scripted") -> None:
        self.name = name
        self.features = ("x",)
        self.script = script
        self.asked = 0

    def on_tick(self, view: TickView) -> Signal | None:
        """Say the script's line."""
        self.asked += 1
        said: Signal | None = self.script(view, self.asked - 1)
        return said

    def state(self) -> tuple[float, ...]:
        """Return how often it was asked."""
        return (float(self.asked),)


def stage(*strategies: TickStrategy) -> TickStrategies:
    """Strategies on one instrument, in slots 0, 2, 4: bar strategies stand between."""
    voices = {2 * i: ContainedTicks(one) for i, one in enumerate(strategies)}
    return TickStrategies([voices], [coin()], {"x": 0})


def trade(number: int, price: int = 100_000, *, side: int = 1) -> Trade:
    """The trade of the given number, one a second."""
    at = Nanos(MIDNIGHT + number * 1_000_000_000)
    return Trade(at, at, 0, number, side, Ticks(price), Lots(20_000))


def said(events: list[Event]) -> list[tuple[int, float]]:
    """Slot and strength of signals."""
    return [(int(one.slot), one.strength) for one in events if isinstance(one, SignalEvent)]


def test_a_view_shows_trade_quote_features_and_position() -> None:
    """In quote and base units; NaN before the first quote and the first bar."""
    seen: list[tuple[float, ...]] = []

    def look(view: TickView, number: int) -> Signal | None:
        told = (view.price, view.quantity, float(view.side), view.bid, view.ask, view.bid_quantity, view["x"])
        seen.append((*told, view.position, float(view.now_ns)))
        return Signal(1.0, "in", NEVER) if number == 0 else None

    held = stage(Scripted(look))
    answers(held, trade(0, side=-1))
    at = Nanos(MIDNIGHT)
    answers(held, Quote(at, at, 0, Ticks(99_999), Lots(30_000), Ticks(100_001), Lots(40_000)))
    answers(held, features(0, [7.5]))
    answers(held, trade(1, 100_050))
    assert seen[0][:3] == (1000.0, 2.0, -1.0)
    assert all(map(isnan, (seen[0][3], seen[0][4], seen[0][6])))
    assert seen[1] == (1000.5, 2.0, 1.0, 999.99, 1000.01, 3.0, 7.5, 1.0, float(MIDNIGHT + 1_000_000_000))


def test_opinions_change_are_renewed_and_expire() -> None:
    """Only a change is told; an expired one ends at the next trade."""
    lines = {
        0: Signal(0.5, "in", Nanos(MIDNIGHT + 5_000_000_000)),
        1: Signal(0.5, "again", Nanos(MIDNIGHT + 3_000_000_000)),
    }
    held = stage(Scripted(lambda _view, number: lines.get(number)))
    told = [said(answers(held, trade(number))) for number in range(5)]
    assert told == [[(0, 0.5)], [], [], [(0, 0.0)], []]


@pytest.mark.parametrize(
    "line", [Signal(2.0, "too much", NEVER), Signal(1.0, "late", Nanos(1)), "buy", 1.0, ZeroDivisionError("no")]
)
def test_one_that_fails_is_halted_and_the_others_go_on(line: object) -> None:
    """Whatever it did; what it held is given up, and it is never asked again."""

    def fail(_view: TickView, number: int) -> Any:
        if number == 0:
            return Signal(1.0, "in", NEVER)
        if isinstance(line, Exception):
            raise line
        return line

    broken, sound = Scripted(fail), Scripted(lambda _view, number: Signal(0.1 * (number + 1), "more", NEVER), "sound")
    held = stage(broken, sound)
    assert said(answers(held, trade(0))) == [(0, 1.0), (2, 0.1)]
    second = answers(held, trade(1))
    assert [int(one.slot) for one in second if isinstance(one, Halted)] == [0]
    assert said(second) == [(0, 0.0), (2, 0.2)]
    assert len(answers(held, trade(2))) == 1
    assert broken.asked == 2


def test_state_tells_opinions_and_memory() -> None:
    """Two stages that were asked differently write different bytes."""

    def written(trades: int) -> bytes:
        held = stage(Scripted(lambda _view, _number: None))
        for number in range(trades):
            answers(held, trade(number))
        out = BytesWriter()
        held.write_state(out)
        return out.getvalue()

    assert written(3) == written(3) != written(4)


def test_ema_against_the_formula() -> None:
    """Silent until warm, then the sign of the difference of two plain recursions."""
    prices = [100_000 + (n * 37) % 101 + (300 if 100 < n < 200 else 0) for n in range(300)]
    ema = TickEma(fast=5, slow=20)
    held = TickStrategies([{0: ContainedTicks(ema, is_shipped=True)}], [coin()], {})
    fast = slow = prices[0] * 0.01
    position = 0.0
    for number, price in enumerate(prices):
        fast += (price * 0.01 - fast) * (2 / 6)
        slow += (price * 0.01 - slow) * (2 / 21)
        wanted = position if number < 20 or fast == slow else 1.0 if fast > slow else -1.0
        assert said(answers(held, trade(number, price))) == ([(0, wanted)] if wanted != position else [])
        position = wanted
    assert ema.state()[2] == 20.0
    assert ema.state()[:2] == pytest.approx((fast, slow), rel=1e-12)


def test_a_band_keeps_small_crossings_quiet() -> None:
    """The same prices with a band wider than they move: no opinion."""
    held = TickStrategies([{0: ContainedTicks(TickEma(5, 20, band=0.01))}], [coin()], {})
    told = [said(answers(held, trade(number, 100_000 + (number * 37) % 101))) for number in range(200)]
    assert not any(told)
    with pytest.raises(ValueError, match="fast 20, slow 5"):
        TickEma(20, 5)


def test_each_strategy_has_its_voice_where_it_is_asked() -> None:
    """In a run with both kinds, slots stay; a tick strategy is mute about bars."""
    settings = Settings(strategies=(StrategySettings(kind="momentum"), StrategySettings(kind="tick_ema")))
    recruits = recruit(settings.strategies, Path())
    voices, tick_voices = voices_of([coin(0), coin(1)], recruits)
    assert [list(row) for row in tick_voices] == [[1], [1]]
    assert [len(row) for row in voices] == [2, 2]
    assert voices[0][1].state() == ()
