# SPDX-License-Identifier: Apache-2.0
"""Passing over bars that cause nothing: no byte of journal, state or curve may differ from a run that carries all."""

from pathlib import Path
from struct import pack
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot4.account.positions import Positions
from bot4.decision.strategies import Strategy, View
from bot4.decision.strategies.protocol import Columns
from bot4.domain.calm import Calm
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT, Instrument
from bot4.domain.marketdata import Bar, Features
from bot4.domain.signal import Signal
from bot4.domain.values import HOUR_NS, MONEY_ONE, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import EMERGENCY
from bot4.kernels.calm import Spoken, count_calm, count_calm_at
from bot4.kernels.jit import IS_COMPILED, address_of
from bot4.record.curve import CurveRecorder
from bot4.risk.drawdown import Ladder
from bot4.runtime.settings import DecisionSettings, RiskSettings, Settings, StrategySettings
from bot4.runtime.strategy_loader import Recruit, recruit
from tests.simulation.engine_run import LIVELY, Ran, Table, coin, costs, lively, run, walk

WHOLE_RUNS = settings(max_examples=max(5, settings().max_examples // 3))
"""Each example is two runs of some hundred bars."""

KINDS = st.sampled_from([SPOT, LINEAR_PERPETUAL])

FEW = ("sma_10",)
"""Besides what strategies read: without compiled kernels each feature of each bar takes its time."""


@st.composite
def shipped(draw: st.DrawFn) -> tuple[StrategySettings, ...]:
    """One to four shipped strategies with parameters that make them talk much, or hardly ever."""
    hold = st.integers(1, 60)
    made = {
        "momentum": {
            "lookback": draw(st.integers(3, 12)),
            "enter": draw(st.sampled_from([0.3, 1.0, 2.5])),
            "leave": draw(st.sampled_from([-0.5, 0.0, 0.2])),
            "hold_bars_max": draw(hold),
        },
        "mean_reversion": {
            "window": draw(st.integers(4, 20)),
            "enter": draw(st.sampled_from([0.5, 1.5, 3.0])),
            "trend_max": draw(st.sampled_from([15, 100])),
            "hold_bars_max": draw(hold),
        },
        "breakout": {"entry": draw(st.integers(6, 40)), "leave": draw(st.integers(2, 5)), "hold_bars_max": draw(hold)},
        "sma_cross": {"fast": draw(st.integers(2, 5)), "slow": draw(st.integers(6, 30))},
    }
    names = draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=4, unique=True))
    return tuple(StrategySettings(kind=name, parameters=cast("Any", made[name])) for name in names)


@st.composite
def quiet_markets(draw: st.DrawFn) -> tuple[Table, Instrument, Settings, int]:
    """A market, an instrument, settings, and how many bars a block holds."""
    table = walk(
        draw(st.integers(0, 100_000)),
        draw(st.integers(50, 700)),
        volume=draw(st.sampled_from([400_000, 2_000, 50])),
        noise=draw(st.sampled_from([0.0005, 0.006, 0.04])),
        gaps=draw(st.sampled_from([0.0, 0.05, 0.6])),
    )
    ladders: list[dict[str, int]] = [{}, {"reduce_mille": 1, "pause_mille": 2, "emergency_mille": 4}]
    ladders.append({"reduce_mille": 2, "pause_mille": 400, "emergency_mille": 800})
    told = lively(
        features=FEW,
        strategies=draw(shipped()),
        gate=draw(st.sampled_from(["observe", "observe", "enforce"])),
        costs=costs(
            latency_ms=draw(st.sampled_from([0, 1, 3_600_000, 5_400_000])),
            taker=draw(st.sampled_from([0.0, 0.001, 0.05])),
        ),
        risk=RiskSettings(**draw(st.sampled_from(ladders))),
        decision=DecisionSettings(
            stop_atr=draw(st.sampled_from([0.5, 2.0, 20.0])), target_atr=draw(st.sampled_from([0.0, 1.0, 8.0]))
        ),
    )
    return table, coin(instrument_type=draw(KINDS)), told, draw(st.sampled_from([7, 64, 16_384]))


def both(
    table: Table, instrument: Instrument, told: Settings, chunk: int, **how: Any
) -> list[tuple[Ran, CurveRecorder]]:
    """Run a market twice: every bar carried, and passing over what causes nothing."""
    made = []
    for every_bar in (True, False):
        curve = CurveRecorder([instrument], Money(told.account.cash * MONEY_ONE), samples_max=50)
        ran = run(table, told, instruments=[instrument], chunk=chunk, every_bar=every_bar, observers=[curve], **how)
        made.append((ran, curve))
    return made


def told_by(curve: CurveRecorder) -> list[object]:
    """Return all that a curve holds for the report."""
    deepest = curve.drawdown
    return [
        curve.samples_now().columns(),
        [list(curve.days_now().days), list(curve.days_now().equity), [list(one) for one in curve.days_now().closes]],
        [deepest.depth_peak, deepest.depth_floor, deepest.depth_from_ns, deepest.depth_to_ns],
        [(int(mark.ts_ns), mark.price) for mark in curve.marks],
        [curve.shortfall, curve.shortfall_notional, curve.first_closes, curve.first_ns, curve.modes_seen],
    ]


