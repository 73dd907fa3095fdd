# SPDX-License-Identifier: Apache-2.0
"""The feature stage: streaming, block by block, and from any cut, one truth to the bit."""

from collections.abc import Sequence
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.domain.errors import BadInput
from bot4.domain.marketdata import Bar, Features
from bot4.domain.values import HOUR_NS, Nanos
from bot4.insight.features import FeatureStage
from bot4.kernels.features import DEFAULT_FEATURES, compile_features
from bot4.runtime.drive import Head
from tests.simulation.engine_run import Recorded, Table, coin, walk
from tests.unit.asking import answers, bar

PROGRAM = compile_features(list(DEFAULT_FEATURES))
HOUR = Nanos(HOUR_NS)
FEW = settings(max_examples=max(5, settings().max_examples // 8))


def stage(read: Sequence[str] = tuple(DEFAULT_FEATURES), instruments: int = 1) -> FeatureStage:
    """A stage over the default features."""
    return FeatureStage(PROGRAM, list(read), [coin(i, symbol=f"{chr(65 + i) * 3}USDT") for i in range(instruments)])


def fed(runner: FeatureStage, table: Table, *, ahead: bool, chunk: int = 1 << 14) -> list[list[float]]:
    """The values of each bar of a table."""
    head = Head(Recorded(table, chunk=min(chunk, 1 << 14)), runner, ahead)
    rows: list[list[float]] = []
    while (following := head.next()) is not None:
        rows.append(values_of(one_answer(runner, following), runner))
    return rows


def one_answer(runner: FeatureStage, shown: Bar) -> Features:
    """The one event that answers a bar."""
    [told] = answers(runner, shown)
    assert isinstance(told, Features)
    assert told.bar is shown
    return told


def values_of(told: Features, runner: FeatureStage) -> list[float]:
    """Every value of one answer."""
    return [told.value(place) for place in range(int(runner.lanes[0].width) // 8)]


def state(runner: FeatureStage) -> bytes:
    """The state's bytes."""
    out = BytesWriter()
    runner.write_state(out)
    return out.getvalue()


def bits(rows: list[list[float]]) -> bytes:
    """The exact bits of values, NaN included."""
    return np.array(rows, dtype=np.float64).tobytes()


@pytest.mark.requirement("ML_001", "P-29", "I-10")
@FEW
@given(st.integers(0, 1_000), st.integers(2, 300), st.integers(1, 60))
def test_ahead_and_streaming_are_equal_to_the_bit(seed: int, bars: int, chunk: int) -> None:
    """Values and the state after every bar do not depend on how the bars came."""
    table = walk(seed, bars, gaps=0.0)
    streaming, ahead = stage(), stage()
    assert bits(fed(streaming, table, ahead=False)) == bits(fed(ahead, table, ahead=True, chunk=chunk))
    assert state(streaming) == state(ahead)


@pytest.mark.requirement("I-10", "P-18")
@FEW
@given(st.integers(0, 1_000), st.integers(1, 99))
def test_the_state_in_the_midst_of_a_block_is_that_of_the_bars_shown(seed: int, shown: int) -> None:
    """Computed a hundred bars ahead, asked after some of them: the bars not yet shown do not show."""
    table = walk(seed, 100, gaps=0.0)
    ahead, plain = stage(), stage()
    head = Head(Recorded(table), ahead, ahead=True)
    for _ in range(shown):
        following = head.next()
        assert following is not None
        answers(ahead, following)
    fed(plain, table[:, :shown], ahead=False)
    assert state(ahead) == state(plain)


def test_a_stage_goes_on_bar_by_bar_where_a_block_has_ended() -> None:
    """Half ahead, half streaming: as if all had been one way."""
    table = walk(3, 120, gaps=0.0)
    mixed, plain = stage(), stage()
    rows = fed(mixed, table[:, :70], ahead=True) + fed(mixed, table[:, 70:], ahead=False)
    assert bits(rows) == bits(fed(plain, table, ahead=False))
    assert state(mixed) == state(plain)


def test_only_what_is_read_is_told_in_the_order_asked_for() -> None:
    """The whole set is computed; the values are those of the names given."""
    table = walk(4, 60, gaps=0.0)
    names = [DEFAULT_FEATURES[3], DEFAULT_FEATURES[0]]
    some, every = fed(stage(names), table, ahead=True), fed(stage(), table, ahead=True)
    assert bits(some) == bits([[row[3], row[0]] for row in every])


@pytest.mark.requirement("P-29", "I-11")
def test_features_are_nan_until_they_are_warm() -> None:
    """The first bar knows no volatility; after two hundred nothing is left unknown."""
    rows = fed(stage(), walk(5, 300, gaps=0.0), ahead=False)
    assert any(isnan(number) for number in rows[0])
    assert not any(isnan(number) for number in rows[-1])


def test_prices_are_in_quote_units_and_instruments_apart() -> None:
    """A moving average of one price is that price times the tick; the other instrument has seen nothing."""
    runner = stage(["sma_20"], instruments=2)
    told = [values_of(one_answer(runner, bar(hour, 123_456)), runner) for hour in range(25)]
    assert told[-1] == [pytest.approx(1234.56)]
    other = one_answer(runner, bar(25, 500, instrument=1))
    assert isnan(other.value(0))


LINKED = ("rsi_3@4h", "beta_5~AAAUSDT", "sma_3")


def linked(names: Sequence[str] = LINKED, length: Nanos = HOUR) -> FeatureStage:
    """A stage of two instruments, AAAUSDT before BBBUSDT, told the length of their bars."""
    coins = [coin(i, symbol=f"{chr(65 + i) * 3}USDT") for i in range(2)]
    return FeatureStage(compile_features(names), names, coins, (length, length))


@pytest.mark.requirement("ML_017")
@FEW
@given(st.integers(0, 1_000), st.integers(1, 60))
def test_a_portfolio_has_features_of_larger_bars_and_against_a_reference(seed: int, bars: int) -> None:
    """Each value is that of the kernel over the bars so far, the newest handled close of the reference beside them."""
    tables = [walk(seed + i, bars, gaps=0.0) for i in range(2)]
    runner = linked()
    heads = [Head(Recorded(table, instrument=i), runner, True) for i, table in enumerate(tables)]
    told: list[list[list[float]]] = [[], []]
    for _ in range(bars):
        for i, head in enumerate(heads):
            shown = head.next()
            assert shown is not None
            told[i].append(values_of(one_answer(runner, shown), runner))
    lane = runner.lanes[0]
    known = (np.asarray(tables[0][4], dtype=np.float64) * lane.tick).reshape(-1, 1)
    for i, table in enumerate(tables):
        out = np.empty((bars, len(LINKED)))
        o, h, low, c = (np.asarray(column, dtype=np.float64) * lane.tick for column in table[1:5])
        volumes = np.asarray(table[5], dtype=np.float64) * lane.lot
        state_before = lane.program.new_state(int(HOUR))
        lane.program.run(state_before, table[0], o, h, low, c, volumes, out, references=known)
        assert bits(told[i]) == out.tobytes()
        assert runner.lanes[i].state_now().tobytes() == state_before.tobytes()
    assert bars < 20 or not np.isnan(told[1][-1]).any()


def test_a_reference_handled_later_counts_from_the_next_bar_on() -> None:
    """Of two bars of one moment the first knows nothing of the second."""
    runner = linked(["outperformance_1~BBBUSDT"])
    for hour, (ours, theirs) in enumerate([(100, 100), (100, 200), (100, 200), (100, 200)]):
        value = one_answer(runner, bar(hour, ours)).value(0)
        answers(runner, bar(hour, theirs, instrument=1))
        if hour == 2:
            assert value == pytest.approx(-np.log(2.0))


@pytest.mark.parametrize(
    ("names", "code"),
    [(["beta_5~CCCUSDT"], "reference_missing"), (["sma_3@90m"], "timeframe"), (["sma_3@30m"], "timeframe")],
)
def test_what_the_bars_cannot_give_is_refused_with_a_way_out(names: list[str], code: str) -> None:
    """A reference without bars; larger bars that hours do not add up to."""
    with pytest.raises(BadInput) as caught:
        linked(names)
    assert caught.value.code == code
    assert all(caught.value.fields().values())
