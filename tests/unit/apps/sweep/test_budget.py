# SPDX-License-Identifier: Apache-2.0
"""The forecast of a sweep: what does not fit is refused before it starts, what can be cut into pieces is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.sweep.budget import SHARE, UNIT_SETS_MAX, Work, bytes_of, forecast, free_bytes
from bot4.domain.errors import BadInput

GB = 1_000_000_000


def work(**changes: int) -> Work:
    """A thousand sets on a year of minutes."""
    told = {"sets": 1000, "bars": 525_600, "columns": 21, "engine_runs": 10, "workers": 2, "span_days": 11} | changes
    return Work(is_screened=True, **told)


@given(sets=st.integers(1, 10**12), bars=st.integers(1, 10**9), free=st.integers(GB // 10, 100 * GB))
def test_a_forecast_fits_into_what_is_free_or_is_refused(sets: int, bars: int, free: int) -> None:
    """No forecast promises more than the share that may be planned for; a refusal says how to make it smaller."""
    one = work(sets=sets, bars=bars)
    if bytes_of(one, 1) > SHARE * free:
        with pytest.raises(BadInput) as caught:
            forecast(one, free)
        assert caught.value.code == "memory"
        assert "--random" in caught.value.mend
        return
    told = forecast(one, free)
    assert told.bytes <= SHARE * free
    assert 1 <= told.unit <= UNIT_SETS_MAX
    assert told.seconds > 0.0


def test_the_forecast_is_a_sentence_with_what_it_leaves_out() -> None:
    """Seconds are those of a machine whose kernels are compiled: it says so; one of something is no plural."""
    said = forecast(work(), 10 * GB).sentence()
    assert "1,000 sets on 525,600 bars (525,600,000 bar-combinations), 10 sets confirmed by the engine" in said
    assert "s on 2 cores, plus compiling on first use, and" in said
    said = forecast(work(sets=1, engine_runs=1, workers=1), 10 * GB).sentence()
    assert said.startswith("1 set on 525,600 bars")
    assert "1 set confirmed" in said
    assert "s on 1 core, plus" in said


def test_where_memory_is_short_the_units_become_smaller() -> None:
    """The same sweep with less memory is done in smaller pieces, not refused."""
    large = work(sets=100_000, bars=70_000, span_days=128, engine_runs=0)
    rich, poor = forecast(large, 10 * GB), forecast(large, 9 * GB // 10)
    assert poor.unit < rich.unit
    assert poor.bytes < rich.bytes


def test_the_length_of_the_series_costs_time_but_no_memory() -> None:
    """Twice the bars: the same bytes, twice the seconds but for what every sweep and every set takes."""
    bare, short, long = (forecast(work(bars=count * 525_600), 10 * GB) for count in (0, 1, 2))
    assert long.bytes == short.bytes
    assert long.seconds - bare.seconds == pytest.approx(2.0 * (short.seconds - bare.seconds))


def test_many_sets_on_few_bars_take_time_too() -> None:
    """A million sets are a minute's writing, even where there is next to nothing to screen."""
    few, many = (forecast(work(bars=400, sets=sets), 10 * GB) for sets in (1_000, 1_000_000))
    assert few.seconds < 10.0
    assert many.seconds > few.seconds + 60.0


def test_what_is_free_is_the_lesser_of_the_system_s_word_and_the_group_s() -> None:
    """A container's limit counts where it is lower; where nothing is told a modest amount is assumed."""
    files = {"meminfo": "MemTotal: 9 kB\nMemAvailable: 4000000 kB\n", "memory.max": "max", "memory.current": "0"}

    def read(path: Path) -> str:
        try:
            return files[path.name]
        except KeyError:
            raise FileNotFoundError(path) from None

    assert free_bytes(read) == 4_096_000_000
    files |= {"memory.max": "3000000000", "memory.current": "1000000000"}
    assert free_bytes(read) == 2_000_000_000
    files["memory.max"] = "1500000000"
    assert free_bytes(read) == 500_000_000
    files.clear()
    assert free_bytes(read) == 2_000_000_000