@pytest.mark.requirement("MEM_001", "P-18")
@WHOLE_RUNS
@given(quiet_markets())
def test_what_is_passed_over_caused_nothing(drawn: tuple[Table, Instrument, Settings, int]) -> None:
    """Random strategies, stops, costs, ladders and data: journal, state hash and curve are equal to the byte."""
    (plain, plain_curve), (quick, quick_curve) = both(*drawn)
    assert quick.journal == plain.journal
    assert quick.state == plain.state
    assert told_by(quick_curve) == told_by(plain_curve)
    assert int(plain.drive.carried) == plain.rows == quick.rows
    assert int(quick.drive.carried) <= quick.rows


def test_a_quiet_year_is_mostly_passed_over() -> None:
    """The shipped strategies with their own parameters leave most bars of a calm market uncarried."""
    table = walk(3, 3_000, gaps=0.0)
    defaults = tuple(StrategySettings(kind=one.kind) for one in LIVELY)
    (plain, _), (quick, _) = both(table, coin(), lively(strategies=defaults, features=FEW), 16_384)
    assert quick.journal == plain.journal
    assert plain.fills() > 20
    assert int(quick.drive.carried) < 0.5 * quick.rows


def test_a_run_that_was_stopped_ends_where_one_that_carries_all_would() -> None:
    """Whether to stop is asked at the same rows, and the run that was cut is the same."""
    table = walk(5, 9_000, gaps=0.0)
    told = lively(strategies=(StrategySettings(kind="momentum"),), features=FEW)
    asked: list[list[int]] = []
    cuts: list[Ran] = []
    for every_bar in (True, False):
        heard: list[int] = []

        def stop(rows: int, heard: list[int] = heard) -> bool:
            heard.append(rows)
            return True

        cuts.append(run(table, told, every_bar=every_bar, stop=stop))
        asked.append(heard)
    assert asked[0] == asked[1] == [8_192, 8_192]
    assert cuts[0].journal == cuts[1].journal
    assert cuts[0].state == cuts[1].state


class Promising(Strategy):
    """A user's strategy on the sign of the last change, with a promise of any kind."""

    def __init__(self, promise: object) -> None:
        self.name = "promising"
        self.features = ("roc_10",)
        self.promise = promise

    def on_bar(self, view: View) -> Signal | None:
        """Hold long after a large rise, flat after a large fall."""
        change = view["roc_10"]
        if view.position == 0.0 and change > 3.0:
            return Signal(1.0, "rose", view.after(1_000))
        return Signal(0.0, "fell", view.after(1)) if view.position > 0.0 and change < -3.0 else None

    def may_speak(self, columns: Columns, position: float) -> NDArray[np.bool_] | None:
        """Tell the truth, or whatever was asked for."""
        if self.promise == "truth":
            change = columns["roc_10"]
            return change > 3.0 if position == 0.0 else change < -3.0
        if isinstance(self.promise, Exception):
            raise self.promise
        return cast("NDArray[np.bool_] | None", self.promise)


@pytest.mark.parametrize(
    "promise", [None, "truth", ValueError("no"), np.zeros(3, dtype=np.bool_), np.zeros(500, dtype=np.int8), 7]
)
def test_only_a_promise_of_one_truth_a_bar_counts(promise: object) -> None:
    """A user's strategy that promises nothing usable is shown every bar, and one that does is run to equal bytes."""
    told = lively(strategies=(), features=FEW)
    users = [Recruit(0, StrategySettings(kind="test.py:Promising"), lambda: Promising(promise), "hash")]
    (plain, _), (quick, _) = both(walk(11, 500), coin(), told, 16_384, recruits=users)
    assert quick.journal == plain.journal
    assert plain.fills() > 0
    kept = promise == "truth" if isinstance(promise, str) else False
    assert (int(quick.drive.carried) < quick.rows) == kept
    assert quick.wired.strategies.unforeseen() == ([] if kept else [0])


NUMBERS = st.one_of(
    st.floats(-200, 200),
    st.sampled_from(
        [0.0, -0.0, 1.0, -1.0, 2.0, 20.0, 100.0, float("nan"), float("inf"), -float("inf"), 1e-300, 5e-324, 1e308]
    ),
)


