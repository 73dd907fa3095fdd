# SPDX-License-Identifier: Apache-2.0
"""The error tree: one root, and each branch says whose fault it is.

::

    Bot4Error
    ├── OurFault        a bug here: stop rather than continue wrong
    │   └── EventStorm  one cause produced more events than the bound
    └── TheirFault      the world or the user: say so, lose nothing
        ├── BadInput        what was asked for cannot be done as asked (exit 2)
        │   └── Corrupt     a file is damaged at a known byte (exit 1)
        └── OutsideFault    the machine refused: disk, network, permission (exit 3)

A refusal by risk or evidence is no error: it is a value
(:class:`bot4.domain.verdict.Refused`).
"""

from typing import final


class Bot4Error(Exception):
    """Stand at the root of every error that bot4 raises on purpose."""


class OurFault(Bot4Error):
    """Report a broken invariant of bot4 itself; never caught to go on trading."""


@final
class EventStorm(OurFault):
    """Report that one event caused more events than the engine's bound."""


class TheirFault(Bot4Error):
    """Report something outside bot4 that made the request impossible.

    Parameters
    ----------
    place : str
        Where: a file with its line or row, a flag, a key of the configuration.
    value : str
        What was found there.
    allowed : str
        What would have been accepted.
    mend : str
        What the user can do about it.
    code : str
        A stable word for programs, such as ``"column_missing"``.
    """

    def __init__(self, place: str, value: str, allowed: str, mend: str, code: str = "bad_input") -> None:
        super().__init__(f"{place}: {value}. Allowed: {allowed}. {mend}")
        self.place = place
        self.value = value
        self.allowed = allowed
        self.mend = mend
        self.code = code

    def fields(self) -> dict[str, str]:
        """Return the parts of the message, for ``--json``."""
        return {
            "code": self.code,
            "place": self.place,
            "value": self.value,
            "allowed": self.allowed,
            "mend": self.mend,
        }


class BadInput(TheirFault, ValueError):
    """Refuse an input that cannot be used as it is (exit code 2)."""


@final
class Corrupt(BadInput):
    """Refuse a file whose bytes contradict themselves, naming the first bad byte.

    Parameters
    ----------
    place : str
        The file.
    offset : int
        The offset of the first byte that cannot be trusted.
    value, allowed, mend : str
        As in :class:`TheirFault`.
    """

    def __init__(self, place: str, offset: int, value: str, allowed: str, mend: str) -> None:
        super().__init__(f"{place}: byte {offset}", value, allowed, mend, "corrupt")
        self.offset = offset


class OutsideFault(TheirFault):
    """Report a fault of the machine or the network (exit code 3)."""
