# SPDX-License-Identifier: Apache-2.0
"""The life of one connection to a venue, as a table; what may follow what, and nothing else.

::

    BACKING_OFF ──dialed──► CONNECTING ──opened──► OPEN ──replaced──► DRAINING ──cut──► ENDED
         ▲                       │                   │                    │
         └────────lost───────────┴───────lost────────┘                    └──lost──► ENDED

A connection that is replaced drains: its successor is open and subscribed before
it closes. Sockets report late and twice, so the table has lines for that too: what
a connection hears after its end changes nothing.
"""

from typing import Final

BACKING_OFF: Final = "backing off"
CONNECTING: Final = "connecting"
OPEN: Final = "open"
DRAINING: Final = "draining"
ENDED: Final = "ended"

STATES: Final = (BACKING_OFF, CONNECTING, OPEN, DRAINING, ENDED)

DIALED: Final = "dialed"
OPENED: Final = "opened"
LOST: Final = "lost"
REPLACED: Final = "replaced"
CUT: Final = "cut"

HAPPENINGS: Final = (DIALED, OPENED, LOST, REPLACED, CUT)

_AFTER: Final = {
    (BACKING_OFF, DIALED): CONNECTING,
    (BACKING_OFF, LOST): BACKING_OFF,  # the same loss, told twice
    (BACKING_OFF, CUT): ENDED,
    (CONNECTING, OPENED): OPEN,
    (CONNECTING, LOST): BACKING_OFF,
    (CONNECTING, CUT): ENDED,
    (OPEN, LOST): BACKING_OFF,
    (OPEN, REPLACED): DRAINING,
    (OPEN, CUT): ENDED,
    (DRAINING, LOST): ENDED,  # the venue was quicker: the successor has the topics already
    (DRAINING, CUT): ENDED,
    **dict.fromkeys(((ENDED, happening) for happening in HAPPENINGS), ENDED),
}


def after(state: str, happening: str) -> str | None:
    """Return the state after a happening, or None where it cannot happen in this state."""
    return _AFTER.get((state, happening))
