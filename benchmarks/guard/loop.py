# SPDX-License-Identifier: Apache-2.0
"""A loop of plain Python, the unit in which the cost of an event is told: a call and an addition a turn."""

from time import process_time_ns
from typing import Final, final

TURNS: Final = 500_000


@final
class Sum:
    """Hold a running sum."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0

    def add(self, number: int) -> None:
        """Add one number."""
        self.total += number


def plain_loop() -> float:
    """Return the seconds of CPU that ``TURNS`` turns took."""
    one = Sum()
    began = process_time_ns()
    for number in range(TURNS):
        one.add(number)
    return (process_time_ns() - began) / 1e9
