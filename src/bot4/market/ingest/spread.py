# SPDX-License-Identifier: Apache-2.0
"""Which connection carries a topic: the lightest with room, a new one before any is overloaded."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from bot4.domain.errors import OurFault
from bot4.domain.values import HOUR_NS, MINUTE_NS, SECOND_NS
from bot4.market.ingest.life import DRAINING, ENDED
from bot4.market.ingest.subscriptions import Link, Topic


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold what a venue allows, less what we leave free; the defaults are Binance spot's.

    Attributes
    ----------
    links_max, topics_per_link : int
        Connections, and topics on each.
    weight_per_link : float
        Above this weight a connection gets no further topic while another may be opened.
    asks_burst, asks_per_s : int, float
        Requests of one connection. The venue allows 5 messages a second, pongs included.
    topics_per_ask : int
        Topics in one request.
    dials_burst, dials_per_s : int, float
        Connection attempts of all connections together. The venue allows 300 in five minutes.
    life_ns, rollover_ns, drain_ns : int
        How long a connection lives; how long before that its successor is dialed, at the latest; how long the two
        may overlap.
    settle_ns : int
        How long a topic's new connection must have been acknowledged before silence on both counts as agreement.
    reply_ns : int
        A request without a reply for so long means that the connection is dead.

    Raises
    ------
    OurFault
        If they contradict each other.
    """

    links_max: int = 8
    topics_per_link: int = 1_000
    weight_per_link: float = 1_000.0
    asks_burst: int = 2
    asks_per_s: float = 2.0
    topics_per_ask: int = 100
    dials_burst: int = 60
    dials_per_s: float = 0.8
    life_ns: int = 24 * HOUR_NS
    rollover_ns: int = 10 * MINUTE_NS
    drain_ns: int = 4 * MINUTE_NS
    settle_ns: int = 2 * SECOND_NS
    reply_ns: int = 5 * SECOND_NS

    def __post_init__(self) -> None:
        if min(self.links_max, self.topics_per_link, self.topics_per_ask) < 1:
            raise OurFault("limits that allow no topic at all")
        if not self.settle_ns < self.drain_ns < self.rollover_ns < self.life_ns:
            raise OurFault("a connection must be replaced before its life ends, and settle before it is closed")


JITTER_SHARE: Final = 0.5
"""Connections opened together are replaced apart, within this share of the time before their end."""


def place(links: Iterable[Link], topic: Topic, limits: Limits) -> Link | None:
    """Return the connection for a topic; None where a new one is better, or nothing has room."""
    usable = [link for link in links if link.state not in {DRAINING, ENDED}]
    with_room = [link for link in usable if len(link.seats) < limits.topics_per_link]
    if not with_room:
        return None
    lightest = min(with_room, key=lambda link: (link.weight, len(link.seats), link.number))
    overloaded = lightest.seats and lightest.weight + topic.weight > limits.weight_per_link
    return None if overloaded and len(usable) < limits.links_max else lightest
