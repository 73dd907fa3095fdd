# SPDX-License-Identifier: Apache-2.0
"""Long streams: what every kind of feature carries from bar to bar drifts from nothing that could be computed anew."""

from collections.abc import Callable

import numpy as np
import pytest

from bot4.kernels.catalog import CATALOG, PAIRS
from bot4.kernels.features import compile_features
from bot4.kernels.jit import IS_COMPILED
from tests.unit.kernels.series import Floats, Series, generated

SINCE_THE_START = ("obv", "ad", "pvt", "nvi", "pvi")
"""The kinds that are meant to remember every bar; all others forget."""

NAMES = (*(info.usual_name for info in CATALOG), *(f"{info.usual_name}~R" for info in PAIRS))
PIECE = 100_000 if IS_COMPILED else 2_000
PRICES = (100.0, 1e-12, 1e9)
SHOWN = 500


class LongSum:
    """Sum and multiply in 80 bits what the features since the start are made of, by their definitions."""

    def __init__(self) -> None:
        self.before: Series | None = None
        self.sums = dict.fromkeys(SINCE_THE_START, np.longdouble(0.0))

    def take(self, given: Series) -> dict[str, Floats]:
        """Return the features over the next bars."""
        close, volume = (self._with_last(getattr(given, one), one) for one in ("closes", "volumes"))
        moved, rate = np.diff(close), np.diff(close) / close[:-1]
        span = given.highs - given.lows
        place = (2 * given.closes - given.highs - given.lows) / np.where(span > 0.0, span, 1.0)
        less, more = np.diff(volume) < 0.0, np.diff(volume) > 0.0
        steps = {
            "obv": np.sign(moved) * volume[1:],
            "ad": np.where(span > 0.0, place, 0.0) * given.volumes,
            "pvt": rate * volume[1:],
            "nvi": np.log1p(np.where(less, rate, 0.0)),
            "pvi": np.log1p(np.where(more, rate, 0.0)),
        }
        if self.before is None:
            steps["obv"] = np.concatenate((given.volumes[:1], steps["obv"]))
        self.before = given
        return {kind: self._summed(kind, step) for kind, step in steps.items()}

    def _with_last(self, values: Floats, name: str) -> np.ndarray:
        """Return the values behind the last of the bars before."""
        head = [] if self.before is None else getattr(self.before, name)[-1:]
        return np.concatenate((head, values)).astype(np.longdouble)

    def _summed(self, kind: str, steps: np.ndarray) -> Floats:
        sums = self.sums[kind] + np.cumsum(steps.astype(np.longdouble))
        self.sums[kind] = sums[-1]
        return (1_000.0 * np.exp(sums) if kind in ("nvi", "pvi") else sums).astype(np.float64)


def near(series: Series, price: float) -> float:
    """Return where a series ended, kept within a hundred times of a price."""
    return min(max(float(series.closes[-1]), 0.01 * price), 100.0 * price)


def check(bars: int, price: float) -> None:
    """Stream bars, then compare the last of them with a stream that began a piece ago, or with long sums."""
    program = compile_features(NAMES)
    state, fresh = program.new_state(), program.new_state()
    carried, anew = np.empty((PIECE, program.size)), np.empty((PIECE, program.size))
    long_sum, sums = LongSum(), dict[str, Floats]()
    series = theirs = generated(1, price=price)
    for chunk in range(max(bars // PIECE, 2)):
        series = generated(PIECE, seed=chunk, price=near(series, price), move=0.002)
        theirs = generated(PIECE, seed=1_000_000 + chunk, price=near(theirs, price), move=0.002)
        program.run(state, *series, carried, references=theirs.closes.reshape(-1, 1))
        sums = long_sum.take(series)
    program.run(fresh, *series, anew, references=theirs.closes.reshape(-1, 1))
    for place, name in enumerate(NAMES):
        kind = name.partition("_")[0]
        expected = sums[kind][-SHOWN:] if kind in SINCE_THE_START else anew[-SHOWN:, place]
        size = float(np.nanmax(np.abs(expected)))
        np.testing.assert_allclose(carried[-SHOWN:, place], expected, rtol=1e-9, atol=1e-9 * size, err_msg=name)


@pytest.mark.requirement("ML_001")
@pytest.mark.parametrize("price", PRICES)
def test_no_kind_of_feature_drifts_in_half_a_million_steps(price: float) -> None:
    """Each kind of the catalogue, pairs included, at either end of the prices that bot4 takes."""
    check(500_000 if IS_COMPILED else 4_000, price)


@pytest.mark.slow
@pytest.mark.requirement("ML_001")
def test_no_kind_of_feature_drifts_in_ten_million_steps(rounds: Callable[..., int]) -> None:
    """The long form of the test above; at one price unless told to take longer."""
    for price in PRICES[: rounds(1, full=len(PRICES))]:
        check(10_000_000, price)
