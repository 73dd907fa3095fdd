# SPDX-License-Identifier: Apache-2.0
"""The state hash and the clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter, write_i64_le

from bot4.domain.event import Event
from bot4.domain.ports import Clock
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos
from bot4.runtime.clocks import SLEW_PPM, SetClock, SteadyClock, SystemClock
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


class TwoHands(Clock):
    """A machine whose wall clock and monotonic clock are set apart."""

    def __init__(self) -> None:
        self.wall = 10**18
        self.passed = 5

    def now_ns(self) -> Nanos:
        """Return the wall clock."""
        return Nanos(self.wall)

    def monotonic_ns(self) -> Nanos:
        """Return the other."""
        return Nanos(self.passed)


@pytest.mark.requirement("P2-4", "ORDER_001")
@given(steps=st.lists(st.tuples(st.integers(0, 10**11), st.integers(-(10**13), 10**13)), max_size=30))
def test_a_steady_clock_follows_time_and_no_jump(steps: list[tuple[int, int]]) -> None:
    """However the wall clock is set, waits are as long as they are: to within what a time service slews."""
    hands = TwoHands()
    steady = SteadyClock(hands)
    assert steady.now_ns() == hands.wall
    for passes, jump in steps:
        before = int(steady.now_ns())
        hands.passed += passes
        hands.wall += passes + jump
        went = int(steady.now_ns()) - before
        assert abs(went - passes) <= passes * SLEW_PPM // 1_000_000
        assert int(steady.monotonic_ns()) == hands.passed
    for _ in range(3):
        hands.passed += 10**18
        hands.wall += 10**18
        steady.now_ns()
    assert steady.now_ns() == hands.wall, "in the end it is right again"
