# SPDX-License-Identifier: Apache-2.0
"""The length of a bar: its text, its detection, what can be built from what."""

import numpy as np
import pytest

from bot4.domain.errors import BadInput
from bot4.domain.values import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from bot4.market.intervals import HEAD_ROWS, check_interval, detect_interval, interval_text, parse_interval


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1s", SECOND_NS), ("1m", MINUTE_NS), ("5m", 5 * MINUTE_NS), ("1h", HOUR_NS), ("4h", 4 * HOUR_NS), ("1d", DAY_NS)],
)
def test_an_interval_is_a_number_and_a_unit(text: str, expected: int) -> None:
    """Seconds, minutes, hours and days are read, and told again in the same words."""
    assert parse_interval(text) == expected
    assert interval_text(expected) == text


@pytest.mark.parametrize("text", ["", "m", "0m", "1", "-1h", "1.5h", "1w", "1M", " 1h", "1H", "²m", "9999d"])
def test_other_texts_are_refused_with_examples(text: str) -> None:
    """What is no interval is refused by a stable code, and what would be one is shown."""
    with pytest.raises(BadInput) as caught:
        parse_interval(text)
    assert caught.value.code == "interval_text"
    assert "1h" in caught.value.allowed


def test_uneven_intervals_have_a_text_too() -> None:
    """An hour and a half is told in minutes, a fraction of a second as a fraction."""
    assert interval_text(90 * MINUTE_NS) == "90m"
    assert interval_text(SECOND_NS // 2) == "0.5s"


def test_the_commonest_step_is_the_interval() -> None:
    """Missing minutes, a repeated stamp, a backward step and a stray stamp do not change what is detected."""
    minutes = [0, 1, 2, 3, 10, 11, 12, 12, 11, 13, 14, 40]
    stamps = np.array([m * MINUTE_NS for m in minutes] + [3 * MINUTE_NS + SECOND_NS], dtype=np.int64)
    assert detect_interval(stamps) == MINUTE_NS


def test_rows_after_the_first_thousand_say_nothing() -> None:
    """A file that turns from hours to minutes after its head is a file of hours."""
    head = np.arange(HEAD_ROWS, dtype=np.int64) * HOUR_NS
    tail = head[-1] + np.arange(1, 5000, dtype=np.int64) * MINUTE_NS
    assert detect_interval(np.concatenate([head, tail])) == HOUR_NS


def test_one_stamp_has_no_interval() -> None:
    """Neither one row nor the same stamp repeated tells a step."""
    assert detect_interval(np.array([5], dtype=np.int64)) is None
    assert detect_interval(np.array([5, 5], dtype=np.int64)) is None


@pytest.mark.parametrize("wanted", [MINUTE_NS, 7 * MINUTE_NS // 2, 5 * MINUTE_NS + SECOND_NS])
def test_only_a_multiple_can_be_built(wanted: int) -> None:
    """A smaller interval or one that is no multiple is refused; equal and multiple pass."""
    check_interval(5 * MINUTE_NS, 5 * MINUTE_NS, "f")
    check_interval(5 * MINUTE_NS, HOUR_NS, "f")
    with pytest.raises(BadInput, match="5m") as caught:
        check_interval(5 * MINUTE_NS, wanted, "f")
    assert caught.value.code == "interval_wrong"
