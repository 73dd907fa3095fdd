# SPDX-License-Identifier: Apache-2.0
"""When a topic needs its old connection no more, and what is told where it had to do without too early."""

from collections.abc import Iterator

from bot4.market.ingest.splice import Splice
from bot4.market.ingest.steps import INTERRUPTED, Deliver, Step, Told
from bot4.market.ingest.subscriptions import Link, Seat, Topic


def is_carried(seat: Seat, settle_ns: int, now: int) -> bool:
    """Tell whether a topic's new place is enough: joined, or both are quiet since the venue granted the new one.

    Parameters
    ----------
    seat : Seat
        The new place.
    settle_ns : int
        How long after the grant silence on both counts as agreement: what was under way then has come by now.
    """
    topic = seat.topic
    if not seat.is_listening:
        return False
    if topic.splice is None or topic.splice.is_joined:
        return True
    agreed = len(topic.seats) < 2 or topic.seats[0].heard_ns <= seat.since_ns
    return agreed and not topic.splice.is_waiting and now - seat.since_ns >= settle_ns


def is_catching_up(link: Link) -> bool:
    """Tell whether the old connection of some topic has yet to say what the new one has: a moment, or it is stuck."""
    return any(seat.topic.splice is not None and seat.topic.splice.is_waiting for seat in link.seats.values())


def joined(topic: Topic, splice: Splice, settle_ns: int, now: int) -> Iterator[Step]:
    """Believe the only connection that a topic has left; yield what was held, and what may be missing."""
    certain = is_carried(topic.seats[0], settle_ns, now)
    held = splice.force()
    splice.over_ns = now + settle_ns
    if not certain:
        yield Told(topic.name, INTERRUPTED, "its connection ended before the next one had caught up")
    if held:
        yield Deliver(topic.name, held)
