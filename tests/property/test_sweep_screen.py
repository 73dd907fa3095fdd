# SPDX-License-Identifier: Apache-2.0
"""The screen of a sweep against the engine: same signals bar by bar, same shadow record, whatever strategy and data."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT
from bot4.domain.values import DAY_NS, HOUR_NS, MINUTE_NS
from bot4.kernels.features import compile_features
from bot4.kernels.sweep import Plan, Series, holding_sharpe, plan_of, screen
from bot4.kernels.sweep.columns import Columns
from bot4.kernels.sweep.screen import opinions
from bot4.runtime.settings import StrategySettings
from bot4.runtime.wiring import first_taker
from tests.simulation.engine_run import Ran, Table, coin, lively, run, walk

NEAR = 1e-12  # what two orders of the same sums may differ by, in fractions of the notional a day

KINDS = st.one_of(
    st.tuples(
        st.just("momentum"),
        st.fixed_dictionaries(
            {
                "lookback": st.integers(2, 40),
                "enter": st.floats(-0.5, 2.0),
                "leave": st.floats(-1.0, 0.5),
                "hold_bars_max": st.integers(1, 60),
            }
        ),
    ),
    st.tuples(
        st.just("mean_reversion"),
        st.fixed_dictionaries(
            {
                "window": st.integers(2, 40),
                "enter": st.floats(-0.5, 2.0),
                "trend_max": st.floats(5.0, 100.0),
                "hold_bars_max": st.integers(1, 60),
            }
        ),
    ),
    st.tuples(
        st.just("breakout"),
        st.fixed_dictionaries(
            {"entry": st.integers(2, 40), "leave": st.integers(2, 40), "hold_bars_max": st.integers(1, 60)}
        ),
    ),
    st.tuples(
        st.just("sma_cross"),
        st.tuples(st.integers(2, 20), st.integers(1, 30)).map(lambda two: {"fast": two[0], "slow": two[0] + two[1]}),
    ),
)


def series(table: Table, *, instrument_type: int = SPOT, interval_ns: int = HOUR_NS) -> Series:
    """A table of the imagined coin as the screen reads it."""
    one = coin(instrument_type=instrument_type)
    stamps, opens, highs, lows, closes, volumes = table
    is_spot = instrument_type == SPOT
    return Series(stamps, opens, highs, lows, closes, volumes, one.tick, one.lot, interval_ns, is_spot)


def engine(
    tables: list[Table], kind: str, given: dict[str, Any], *, instrument_type: int = SPOT, interval_ns: int = HOUR_NS
) -> Ran:
    """The engine's run of one strategy over the same bars; the gate looks on."""
    instruments = [
        coin(i, symbol=f"{chr(65 + i) * 3}USDT", instrument_type=instrument_type) for i in range(len(tables))
    ]
    config = lively(strategies=(StrategySettings(kind=kind, parameters=given),))
    return run(tables, config, instruments=instruments, intervals_ns=[interval_ns] * len(tables))


def cost() -> float:
    """What a fill costs under the default settings."""
    costs = lively().costs
    return first_taker(costs) + costs.slippage


def check_record(history: list[Series], kind: str, given: dict[str, Any], ran: Ran) -> None:
    """The screen's days, trades and figures are those of the shadow book."""
    days: list[np.ndarray[Any, Any]] = []
    told = screen(plan_of(kind, [given]), history, cost(), daily=lambda gains: days.append(gains[0].copy()))
    record = ran.wired.gate.book.records[0]
    np.testing.assert_allclose(np.concatenate(days), record.daily(), rtol=0.0, atol=NEAR)
    assert told.days == record.days
    assert told.closed_trades[0] == record.closed_trades
    mean, deviation, _, deepest, total = told.figures[0]
    assert mean == pytest.approx(record.daily().mean(), abs=NEAR)
    assert deviation == pytest.approx(record.daily().std(ddof=1), rel=1e-9, abs=NEAR)
    assert total == pytest.approx(record.daily().sum(), abs=1e-10)
    equity = 1.0 + np.concatenate(([0.0], np.cumsum(record.daily())))
    peaks = np.maximum.accumulate(equity)
    assert deepest == pytest.approx(np.max((peaks - equity) / peaks), abs=1e-9)


@pytest.mark.requirement("P-29")
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    rule=KINDS,
    seed=st.integers(0, 1 << 20),
    gaps=st.sampled_from([0.0, 0.02, 0.3]),
    off_grid=st.sampled_from([0.0, 0.9]),
    instrument_type=st.sampled_from([SPOT, LINEAR_PERPETUAL]),
)
def test_a_screened_set_has_the_signals_and_the_record_of_the_engine(
    rule: tuple[str, dict[str, Any]], seed: int, gaps: float, off_grid: float, instrument_type: int
) -> None:
    """Every change of opinion on the same bar, every day's return, every closed trade."""
    kind, given = rule
    table = walk(seed, 500, gaps=gaps)
    table[0] += np.random.default_rng(seed).integers(0, int(off_grid * HOUR_NS) + 1, table.shape[1])  # bars may overlap
    history = series(table, instrument_type=instrument_type)
    ran = engine([table], kind, given, instrument_type=instrument_type)
    rows, held = opinions(plan_of(kind, [given]), history)
    said: dict[int, float] = {word.row: word.strength for word in ran.of("signal")}  # the last word of a bar counts
    assert dict(zip(rows.tolist(), held.tolist(), strict=True)) == said
    check_record([history], kind, given, ran)


