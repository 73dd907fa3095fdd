# SPDX-License-Identifier: Apache-2.0
"""The client order id and its inverse: every order has its own, and no foreign text is taken for one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.ids import ORDER_ID_MAX, SLOT_MAX, client_order_id, order_name

RUNS = st.text("0123456789abcdef", min_size=64, max_size=64)
SLOTS = st.integers(-1, SLOT_MAX)
NUMBERS = st.integers(0, ORDER_ID_MAX)
VENUE_PATTERN = re.compile(r"[a-zA-Z0-9-_]{1,36}")


@pytest.mark.requirement("P2-1", "P-03")
@given(run=RUNS, slot=SLOTS, number=NUMBERS)
def test_an_order_can_be_told_from_its_client_id(run: str, slot: int, number: int) -> None:
    """Run, slot and number come back out, and the text fits what venues take."""
    text = client_order_id(run, slot, number)
    name = order_name(text)
    assert VENUE_PATTERN.fullmatch(text)
    assert name is not None
    assert (name.run_prefix, name.slot, name.order_id) == (run[:16], slot, number)


@given(run=RUNS, slot=SLOTS, number=NUMBERS, at=st.integers(0, 35), put=st.characters())
def test_a_text_that_reads_as_ours_is_what_we_would_write(run: str, slot: int, number: int, at: int, put: str) -> None:
    """Whatever one character is changed to, the text is either foreign or exactly the id of the order it names."""
    text = client_order_id(run, slot, number)
    at = at % len(text)
    changed = text[:at] + put + text[at + 1 :]
    name = order_name(changed)
    assert name is None or client_order_id(name.run_prefix, name.slot, name.order_id) == changed


@given(text=st.text(max_size=60))
def test_any_text_is_foreign_or_ours(text: str) -> None:
    """Nothing raises: what people and other programs wrote is simply not ours."""
    name = order_name(text)
    assert name is None or client_order_id(name.run_prefix, name.slot, name.order_id) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web_6gCrw2kRUAF9CvJDGP16IP",
        "b4" + "a" * 16 + "-0",
        "b4" + "a" * 16 + "-00-1",
        "b4" + "a" * 16 + "-1000-1",
        "b4" + "a" * 16 + "-x-1000000000000",
        "b4" + "A" * 16 + "-0-1",
        "b4" + "a" * 15 + "-0-1",
        "x4" + "a" * 16 + "-0-1",
        "b4" + "a" * 16 + "-0-\u0661",
    ],
)
def test_near_misses_are_foreign(text: str) -> None:
    """A short run, capitals, a leading zero, a number outside its range: not written by bot4."""
    assert order_name(text) is None