@pytest.mark.parametrize("kind", ["momentum", "mean_reversion", "breakout", "sma_cross"])
@given(
    st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=1, max_size=20), st.sampled_from([-1.0, 0.0, 1.0, 0.4])
)
def test_shipped_strategies_keep_their_promise(kind: str, rows: list[list[float]], position: float) -> None:
    """Whatever the features are, NaN and infinity among them: where a strategy speaks, it said that it may."""
    strategy = recruit((StrategySettings(kind=kind),), Path())[0].instance()
    names = strategy.features
    index = {name: place for place, name in enumerate(names)}
    values: NDArray[np.float64] = np.array([row[: len(names)] for row in rows], dtype=np.float64)
    closes = np.array([int(1 + abs(row[-1])) if abs(row[-1]) < 1e9 else 1 for row in rows], dtype=np.int64)
    mask = strategy.may_speak(
        Columns(values, index, close=np.multiply(closes, 0.5, dtype=np.float64), now_ns=closes), position
    )
    assert mask is not None
    for i, row in enumerate(values):
        close = Ticks(int(closes[i]))
        bar = Bar(Nanos(HOUR_NS), 0, Nanos(0), close, close, close, close, Lots(1))
        features = Features(bar, pack(f"<{len(names)}d", *row), 0)
        said = strategy.on_bar(View(features, index, position=position, tick=0.5, interval_ns=Nanos(HOUR_NS)))
        assert said is None or mask[i]


@given(
    st.integers(-(10**7), 10**7),
    st.integers(1, 10**7),
    st.integers(1, 10**15),
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.integers(-2_000, 2_000),
)
def test_equity_keeps_its_bounds_within_the_calm(
    lots: int, price: int, cash: int, fall: int, rise: int, step: int
) -> None:
    """At the edges of the closes allowed, and at any between, the account's own reckoning stays inside the bounds."""
    positions = Positions([coin(instrument_type=LINEAR_PERPETUAL)])
    holding = positions.holdings[0]
    positions.apply(holding, lots=Lots(lots), price=Ticks(price), fee=Money(0)) if lots else None
    equity = cash + int(positions.worth)
    above, most = equity - fall, equity + rise
    calm = Calm()
    assert not calm.keep_equity(Money(above), Money(most)), "nothing was told yet"
    calm.value(holding.instrument, holding.lots, Ticks(price), Money(equity))
    assert calm.keep_equity(Money(above), Money(most))
    low, high = int(calm.close_min), int(calm.close_max)
    if not lots:
        return
    for close in {low, high, max(low, min(high, price + step))}:
        if low <= close <= high and 0 < close < 10**8:
            positions.mark(holding, Ticks(close))
            assert above < cash + int(positions.worth) <= most


def test_room_beyond_what_int64_counts_narrows_the_calm_or_ends_it() -> None:
    """Far inside the bounds the closes are finite and the bounds hold; far outside nothing is calm."""
    traded = coin()
    equity, lots, price = 1 << 60, 1_000, 100_000
    calm = Calm()
    calm.value(traded, Lots(lots), Ticks(price), Money(equity))
    assert calm.keep_equity(Money(-equity), Money(2 * equity - 1))
    assert price < int(calm.close_max)
    gain = int(traded.notional(Ticks(int(calm.close_max)), Lots(lots))) - int(traded.notional(Ticks(price), Lots(lots)))
    assert 0 < gain < equity - 1
    assert not calm.keep_equity(Money(0), Money(equity // 2)), "equity is far above the most"
    assert not calm.keep_equity(Money(2 * equity - 1), Money(2 * equity - 1)), "equity is far below the least"


@given(st.lists(st.integers(1, 200), max_size=12), st.integers(1, 200))
def test_a_mark_within_the_bounds_of_the_step_changes_nothing(before: list[int], mark: int) -> None:
    """The ladder's mode and peak stay, whatever came before."""
    ladder = Ladder(Money(100), 50, 100, 150)
    for i, equity in enumerate(before):
        ladder.mark(Money(equity), Nanos(i * 7 * HOUR_NS))
    above, most = int(ladder.step_above()), int(ladder.step_most())
    mode, peak = int(ladder.mode), int(ladder.peak)
    assert mode != EMERGENCY or above >= most
    if above < mark <= most:
        assert not ladder.mark(Money(mark), Nanos(100_000 * HOUR_NS))
        assert (int(ladder.mode), int(ladder.peak)) == (mode, peak)


@given(st.integers(0, 10_000), st.data())
def test_calm_bars_are_counted_as_one_by_one(seed: int, data: st.DataObject) -> None:
    """The pass over the columns is the plain reading of the bounds."""
    rows = np.ascontiguousarray(walk(seed, 30, noise=0.01))
    spoken = np.asarray(np.random.Generator(np.random.PCG64(seed)).random(rows.shape[1]) < 0.05)
    price = st.integers(95_000, 105_000)
    first = data.draw(st.integers(0, rows.shape[1]))
    until = int(rows[0, data.draw(st.integers(0, rows.shape[1] - 1))])
    below, above, least, most = (data.draw(price) for _ in range(4))
    told = count_calm(rows, spoken, first, until, below, above, least, most)
    naive = 0
    for k in range(first, rows.shape[1]):
        stamp, open_, high, low, close = (int(number) for number in rows[:5, k])
        inside = all(below < one < above for one in (open_, high, low)) and least <= close <= most
        if spoken[k] or stamp > until or not inside:
            break
        naive += 1
    assert told == naive
    if IS_COMPILED:
        bounds = (first, until, below, above, least, most)
        assert count_calm_at(address_of(rows), rows.shape[1], Spoken(spoken).address, *bounds) == naive
