# SPDX-License-Identifier: Apache-2.0
"""The calendar of a bar's open, against the calendar of the standard library."""

import calendar
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.kernels.features import CATALOG, compile_features

pytestmark = pytest.mark.requirement("ML_017")

NAMES = tuple(info.usual_name for info in CATALOG if info.family == "calendar")
PROGRAM = compile_features(NAMES)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(moment: datetime) -> dict[str, float]:
    """The features of one bar that opens then."""
    open_ns = (moment - EPOCH) // timedelta(microseconds=1) * 1_000
    stream = PROGRAM.stream()
    assert stream.step(open_ns, 1.0, 1.0, 1.0, 1.0, 0.0)
    return dict(zip(NAMES, stream.values.tolist(), strict=True))


@given(st.integers(0, 7_258_118_400_000_000))
def test_each_part_is_that_of_the_standard_library(microseconds: int) -> None:
    """From 1970 to 2199, to the microsecond."""
    moment = EPOCH + timedelta(microseconds=microseconds)
    told = at(moment)
    seconds = (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    last = calendar.monthrange(moment.year, moment.month)[1]
    assert told["weekday"] == moment.weekday()
    assert told["is_weekend"] == float(moment.weekday() >= 5)
    assert (told["day_of_month"], told["month"]) == (moment.day, moment.month)
    assert told["days_to_month_end"] == last - moment.day
    assert told["minute_of_day"] == pytest.approx(seconds / 60, rel=1e-15, abs=1e-12)
    assert told["minutes_to_funding_8"] == pytest.approx(480 - (seconds / 60) % 480, rel=1e-12, abs=1e-9)
    assert 0 < told["minutes_to_funding_8"] <= 480
    angle = 2 * math.pi * seconds / 86_400
    assert told["hour_sin"] == pytest.approx(math.sin(angle), abs=1e-14)
    assert told["hour_cos"] == pytest.approx(math.cos(angle), abs=1e-14)
    turn = 2 * math.pi * moment.weekday() / 7
    assert told["weekday_sin"] == pytest.approx(math.sin(turn))
    assert told["weekday_cos"] == pytest.approx(math.cos(turn))


def test_the_edges_of_days_months_and_leap_years() -> None:
    """The last day of February in four kinds of year, and the first and last minute of a day."""
    for year, days in ((2023, 28), (2024, 29), (2000, 29), (2100, 28)):
        assert at(datetime(year, 2, days, tzinfo=UTC))["days_to_month_end"] == 0
        assert at(datetime(year, 3, 1, tzinfo=UTC))["day_of_month"] == 1
    midnight, late = at(datetime(2024, 8, 8, tzinfo=UTC)), at(datetime(2024, 8, 8, 23, 59, tzinfo=UTC))
    assert (midnight["minute_of_day"], midnight["hour_sin"], midnight["hour_cos"]) == (0.0, 0.0, 1.0)
    assert (midnight["minutes_to_funding_8"], late["minutes_to_funding_8"]) == (480.0, 1.0)
    assert late["minute_of_day"] == 1439.0


def test_the_batch_is_the_stream_to_the_bit() -> None:
    """A year of hours in one call."""
    stamps = np.arange(24 * 366, dtype=np.int64) * 3_600_000_000_000 + 1_704_067_200_000_000_000
    one, none = np.ones(len(stamps)), np.zeros(len(stamps))
    out = np.empty((len(stamps), len(NAMES)))
    PROGRAM.run(PROGRAM.new_state(), stamps, one, one, one, one, none, out)
    stream = PROGRAM.stream()
    for i in range(0, len(stamps), 97):
        stream.step(int(stamps[i]), 1.0, 1.0, 1.0, 1.0, 0.0)
        assert stream.values.tobytes() == out[i].tobytes()
