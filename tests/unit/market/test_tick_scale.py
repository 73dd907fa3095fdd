# SPDX-License-Identifier: Apache-2.0
"""Decimal text to whole steps, against Python's decimals."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.market.tick_scale import Scale

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
