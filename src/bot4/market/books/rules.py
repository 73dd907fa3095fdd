# SPDX-License-Identifier: Apache-2.0
"""How a snapshot and the changes around it are joined: one rule object for each way that venues have.

The rules, by the venues' own manuals; ``s`` is the number of the snapshot, ``b`` that
of the book, which is the last number of the change applied last:

========  =======================================  ==========================================
venue     the first change after snapshot ``s``    each change after that
========  =======================================  ==========================================
spot      ``first <= s + 1 <= last``               ``first <= b + 1 <= last``
futures   ``first <= s <= last``                   ``previous == b``
plain     ``first == s + 1``                       ``first == b + 1``
========  =======================================  ==========================================

A change whose ``last`` the snapshot already has (below ``s`` for futures, up to ``s``
for the others) is covered; one whose ``last`` the book already has is a repetition.
Spot quantities are absolute, so a change that begins inside the book and ends
beyond it is right as it is: two connections cut the same stream at other places.

Arithmetic on numbers only: nothing here holds a book or waits for one.
"""

from abc import abstractmethod
from typing import Final, final

from mypy_extensions import mypyc_attr


@final
class Change:
    """Hold one message about a book: levels side by side, in ticks and lots.

    ``ids`` are its first, last and previous number, the last of them -1 where the
    venue does not tell it; ``source`` says where the message stands.
    """

    __slots__ = ("source", "at_ns", "known_ns", "first_id", "last_id", "previous_id", "sides", "prices", "lots")

    def __init__(
        self,
        source: int,
        clocks: tuple[int, int],
        ids: tuple[int, int, int],
        levels: tuple[list[int], list[int], list[int]],
    ) -> None:
        self.source = source
        self.at_ns, self.known_ns = clocks
        self.first_id, self.last_id, self.previous_id = ids
        self.sides, self.prices, self.lots = levels


@mypyc_attr(allow_interpreted_subclasses=True)
class JoinRule:
    """Judge by their numbers which changes belong behind a snapshot, and behind each other.

    Attributes
    ----------
    name : str
        How reports call it.
    may_rewind : bool
        Whether a snapshot older than the book replaces it: where snapshots come in the
        stream itself, as the venue's last word, not as the answer to a question of ours.
    """

    name: str
    may_rewind: bool

    @abstractmethod
    def covers(self, snapshot_id: int, change: Change) -> bool:
        """Say whether a snapshot already has a change."""

    @abstractmethod
    def joins(self, snapshot_id: int, change: Change) -> bool:
        """Say whether a change is the first after a snapshot."""

    @abstractmethod
    def follows(self, book_id: int, change: Change) -> bool:
        """Say whether a change continues a book that was changed since its snapshot."""


@final
class SpotRule(JoinRule):
    """Join as Binance spot does: ranges of numbers that touch or overlap."""

    def __init__(self) -> None:
        self.name = "spot"
        self.may_rewind = False

    def covers(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the snapshot reaches the change's last number."""
        return change.last_id <= snapshot_id

    def joins(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the number after the snapshot's is in the change."""
        return change.first_id <= snapshot_id + 1 <= change.last_id

    def follows(self, book_id: int, change: Change) -> bool:
        """Say whether the number after the book's is in the change."""
        return change.first_id <= book_id + 1 <= change.last_id


@final
class FuturesRule(JoinRule):
    """Join as Binance's futures do: each change names the last number of the one before it."""

    def __init__(self) -> None:
        self.name = "futures"
        self.may_rewind = False

    def covers(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the change ends below the snapshot's number."""
        return change.last_id < snapshot_id

    def joins(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the snapshot's number is in the change."""
        return change.first_id <= snapshot_id <= change.last_id

    def follows(self, book_id: int, change: Change) -> bool:
        """Say whether the change names the book's number as the one before it."""
        return change.previous_id == book_id


@final
class PlainRule(JoinRule):
    """Join by the next number alone; the venue sends snapshots in the stream."""

    def __init__(self) -> None:
        self.name = "plain"
        self.may_rewind = True

    def covers(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the snapshot reaches the change's last number."""
        return change.last_id <= snapshot_id

    def joins(self, snapshot_id: int, change: Change) -> bool:
        """Say whether the change begins right after the snapshot."""
        return change.first_id == snapshot_id + 1

    def follows(self, book_id: int, change: Change) -> bool:
        """Say whether the change begins right after the book."""
        return change.first_id == book_id + 1


SPOT_RULE: Final[JoinRule] = SpotRule()
FUTURES_RULE: Final[JoinRule] = FuturesRule()
PLAIN_RULE: Final[JoinRule] = PlainRule()
