# SPDX-License-Identifier: Apache-2.0
"""Features of larger bars on the clock of shorter ones: what is known when, gaps, cuts and names."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot4.kernels.features import FeatureProgram, compile_features
from bot4.kernels.jit import Ints
from bot4.market.aggregation import BarAggregator
from bot4.market.faults import FaultLog
from tests.unit.kernels.series import Floats, Series, generated

pytestmark = pytest.mark.requirement("ML_017")

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
START = 1_600_000_000_000_000_000 // HOUR * HOUR
PLAIN = ("rsi_3", "sma_2", "atr_2", "obv", "vwap_2", "minute_of_day")
FRAMED = tuple(f"{name}@{frame}" for frame in ("5m", "15m") for name in PLAIN)
NAMES = ("rsi_3", *FRAMED, "ema_4")
PROGRAM = compile_features(NAMES)
BASE = compile_features(PLAIN)


def minutes(bars: int, seed: int, *, begin: int = 0, missing: float = 0.2) -> Series:
    """Bars of one minute, some not there, with whole prices and volumes, so that sums of volumes are exact."""
    series = generated(bars, seed=seed, price=50_000.0)
    there = np.random.Generator(np.random.PCG64(seed)).random(bars) >= missing
    stamps = START + (np.arange(bars, dtype=np.int64) + begin) * MINUTE
    o, h, low, c = (np.maximum(np.rint(one), 1.0) for one in series.floats()[:4])
    return picked(Series(stamps, o, h, low, c, np.rint(series.volumes)), there)


def picked(series: Series, there: NDArray[np.bool_]) -> Series:
    """The bars that are there."""
    return Series(series.open_ns[there], *(one[there] for one in series.floats()))


def run(program: FeatureProgram, series: Series, interval_ns: int = 0) -> tuple[Floats, Floats]:
    """Outputs and the state after a whole series."""
    state = program.new_state(interval_ns)
    out = np.empty((len(series.closes), program.size))
    program.run(state, *series, out)
    return out, state


def as_rows(series: Series) -> Ints:
    """The series as the rows that market's aggregation takes."""
    return np.stack([series.open_ns, *(one.astype(np.int64) for one in series.floats()), series.open_ns * 0])


def larger(series: Series, period: int) -> Series:
    """The finished bars of a period, as market builds them; the last only if its end was reached."""
    aggregator = BarAggregator(MINUTE, period, FaultLog(["here"]))
    rows = np.concatenate([aggregator.push(as_rows(series)), aggregator.finish()], axis=1)
    return Series(rows[0], *(one.astype(np.float64) for one in rows[1:6]))


def finished(series: Series, frame: Series, period: int, *, told: bool) -> Ints:
    """How many larger bars are known with each bar: those that ended by its end; untold, by its open."""
    moment = series.open_ns + (MINUTE if told else 0)
    return np.searchsorted(frame.open_ns + period, moment, side="right")


@given(
    seed=st.integers(0, 2**32),
    bars=st.integers(1, 150),
    begin=st.integers(0, 59),
    missing=st.sampled_from([0.0, 0.2, 0.9]),
    told=st.booleans(),
)
def test_each_value_is_that_of_the_last_finished_larger_bar(
    seed: int, bars: int, begin: int, missing: float, told: bool
) -> None:
    """Market's aggregation and the plain feature over its bars, looked up by their end: equal to the bit.

    Series begin in mid-hour, minutes are missing, whole periods are empty, the last bar of a period may not come.
    """
    series = minutes(bars, seed, begin=begin, missing=missing)
    ours, _ = run(PROGRAM, series, MINUTE if told else 0)
    for number, minutes_long in enumerate((5, 15)):
        period = minutes_long * MINUTE
        frame = larger(series, period) if len(series.closes) else series
        values, _ = run(BASE, frame)
        values = np.concatenate([np.full((1, BASE.size), np.nan), values])
        expected = values[finished(series, frame, period, told=told)]
        first = 1 + number * len(PLAIN)
        assert np.ascontiguousarray(ours[:, first : first + len(PLAIN)]).tobytes() == expected.tobytes()