def test_several_instruments_share_the_notional_as_in_the_engine() -> None:
    """Three markets, one with many bars missing and one that begins later, are one equally weighted record."""
    tables = [walk(3, 900), walk(4, 900, gaps=0.4), walk(5, 900)[:, 300:]]
    given = {"lookback": 6, "enter": 0.8, "leave": 0.0, "hold_bars_max": 12}
    check_record([series(table) for table in tables], "momentum", given, engine(tables, "momentum", given))


def test_a_record_does_not_depend_on_the_blocks_it_was_made_in() -> None:
    """Minutes over many blocks and days: opinions, wishes and positions are carried over every cut."""
    table = walk(6, 9_000, interval_ns=MINUTE_NS, noise=0.002)
    given = {"fast": 3, "slow": 11}
    ran = engine([table], "sma_cross", given, interval_ns=MINUTE_NS)
    assert ran.wired.gate.book.records[0].closed_trades > 300
    check_record([series(table, interval_ns=MINUTE_NS)], "sma_cross", given, ran)


def test_sets_screened_together_have_the_figures_of_each_alone() -> None:
    """Sharing indicators and conditions with its neighbours changes no bit of a set's figures."""
    history = [series(walk(7, 600))]
    sets = [
        {"lookback": lookback, "enter": enter, "leave": leave, "hold_bars_max": hold}
        for lookback in (5, 9)
        for enter in (0.5, 1.0)
        for leave in (-0.2, 0.0)
        for hold in (7, 40)
    ]
    together = screen(plan_of("momentum", sets), history, cost())
    for place, one in enumerate(sets):
        alone = screen(plan_of("momentum", [one]), history, cost())
        assert together.figures[place].tobytes() == alone.figures[0].tobytes()
        assert together.closed_trades[place] == alone.closed_trades[0]
    assert len({row.tobytes() for row in together.figures}) == len(sets)


def test_days_without_a_bar_are_days_without_a_return() -> None:
    """A week missing in the middle of the data is seven days of zero, as in the shadow book."""
    table = walk(8, 800)
    table = np.concatenate((table[:, :300], table[:, 300 + 7 * 24 :]), axis=1)
    given = {"entry": 5, "leave": 3, "hold_bars_max": 400}
    check_record([series(table)], "breakout", given, engine([table], "breakout", given))


@pytest.mark.parametrize("rows", [64, 256, 2048])
def test_the_short_way_to_means_gives_the_bits_of_the_indicator_machine(rows: int) -> None:
    """Means beside other indicators, in blocks of any length, warm-up included: the machine's values, bit by bit."""
    names = [f"sma_{window}" for window in (2, 3, 17, 200, 300)] + ["roc_5", "volatility_5"]
    plan = Plan()
    for name in names:
        plan.column(name)
    plan.score("roc_5", "volatility_5", 2.0)
    one = series(walk(9, 2_500, noise=0.2))  # wild enough for sums to be taken anew
    stamps = one.open_ns
    opens, highs, lows, closes = (np.multiply(column, one.tick) for column in (one.open, one.high, one.low, one.close))
    given = (opens, highs, lows, closes, np.multiply(one.volume, one.lot))
    program = compile_features(names)
    wanted = np.empty((len(stamps), len(names)))
    program.run(program.new_state(), stamps, *given, wanted)
    columns = Columns(plan, rows)
    for begin in range(0, len(stamps), rows):
        block = slice(begin, begin + rows)
        opens, highs, lows, closes, volumes = (column[block] for column in given)
        columns.load(stamps[block], (opens, highs, lows, closes, volumes))
        made = columns.values[1 : len(names) + 1, : len(closes)]
        np.testing.assert_array_equal(made.T, wanted[block])
        scaled = wanted[block, 6] * 2.0
        score = np.where(scaled > 0.0, wanted[block, 5] / np.where(scaled > 0.0, scaled, 1.0), np.nan)
        np.testing.assert_array_equal(columns.values[-1, : len(closes)], score)


def test_holding_is_the_mean_of_daily_returns_of_all_instruments() -> None:
    """Two markets, one beginning later, against a loop over days and bars that knows no search."""
    tables = [walk(12, 900, gaps=0.1), walk(13, 900)[:, 400:]]
    history = [series(table) for table in tables]
    ends = [(table[0] + HOUR_NS - 1) // DAY_NS for table in tables]
    days = range(int(ends[0][0]), int(max(one[-1] for one in ends)))
    returns = []
    for day in days[1:]:
        total = 0.0
        for table, of in zip(tables, ends, strict=True):
            before, now = table[4][of < day], table[4][of <= day]
            total += now[-1] / before[-1] - 1.0 if len(before) else 0.0
        returns.append(total / 2.0)
    wanted = np.mean(returns) / np.std(returns, ddof=1) * np.sqrt(365.0)
    assert holding_sharpe(history) == pytest.approx(wanted, rel=1e-12)
