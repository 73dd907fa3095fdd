# SPDX-License-Identifier: Apache-2.0
"""What a session wants done, and what it has to tell: values, obeyed in order by whoever holds the sockets."""

from dataclasses import dataclass
from typing import Final

INTERRUPTED: Final = "interrupted"
"""What came between may be lost: whoever keeps state from this topic resynchronises it."""

SILENT: Final = "silent"
"""Nothing came for longer than this topic's usual pace allows: not to be traded by."""

RESUMED: Final = "resumed"
"""A silent topic speaks again on the same connection."""

REFUSED: Final = "refused"
"""The venue will not serve it, or there is no room; it is not asked for again until it is wanted anew."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect; answer with ``opened`` and later ``lost``, or with ``lost`` alone."""

    link: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Send one request to subscribe or unsubscribe; its number comes back in the venue's reply."""

    link: int
    request: int
    topics: tuple[str, ...]
    subscribe: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Close a connection, or give up dialing it; nothing more is to be told of it, whatever it still says."""

    link: int
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """Tell the owner of a topic what became of it.

    Attributes
    ----------
    silent_ns, bound_ns : int
        Of a silent topic: for how long nothing came, and how long its pace allows; else 0.
    """

    topic: str
    what: str
    detail: str = ""
    silent_ns: int = 0
    bound_ns: int = 0


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand on messages that were held while a topic changed its connection, in order."""

    topic: str
    messages: tuple[object, ...]


Step = Dial | Ask | Cut | Told | Deliver
