# SPDX-License-Identifier: Apache-2.0
"""Decimal text to whole steps, against Python's decimals."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.market.tick_scale import OFF_STEP, REMEMBERED_MAX, Scale

STEPS = st.sampled_from(["0.01", "0.1", "0.5", "0.00001", "0.025", "1", "10", "0.00000001"])
NUMBERS = st.decimals(-10_000_000, 10_000_000, places=8)


@given(NUMBERS, STEPS)
def test_every_rounding_is_exact(number: Decimal, step: str) -> None:
    """Down, up and to the nearest agree with decimal arithmetic, however the number is written."""
    scale = Scale(Decimal(step))
    exact = number / Decimal(step)
    is_off = exact != exact.to_integral_value()
    for text in (f"{number:f}", f"{number:.8f}", f"{number:E}"):
        assert scale.down(text) == (int(exact.to_integral_value(ROUND_FLOOR)), is_off)
        assert scale.up(text) == (int(exact.to_integral_value(ROUND_CEILING)), is_off)
        assert scale.nearest(text) == (int(exact.to_integral_value(ROUND_HALF_EVEN)), is_off)


@pytest.mark.parametrize("text", ["", ".", "-", "1.2.3", "nan", "Infinity", "0x10", "1,5", "1-2", "--1", "१"])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"decimal|invalid"):
        Scale(Decimal("0.01")).split(text)


@given(st.integers(0, 10**15), st.integers(0, 8), st.sampled_from(["0.01", "0.5", "1", "0.00001", "10", "0.3"]))
def test_a_text_is_whole_or_off_the_step_and_the_same_the_second_time(number: int, places: int, step: str) -> None:
    """What is remembered is what was read, and a text below zero is never whole."""
    scale = Scale(Decimal(step))
    text = f"{Decimal(number).scaleb(-places):f}"
    exact = Decimal(text) / Decimal(step)
    wanted = int(Decimal(text) // Decimal(step)) if Decimal(text) % Decimal(step) == 0 else OFF_STEP
    assert [scale.whole(text), scale.whole(text)] == [wanted, wanted], exact
    assert scale.whole(f"-{text}") == (OFF_STEP if number else 0)


def test_no_more_texts_are_remembered_than_the_bound() -> None:
    """A market that never repeats itself costs no memory."""
    scale = Scale(Decimal("0.01"))
    for n in range(2 * REMEMBERED_MAX + 7):
        assert scale.whole(f"{n}.25") == 100 * n + 25
    assert len(scale._remembered) <= REMEMBERED_MAX


@pytest.mark.parametrize("text", ["", ".", "x", "1_0", " 1", "١", "1.٢", "--1", "nan", "inf", "1e999999"])
def test_what_is_no_plain_decimal_is_refused_and_not_remembered(text: str) -> None:
    """As everywhere else."""
    scale = Scale(Decimal("0.01"))
    scale.whole("1.25")
    scale.whole("1")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"decimal|invalid"):
            scale.whole(text)
