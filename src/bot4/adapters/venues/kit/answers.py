# SPDX-License-Identifier: Apache-2.0
"""What a venue's answer to one request means: a closed list of outcomes, and beside it what to do next.

An order's fate may rest on three outcomes only: it was taken, it was provably not taken, or
nobody knows. Everything a dialect cannot map is ``UNKNOWN`` and asks for a look at the venue;
no answer is ever read as more certain than its text. Nothing here knows a venue's codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar


class Call(StrEnum):
    """Say what a request does, since the same code means different things to different requests."""

    PLACE = "place"
    CANCEL = "cancel"
    REPLACE = "replace"
    QUERY = "query"
    READ = "read"


class Outcome(StrEnum):
    """Say what happened: ``FOUND`` and ``NOT_FOUND`` answer queries, the others commands."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    FOUND = "found"
    NOT_FOUND = "not_found"


class Remedy(StrEnum):
    """Say what to do next, which is never to send a command of unknown fate again."""

    NOTHING = "nothing"
    CORRECT = "correct"
    LOOK_UP = "look_up"
    RETRY_LATER = "retry_later"
    RESYNC_CLOCK = "resync_clock"
    BACK_OFF = "back_off"
    FATAL = "fatal"


COMMANDS: Final = (Call.PLACE, Call.CANCEL, Call.REPLACE)
SUCCESS: Final = {
    Call.PLACE: Outcome.ACCEPTED,
    Call.CANCEL: Outcome.ACCEPTED,
    Call.REPLACE: Outcome.ACCEPTED,
    Call.QUERY: Outcome.FOUND,
    Call.READ: Outcome.FOUND,
}

LOOK_AGAIN_MS: Final = 1_000
"""How long to wait before a question is asked again, where nothing names a moment."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold the meaning of one reply, or of its absence.

    Parameters
    ----------
    outcome : Outcome
        What is certain.
    remedy : Remedy
        What to do.
    rule : str
        A stable word of ours for the reason, such as ``"insufficient_balance"``; empty after a success.
    code : int
        The venue's own code, 0 where it gave none.
    text : str
        The venue's own words, cut to a line.
    until_ms : int
        UTC ms before which nothing is to be sent again; for ``RETRY_LATER`` and ``BACK_OFF``.
    mend : str
        What a person can do; for ``FATAL``.
    alert : bool
        Whether a person should hear of it: an answer that no table knows.
    """

    outcome: Outcome
    remedy: Remedy = Remedy.NOTHING
    rule: str = ""
    code: int = 0
    text: str = ""
    until_ms: int = 0
    mend: str = ""
    alert: bool = False


UNREADABLE: Final = Answer(Outcome.UNKNOWN, Remedy.LOOK_UP, "unreadable", alert=True)
"""A reply in the documented shape whose values cannot be: off the tick, an unknown state, another order's."""
NAMELESS: Final = Answer(Outcome.UNKNOWN, Remedy.LOOK_UP, "nameless")
"""An order whose slot nobody has told: its name at the venue is not known."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Hold what one code or text means: our word, what to do, and whether it proves that nothing was done."""

    rule: str
    remedy: Remedy
    proof: bool = True
    wait_ms: int = LOOK_AGAIN_MS
    mend: str = ""


def succeeded(call: Call) -> Answer:
    """Return the meaning of a success."""
    return Answer(SUCCESS[call])


def unanswered(call: Call, rule: str, *, at_ms: int) -> Answer:
    """Return the meaning of silence after sending: a timeout, a reset, a reply that cannot be read.

    A command's fate must be looked up; a question may simply be asked again, a second later.
    """
    if call in COMMANDS:
        return Answer(Outcome.UNKNOWN, Remedy.LOOK_UP, rule)
    return Answer(Outcome.UNKNOWN, Remedy.RETRY_LATER, rule, until_ms=at_ms + 1000)


def not_sent(rule: str, *, at_ms: int) -> Answer:
    """Return the meaning of a request that provably never left: it was not carried out, and may be sent later."""
    return Answer(Outcome.REJECTED, Remedy.RETRY_LATER, rule, until_ms=at_ms + 1000)


def is_proof(answer: Answer) -> bool:
    """Say whether a refusal proves that nothing was done, and nothing is left to look up."""
    return answer.outcome is Outcome.REJECTED and answer.remedy is not Remedy.LOOK_UP


def has_not_left(answer: Answer) -> bool:
    """Say whether a command provably never reached the venue's engine, for a reason that is not the command's own.

    The network or our own clock kept it, a limit was full, or its time stamp was refused.
    """
    if answer.outcome is not Outcome.REJECTED:
        return False
    kept = answer.remedy is Remedy.RETRY_LATER and answer.code == 0
    return kept or answer.remedy in (Remedy.BACK_OFF, Remedy.RESYNC_CLOCK)


def may_send_again(answer: Answer, tries: int) -> bool:
    """Say whether the same request, with the same client id, may be signed and sent anew.

    Only after a refusal for its time stamp, which proves that it was not carried out, and only once.
    """
    return answer.outcome is Outcome.REJECTED and answer.remedy is Remedy.RESYNC_CLOCK and tries < 2


def whole(rows: Iterable[T | None]) -> tuple[T, ...] | Answer:
    """Return all rows of a reply, or that it cannot be read: one bad row spoils it."""
    read: list[T] = []
    for row in rows:
        if row is None:
            return UNREADABLE
        read.append(row)
    return tuple(read)