@given(seed=st.integers(0, 2**32), bars=st.integers(1, 150), cuts=st.lists(st.integers(0, 150), max_size=4))
def test_streaming_and_pieces_equal_the_batch_to_the_bit(seed: int, bars: int, cuts: list[int]) -> None:
    """Outputs and state, through every door."""
    series = minutes(bars, seed)
    batch, after = run(PROGRAM, series, MINUTE)
    stream = PROGRAM.stream(PROGRAM.new_state(MINUTE))
    state, out = PROGRAM.new_state(MINUTE), np.empty(PROGRAM.size)
    for i, bar in enumerate(series.bars()):
        assert stream.step(*bar)
        assert PROGRAM.step(state, *bar, out)
        assert stream.values.tobytes() == out.tobytes() == batch[i].tobytes()
    assert stream.state.tobytes() == state.tobytes() == after.tobytes()
    edges = [0, *sorted(min(cut, len(series.closes)) for cut in cuts), len(series.closes)]
    pieces, state = [], PROGRAM.new_state(MINUTE)
    for first, stop in pairwise(edges):
        pieces.append(np.empty((stop - first, PROGRAM.size)))
        PROGRAM.run(state, *series.part(first, stop), pieces[-1])
    assert np.concatenate(pieces).tobytes() == batch.tobytes()
    assert state.tobytes() == after.tobytes()


@given(seed=st.integers(0, 2**32), cut=st.integers(0, 150))
def test_later_bars_change_nothing_before_them(seed: int, cut: int) -> None:
    """Cut off, or replaced by others from the cut on."""
    series, other = minutes(150, seed, missing=0.0), minutes(150, seed + 1, missing=0.0)
    whole, _ = run(PROGRAM, series, MINUTE)
    floats = zip(series.floats(), other.floats(), strict=True)
    mixed = Series(series.open_ns, *(np.concatenate((a[:cut], b[cut:])) for a, b in floats))
    assert run(PROGRAM, series.part(0, cut), MINUTE)[0].tobytes() == whole[:cut].tobytes()
    assert run(PROGRAM, mixed, MINUTE)[0][:cut].tobytes() == whole[:cut].tobytes()


def test_plain_features_do_not_feel_the_frames_beside_them() -> None:
    """The same bits with and without."""
    series = minutes(140, 3)
    together = run(PROGRAM, series, MINUTE)[0]
    alone = run(compile_features(["rsi_3", "ema_4"]), series)[0]
    assert np.ascontiguousarray(together[:, [0, -1]]).tobytes() == alone.tobytes()


@given(seed=st.integers(0, 2**32), bars=st.integers(0, 150), asked=st.lists(st.sampled_from(NAMES), unique=True))
def test_a_narrowed_program_tells_columns_of_the_whole_over_the_same_state(
    seed: int, bars: int, asked: list[str]
) -> None:
    """Its values and its state are those of the whole program, in one go and bar by bar."""
    series = minutes(bars, seed)
    part = PROGRAM.narrowed(asked)
    assert part.names == tuple(asked)
    places = [NAMES.index(name) for name in asked]
    assert part.warm_up == tuple(PROGRAM.warm_up[place] for place in places)
    out, state = run(PROGRAM, series)
    told, after = run(part, series)
    assert told.tobytes() == np.ascontiguousarray(out[:, places]).tobytes()
    assert after.tobytes() == state.tobytes()
    stream = part.stream()
    for row, bar in zip(told, zip(*series, strict=True), strict=True):
        stream.step(int(bar[0]), *map(float, bar[1:]))
        assert stream.values.tobytes() == row.tobytes()


def test_a_program_narrowed_to_what_it_has_not_is_refused() -> None:
    """The refusal names it and what there is."""
    with pytest.raises(ValueError, match="'sma_9' is not told by this program, which has rsi_3"):
        PROGRAM.narrowed(["rsi_3", "sma_9"])


