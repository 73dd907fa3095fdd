# SPDX-License-Identifier: Apache-2.0
"""What ccxt's classes of errors mean in the closed list of answers.

A class is on the proof list only where it says that the venue refused the request as such. Silence, a venue that is
ill, a status of 500 and above, and a class that no line names prove nothing. Classes are known by name, from the
narrowest up, so that this table needs no ccxt.
"""

import re
from collections.abc import Sequence
from typing import Final

from bot4.adapters.venues.kit.answers import COMMANDS, LOOK_AGAIN_MS, Answer, Call, Meaning, Outcome, Remedy

TEXT_MAX: Final = 200
BACK_OFF_MS: Final = 60_000
REFUSING: Final = (418, 429)
"""A status that a gate gives before the request is looked at: the one proof that a rate limit carries."""

BANNED_UNTIL: Final = re.compile(r"banned until (\d{10,16})")
KEY_MEND: Final = "Check the API key, its secret, its permissions and the addresses it may be used from."

MEANINGS: Final = {
    "InsufficientFunds": Meaning("insufficient_balance", Remedy.CORRECT),
    "OrderImmediatelyFillable": Meaning("would_take", Remedy.CORRECT),
    "OrderNotFillable": Meaning("no_liquidity", Remedy.CORRECT),
    "DuplicateOrderId": Meaning("duplicate", Remedy.LOOK_UP, proof=False),
    "OrderNotFound": Meaning("unknown_order", Remedy.LOOK_UP),
    "InvalidOrder": Meaning("order_rejected", Remedy.CORRECT),
    "BadSymbol": Meaning("symbol", Remedy.CORRECT),
    "BadRequest": Meaning("bad_request", Remedy.CORRECT),
    "ArgumentsRequired": Meaning("parameter_missing", Remedy.CORRECT),
    "NotSupported": Meaning("unsupported", Remedy.CORRECT),
    "MarketClosed": Meaning("market_closed", Remedy.RETRY_LATER, wait_ms=BACK_OFF_MS),
    "RestrictedLocation": Meaning("location", Remedy.FATAL, mend="The venue does not serve this place."),
    "OperationRejected": Meaning("refused", Remedy.CORRECT),
    "PermissionDenied": Meaning("unauthorized", Remedy.FATAL, mend=KEY_MEND),
    "AccountSuspended": Meaning("account_suspended", Remedy.FATAL, mend="Ask the venue why."),
    "AuthenticationError": Meaning("key_refused", Remedy.FATAL, mend=KEY_MEND),
    "InvalidNonce": Meaning("time_stamp", Remedy.RESYNC_CLOCK),
    "RateLimitExceeded": Meaning("too_much_weight", Remedy.BACK_OFF, proof=False),
    "DDoSProtection": Meaning("too_much_weight", Remedy.BACK_OFF, proof=False),
    "RequestTimeout": Meaning("venue_timeout", Remedy.RETRY_LATER, proof=False),
    "OnMaintenance": Meaning("maintenance", Remedy.RETRY_LATER, proof=False),
    "ExchangeNotAvailable": Meaning("venue_unavailable", Remedy.RETRY_LATER, proof=False),
    "NetworkError": Meaning("venue_unavailable", Remedy.RETRY_LATER, proof=False),
    "CancelPending": Meaning("cancel_pending", Remedy.RETRY_LATER, proof=False),
    "BadResponse": Meaning("unexpected_response", Remedy.RETRY_LATER, proof=False),
    "OperationFailed": Meaning("venue_failed", Remedy.RETRY_LATER, proof=False),
}
"""What is in no line, such as a bare ``ExchangeError``, is unknown and raises an alert."""

Rules = Sequence[tuple[str, str]]


def classify(
    call: Call, kinds: Sequence[str], *, status: int, code: int, text: str, at_ms: int, wait_s: float = 0, rules: Rules
) -> Answer:
    """Return what a refusal means.

    Parameters
    ----------
    call : Call
        What was asked.
    kinds : sequence of str
        The names of the error's class and of those above it, narrowest first; empty where ccxt saw no error.
    status : int
        The HTTP status.
    code : int
        The venue's code, 0 where the reply named none: then the status stands for it.
    text : str
        The venue's words, without secrets.
    at_ms : int
        When the reply came, UTC ms.
    wait_s : float
        How long the venue wants to be left alone, 0 if it did not say.
    rules : sequence of (words, rule)
        What the venue's words add.
    """
    code, text = code or status, text[:TEXT_MAX]
    found = BANNED_UNTIL.search(text)
    until_ms = max(int(found[1]) if found else 0, at_ms + int(wait_s * 1000) if wait_s else 0)
    if status in REFUSING:
        rule = named(text, rules) or ("banned" if status == REFUSING[0] else "too_much_weight")
        return Answer(Outcome.REJECTED, Remedy.BACK_OFF, rule, code, text, until_ms or at_ms + BACK_OFF_MS)
    meaning = next((MEANINGS[kind] for kind in kinds if kind in MEANINGS), None)
    if "duplicate" in text.lower():
        meaning = MEANINGS["DuplicateOrderId"]  # whatever its class: it says that an order of this name lives
    if meaning is None or not meaning.proof or status >= 500:
        return unproven(call, meaning, code=code, text=text, until_ms=until_ms or at_ms + LOOK_AGAIN_MS)
    if call is Call.QUERY and meaning is MEANINGS["OrderNotFound"]:
        return Answer(Outcome.NOT_FOUND, Remedy.NOTHING, meaning.rule, code, text)
    rule = named(text, rules) or meaning.rule
    waits = meaning.remedy is Remedy.RETRY_LATER
    until_ms = (until_ms or at_ms + meaning.wait_ms) if waits else 0
    return Answer(Outcome.REJECTED, meaning.remedy, rule, code, text, until_ms, meaning.mend)


def unproven(call: Call, meaning: Meaning | None, *, code: int, text: str, until_ms: int) -> Answer:
    """Return the meaning of a reply that proves nothing; one that no line names is an alert."""
    rule, alert = (meaning.rule, False) if meaning else ("unmapped", True)
    if call in COMMANDS:
        return Answer(Outcome.UNKNOWN, Remedy.LOOK_UP, rule, code, text, alert=alert)
    remedy = Remedy.BACK_OFF if meaning and meaning.remedy is Remedy.BACK_OFF else Remedy.RETRY_LATER
    return Answer(Outcome.UNKNOWN, remedy, rule, code, text, until_ms, alert=alert)


def refused_before_leaving(kinds: Sequence[str], text: str) -> Answer:
    """Return the meaning of ccxt's own no: nothing was sent, so that every class of it is proof."""
    meaning = next((MEANINGS[kind] for kind in kinds if kind in MEANINGS), None)
    if meaning is None:
        return Answer(Outcome.REJECTED, Remedy.CORRECT, "ccxt_refused", text=text[:TEXT_MAX], alert=True)
    remedy = Remedy.FATAL if meaning.remedy is Remedy.FATAL else Remedy.CORRECT
    return Answer(Outcome.REJECTED, remedy, meaning.rule, text=text[:TEXT_MAX], mend=meaning.mend)


def named(text: str, rules: Rules) -> str:
    """Return the rule that the venue's words name, empty for none."""
    lower = text.lower()
    for words, rule in rules:
        at = lower.find(words)
        if at >= 0:
            after = re.match(r"\w*", lower[at + len(words) :])
            return rule.format(after[0] if after else "")
    return ""
