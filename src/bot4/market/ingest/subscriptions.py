# SPDX-License-Identifier: Apache-2.0
"""The book of subscriptions: what is wanted, on which connection it stands, and how far it has got there.

A topic that changes its connection stands on two for a while. What has been
learned about its pace belongs to the topic; what was heard, to the place.
"""

from typing import Final, final

from bot4.market.ingest.budget import TokenBucket
from bot4.market.ingest.life import BACKING_OFF, OPEN, after
from bot4.market.ingest.pace import Pace
from bot4.market.ingest.splice import Splice

WANTED: Final = "wanted"
SENT: Final = "sent"
ACKNOWLEDGED: Final = "acknowledged"
SPEAKING: Final = "live"


@final
class Seat:
    """Hold the place of one topic on one connection.

    Attributes
    ----------
    since_ns : int
        When it was acknowledged, or last reset: nothing before it is evidence.
    heard_ns : int
        When the last message came; ``since_ns`` before the first.
    count, widest_ns : int
        Messages, and the widest gap, since the last look.
    alone : bool
        To be asked for by itself, because a request with others was refused.
    act_at_ns : int
        When to do something about its silence.
    """

    __slots__ = (
        "topic", "link", "state", "since_ns", "heard_ns", "looked_ns", "count", "widest_ns", "alone", "is_silent",
        "is_asked_anew", "act_at_ns",
    )  # fmt: skip

    def __init__(self, topic: "Topic", link: "Link") -> None:
        self.topic = topic
        self.link = link
        self.state = WANTED
        self.since_ns = 0
        self.heard_ns = 0
        self.looked_ns = 0
        self.count = 0
        self.widest_ns = 0
        self.alone = False
        self.is_silent = False
        self.is_asked_anew = False
        self.act_at_ns = 0

    def hear(self, now: int) -> None:
        """Note a message."""
        if self.state is not SPEAKING:
            if self.state is not ACKNOWLEDGED:
                self.reset(now)
            self.state = SPEAKING
        gap = now - self.heard_ns
        if gap > self.widest_ns:
            self.widest_ns = gap
        self.heard_ns = now
        self.count += 1

    def reset(self, now: int) -> None:
        """Begin to listen anew: silence before this moment means nothing."""
        self.since_ns = self.heard_ns = self.looked_ns = now
        self.count = self.widest_ns = 0

    def inherit(self, old: "Seat") -> None:
        """Take over the suspicion of the place before: whoever was told of silence is to be told of its end."""
        if old.is_silent and not self.is_silent:
            self.is_silent = self.is_asked_anew = True
            self.act_at_ns = old.act_at_ns

    @property
    def is_listening(self) -> bool:
        """Tell whether data is owed: the venue has acknowledged, or data has come."""
        return self.state is ACKNOWLEDGED or self.state is SPEAKING


@final
class Topic:
    """Hold one stream that is wanted, whatever connection it stands on.

    Attributes
    ----------
    seats : list of Seat
        Its places: one, or the old and the new while its connection is being replaced.
    tries : int
        How often it was asked for anew since it last spoke.
    """

    __slots__ = ("name", "weight", "pace", "seats", "splice", "tries")

    def __init__(self, name: str, weight: float, pace: Pace) -> None:
        self.name = name
        self.weight = weight
        self.pace = pace
        self.seats: list[Seat] = []
        self.splice: Splice | None = None
        self.tries = 0

    def seat_on(self, number: int) -> Seat | None:
        """Return its place on a connection."""
        for seat in self.seats:
            if seat.link.number == number:
                return seat
        return None


@final
class Link:
    """Hold one connection: its state, its topics, its requests under way.

    Attributes
    ----------
    successor, predecessor : int or None
        The numbers of the connection that replaces it, and of the one it replaces.
    retire_ns, drained_ns : int
        When to replace it, and when to close it at the latest once it is being replaced.
    vain, spared_ns : int
        How many times in a row it was cut for silence and had said nothing, and before when it is not cut for that.
    wanting : dict of str to Seat
        Places to be asked for, in order.
    leaving : list of str
        Topics to unsubscribe from, before anything is asked for.
    asked : dict
        Requests without a reply, with their topics, when they were sent and whether they subscribe.
    """

    __slots__ = (
        "number", "state", "seats", "weight", "bucket", "opened_ns", "retire_ns", "drained_ns", "vain", "spared_ns",
        "successor", "predecessor", "wanting", "leaving", "asked",
    )  # fmt: skip

    def __init__(self, number: int, bucket: TokenBucket) -> None:
        self.number = number
        self.state = BACKING_OFF
        self.seats: dict[str, Seat] = {}
        self.weight = 0.0
        self.bucket = bucket
        self.opened_ns = 0
        self.retire_ns = 0
        self.drained_ns = 0
        self.vain = 0
        self.spared_ns = 0
        self.successor: int | None = None
        self.predecessor: int | None = None
        self.wanting: dict[str, Seat] = {}
        self.leaving: list[str] = []
        self.asked: dict[int, tuple[tuple[str, ...], int, bool]] = {}

    def happened(self, happening: str) -> bool:
        """Go to the state that follows; return False where it cannot follow, or changes nothing."""
        following = after(self.state, happening)
        if following is None or following == self.state:
            return False
        self.state = following
        return True

    def seat(self, topic: Topic) -> Seat:
        """Give a topic a place here."""
        seat = Seat(topic, self)
        self.seats[topic.name] = self.wanting[topic.name] = seat
        self.weight += topic.weight
        topic.seats.append(seat)
        return seat

    def unseat(self, seat: Seat) -> None:
        """Take a topic's place away."""
        del self.seats[seat.topic.name]
        self.wanting.pop(seat.topic.name, None)
        self.weight -= seat.topic.weight
        seat.topic.seats.remove(seat)

    def forget_requests(self) -> None:
        """Forget what was asked for: everything here is wanted again, nothing was heard."""
        self.asked.clear()
        self.leaving.clear()
        self.wanting = dict(self.seats)
        for seat in self.seats.values():
            seat.state = WANTED
            seat.is_silent = seat.is_asked_anew = False
            seat.count = seat.widest_ns = 0

    @property
    def is_open(self) -> bool:
        """Tell whether topics may be asked for here."""
        return self.state == OPEN