def test_an_hour_is_known_with_its_last_minute_and_not_before() -> None:
    """By hand: the first hour closes at 59, the second has no last minute and is known with the next hour's first."""
    series = minutes(130, 1, missing=0.0)
    series = picked(series, np.arange(130) != 119)
    out, _ = run(compile_features(["sma_2@1h", "mom_1@1h"]), series, MINUTE)
    assert np.isnan(out[:119]).all()  # the second hour lacks its minute 119
    first, second = series.closes[59], series.closes[118]
    np.testing.assert_array_equal(out[119:, 0], np.full(10, (first + second) / 2))
    np.testing.assert_array_equal(out[119:, 1], np.full(10, second - first))


def test_a_refused_bar_is_in_no_larger_bar() -> None:
    """Its row is NaN throughout, the state stays, and what comes after is as if it had never been."""
    series = minutes(60, 2, missing=0.0)
    clean = picked(series, np.arange(60) != 17)
    series.highs[17] = np.nan
    ours, expected = run(PROGRAM, series, MINUTE)[0], run(PROGRAM, clean, MINUTE)[0]
    assert np.isnan(ours[17]).all()
    assert np.delete(ours, 17, axis=0).tobytes() == expected.tobytes()


def test_bars_that_do_not_add_up_are_refused() -> None:
    """An hour is not made of bars of 25 minutes; the length may be left untold."""
    program = compile_features(["rsi_14@1h"])
    with pytest.raises(ValueError, match=r"'rsi_14@1h'.*multiple"):
        program.new_state(25 * MINUTE)
    with pytest.raises(ValueError, match="multiple"):
        program.new_state(24 * HOUR)
    assert program.new_state(20 * MINUTE).shape == program.new_state().shape


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("rsi_14@", "timeframe was ''"),
        ("rsi_14@1w", "timeframe was '1w'"),
        ("rsi_14@0h", "timeframe was '0h'"),
        ("rsi_14@01h", "timeframe was '01h'"),
        ("rsi_14@367d", "timeframe was '367d'"),
        ("rsi_14@1h@1d", "timeframe was '1h@1d'"),
        ("rsy_14@1h", "did you mean rsi_14"),
        ("rsi_14~BTCUSDT", "no reference: write rsi_14"),
        ("beta_60", "write beta_60~BTCUSDT"),
        ("beta_60@1h", "takes a reference"),
        ("beta_60~", "reference was ''"),
        ("beta_60~BTC USDT", "reference was 'BTC USDT'"),
        ("beta_60~BTCUSDT@1h", "reference was 'BTCUSDT@1h'"),
    ],
)
def test_a_bad_suffix_is_refused_with_the_way_out(name: str, part: str) -> None:
    """The message names the value and what is allowed."""
    with pytest.raises(ValueError, match="feature") as caught:
        compile_features([name])
    assert part in str(caught.value)


DIGEST = """
import hashlib, numpy as np
from bot4.kernels.features import CATALOG, compile_features
from bot4.kernels.catalog import PAIRS
from bot4.kernels.orderflow import compile_trade_flow
from tests.unit.kernels.flows import made_trades
from tests.unit.kernels.series import generated
names = [one.usual_name for one in CATALOG if one.family == "calendar"]
names += ["fracdiff_0.4_30", "rsi_5@4h", "sma_3@1d", "bulk_vpin_3_150_10", "jump_share_20"]
names += ["beta_20~X", "lead_20_3~X", "strength_5_20~X"]
program = compile_features(names)
state, out = program.new_state(3_600_000_000_000), np.empty((300, program.size))
reference = generated(300, seed=4).closes.reshape(-1, 1)
program.run(state, *generated(300, seed=3), out, references=reference)
flow = compile_trade_flow(["vpin_3_40", "trade_imbalance_7", "bipower_vol_9"])
memory, told = flow.new_state(), np.empty((200, 3))
flow.run(memory, *made_trades(200, 1), told)
print(hashlib.sha256(b"".join(one.tobytes() for one in (state, out, memory, told))).hexdigest())
"""


def test_the_interpreted_kernel_gives_the_same_bits() -> None:
    """Calendar, larger bars, pairs and flow, compiled or not: outputs and state are equal byte for byte."""
    digests = []
    for switch in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": switch, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        )
        digests.append(done.stdout.strip())
    assert digests[0] == digests[1]
