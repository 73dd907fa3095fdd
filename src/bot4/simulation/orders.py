# SPDX-License-Identifier: Apache-2.0
"""What works at the venue: a command on its way, an order, and the shelf where a matcher keeps orders."""

from abc import abstractmethod
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import Event, write_flag
from bot4.domain.order import LIMIT, MARKET, POST_ONLY, Submit
from bot4.domain.values import Nanos


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class InFlight:
    """Hold a command on its way, with the moment it arrives."""

    __slots__ = ("arrives_ns", "command")

    def __init__(self, arrives_ns: Nanos, command: Event) -> None:
        self.arrives_ns = arrives_ns
        self.command = command

    def write_state(self, out: BytesWriter) -> None:
        """Write the moment, then the command."""
        write_i64_le(out, self.arrives_ns)
        write_i64_le(out, self.command.kind)
        self.command.write(out)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class VenueOrder:
    """Hold one accepted order as the venue sees it.

    ``order_type`` changes when a stop triggers: to ``MARKET``, or to ``LIMIT``
    for a stop-limit. A limit order that only makes, or only takes, is a ``LIMIT``
    whose ``manner`` says so, the type it was sent with; 0 for any other. ``is_fresh``
    says that its manner has not been tried against a price yet. ``leaves`` is what
    is still open; 0 ends it. ``is_judged`` is false until the filters that need a price have been applied. ``sequence``
    numbers the orders a matcher took and ``ahead`` is the place in a queue; the
    claims are what ``claims.py`` holds against it. None of these is written: they
    follow from the rest, or are written by whoever models them.
    """

    __slots__ = (
        "order_id",
        "instrument",
        "order_type",
        "manner",
        "is_fresh",
        "side",
        "lots",
        "leaves",
        "limit",
        "trigger",
        "sibling_id",
        "reduce_only",
        "arrived_ns",
        "is_judged",
        "sequence",
        "ahead",
        "cash_claim",
        "lots_claim",
    )

    def __init__(self, command: Submit, arrived_ns: Nanos, sequence: i64 = 0) -> None:
        self.order_id = command.order_id
        self.instrument = command.instrument
        self.order_type = command.order_type
        self.manner: i64 = 0
        self.is_fresh = False
        if command.order_type >= POST_ONLY:
            self.order_type = LIMIT
            self.manner = command.order_type
            self.is_fresh = True
        self.side = command.side
        self.lots = command.lots
        self.leaves = command.lots
        self.limit = command.limit
        self.trigger = command.trigger
        self.sibling_id = command.sibling_id
        self.reduce_only = command.reduce_only
        self.arrived_ns = arrived_ns
        self.is_judged = command.order_type != MARKET
        self.sequence: i64 = sequence
        self.ahead: i64 = 0
        self.cash_claim = 0
        self.lots_claim: i64 = 0

    def write_state(self, out: BytesWriter) -> None:
        """Write what the order is, fields in the order of the slots up to ``is_judged``; its manner is its type."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.order_type if self.manner == 0 else self.manner)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.leaves)
        write_i64_le(out, self.limit)
        write_i64_le(out, self.trigger)
        write_i64_le(out, self.sibling_id)
        write_flag(out, self.reduce_only)
        write_i64_le(out, self.arrived_ns)
        write_flag(out, self.is_judged)
        if self.manner != 0:
            write_flag(out, self.is_fresh)


class Shelf:
    """Keep the open orders of one instrument where its matcher finds them; ``orders`` holds them as they arrived."""

    orders: dict[int, VenueOrder]

    @abstractmethod
    def add(self, order: VenueOrder) -> None:
        """Let an order work."""

    @abstractmethod
    def remove(self, order: VenueOrder) -> None:
        """End an order: nothing of it is open any more."""

    @abstractmethod
    def trigger(self, order: VenueOrder) -> None:
        """Turn a stop into a market order, a stop-limit into a limit order."""
