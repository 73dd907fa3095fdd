# SPDX-License-Identifier: Apache-2.0
"""The state hash and the clocks."""

import pytest
from librt.strings import BytesWriter, write_i64_le

from bot4.domain.event import Event
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos
from bot4.runtime.clocks import SetClock, SystemClock
from bot4.runtime.state import state_hash
from tests.simulation.engine_run import lively, run, walk


class Holds(Stage):
    """Writes some numbers as its state."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(())
        self.numbers = numbers

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Nothing is consumed."""

    def write_state(self, out: BytesWriter) -> None:
        """Write the numbers."""
        for number in self.numbers:
            write_i64_le(out, number)


class Other(Holds):
    """The same under another name."""


@pytest.mark.requirement("I-10")
def test_the_state_hash_tells_stages_their_order_and_their_parts_apart() -> None:
    """Equal states are equal; another value, owner, order or border between stages is not."""
    assert state_hash([Holds(1, 2)]) == state_hash([Holds(1, 2)])
    variants: list[list[Stage]] = [
        [Holds(1, 2)],
        [Holds(2, 1)],
        [Other(1, 2)],
        [Holds(1), Holds(2)],
        [Holds(1), Other(2)],
        [Other(2), Holds(1)],
        [Holds(), Holds(1, 2)],
        [],
    ]
    hashes = [state_hash(variant) for variant in variants]
    assert len(set(hashes)) == len(variants)
    assert all(len(one) == 32 for one in hashes)


@pytest.mark.requirement("I-10")
def test_the_state_follows_every_bar() -> None:
    """A run one bar longer is in another state, even where the bar decides nothing."""
    table = walk(1, 40)
    assert run(table, lively()).state != run(table[:, :-1], lively()).state


def test_a_clock_set_by_hand_tells_that_time() -> None:
    """Recorded time in a replay."""
    clock = SetClock(Nanos(5))
    assert [clock.now_ns(), clock.monotonic_ns()] == [5, 5]
    clock.now = Nanos(9)
    assert [clock.now_ns(), clock.monotonic_ns()] == [9, 9]


def test_the_system_s_clock_is_after_its_begin_and_never_steps_back() -> None:
    """UTC nanoseconds since 1970, and a monotonic time."""
    clock = SystemClock()
    assert clock.now_ns() > 1_700_000_000_000_000_000
    first = clock.monotonic_ns()
    assert clock.monotonic_ns() >= first
