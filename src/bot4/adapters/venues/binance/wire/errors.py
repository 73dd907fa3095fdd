# SPDX-License-Identifier: Apache-2.0
"""What Binance spot's statuses, codes and texts mean in the closed list of answers.

A code is on the proof list (``proof=True``) only where the venue documents that the request was not
carried out. A status of 500 and above proves nothing, whatever code comes with it. What is in no
table is ``UNKNOWN`` and raises an alert.
"""

import re
from typing import Final

import msgspec
from msgspec import Raw

from bot4.adapters.venues.binance.wire.replies import CancelReplaceReply, VenueError
from bot4.adapters.venues.kit.answers import (
    COMMANDS,
    LOOK_AGAIN_MS,
    Answer,
    Call,
    Meaning,
    Outcome,
    Remedy,
    succeeded,
    unanswered,
)

TEXT_MAX: Final = 200
SUCCESS: Final = "SUCCESS"
NOT_ATTEMPTED: Final = "NOT_ATTEMPTED"
WEIGHT_WINDOW_MS: Final = 60_000
ORDER_WINDOW_MS: Final = 10_000
CONNECTION_WINDOW_MS: Final = 300_000
BLOCKED_MS: Final = 300_000
BANNED_UNTIL: Final = re.compile(r"banned until (\d{10,16})")
FILTER_FAILURE: Final = re.compile(r"Filter failure: ([A-Z_]+)")

KEY_MEND: Final = "Check the API key, its permissions for spot trading and the addresses it may be used from."
ACCOUNT_MEND: Final = "Ask the venue why the account is closed to trading; exits and stops are tried until it is open."
SIGNATURE_MEND: Final = "Check that the secret belongs to the API key, and that the key's type is the configured one."


MEANINGS: Final = {
    -1000: Meaning("venue_unknown_error", Remedy.RETRY_LATER, proof=False),
    -1001: Meaning("venue_disconnected", Remedy.RETRY_LATER, proof=False),
    -1002: Meaning("unauthorized", Remedy.FATAL, mend=KEY_MEND),
    -1003: Meaning("too_much_weight", Remedy.BACK_OFF, wait_ms=WEIGHT_WINDOW_MS),
    -1006: Meaning("unexpected_response", Remedy.RETRY_LATER, proof=False),
    -1007: Meaning("venue_timeout", Remedy.RETRY_LATER, proof=False),
    -1008: Meaning("venue_overloaded", Remedy.RETRY_LATER, proof=False),
    -1013: Meaning("before_engine", Remedy.CORRECT),
    -1014: Meaning("order_combination", Remedy.CORRECT),
    -1015: Meaning("too_many_orders", Remedy.BACK_OFF, wait_ms=ORDER_WINDOW_MS),
    -1020: Meaning("unsupported", Remedy.CORRECT),
    -1021: Meaning("time_stamp", Remedy.RESYNC_CLOCK),
    -1022: Meaning("signature", Remedy.FATAL, mend=SIGNATURE_MEND),
    -1034: Meaning("too_many_connections", Remedy.BACK_OFF, wait_ms=CONNECTION_WINDOW_MS),
    -1100: Meaning("illegal_characters", Remedy.CORRECT),
    -1101: Meaning("too_many_parameters", Remedy.CORRECT),
    -1102: Meaning("parameter_missing", Remedy.CORRECT),
    -1103: Meaning("parameter_unknown", Remedy.CORRECT),
    -1104: Meaning("parameters_unread", Remedy.CORRECT),
    -1105: Meaning("parameter_empty", Remedy.CORRECT),
    -1106: Meaning("parameter_not_required", Remedy.CORRECT),
    -1111: Meaning("precision", Remedy.CORRECT),
    -1115: Meaning("time_in_force", Remedy.CORRECT),
    -1116: Meaning("order_type", Remedy.CORRECT),
    -1117: Meaning("side", Remedy.CORRECT),
    -1121: Meaning("symbol", Remedy.CORRECT),
    -1130: Meaning("parameter_value", Remedy.CORRECT),
    -1131: Meaning("receive_window", Remedy.CORRECT),
    -1135: Meaning("json", Remedy.CORRECT),
    -1145: Meaning("cancel_restrictions", Remedy.CORRECT),
    -1158: Meaning("pair_type", Remedy.CORRECT),
    -1165: Meaning("pair_limit_side", Remedy.CORRECT),
    -1166: Meaning("pair_limit_side", Remedy.CORRECT),
    -1168: Meaning("pair_without_stop", Remedy.CORRECT),
    -1196: Meaning("pair_stop_side", Remedy.CORRECT),
    -1197: Meaning("pair_stop_side", Remedy.CORRECT),
    -1198: Meaning("pair_profit_side", Remedy.CORRECT),
    -1199: Meaning("pair_profit_side", Remedy.CORRECT),
    -2010: Meaning("order_rejected", Remedy.CORRECT),
    -2011: Meaning("cancel_rejected", Remedy.LOOK_UP),
    -2013: Meaning("no_such_order", Remedy.LOOK_UP),
    -2014: Meaning("key_format", Remedy.FATAL, mend=KEY_MEND),
    -2015: Meaning("key_refused", Remedy.FATAL, mend=KEY_MEND),
    -2021: Meaning("replaced_in_part", Remedy.LOOK_UP, proof=False),
    -2022: Meaning("replace_failed", Remedy.LOOK_UP),
    -2026: Meaning("archived", Remedy.NOTHING),
    -2035: Meaning("already_subscribed", Remedy.NOTHING),
    -2036: Meaning("not_subscribed", Remedy.RETRY_LATER),
    -2038: Meaning("amend_rejected", Remedy.LOOK_UP),
    -2042: Meaning("subscriptions_used_up", Remedy.RETRY_LATER),
    -4056: Meaning("logon_needs_a_key_pair", Remedy.CORRECT),
}
"""Every code of the contract, and those that refuse a request by its form; the rest is unknown."""

PLACE_TEXTS: Final = (
    ("insufficient balance", Meaning("insufficient_balance", Remedy.CORRECT)),
    ("duplicate order", Meaning("duplicate", Remedy.LOOK_UP, proof=False)),
    ("would immediately match and take", Meaning("would_take", Remedy.CORRECT)),
    ("would trigger immediately", Meaning("would_trigger", Remedy.CORRECT)),
    ("relationship of the prices", Meaning("pair_prices", Remedy.CORRECT)),
    ("may not place or cancel orders", Meaning("may_not_trade", Remedy.FATAL, mend=ACCOUNT_MEND)),
    ("not permitted for this account", Meaning("symbol_not_permitted", Remedy.CORRECT)),
    ("liquidity is less than", Meaning("no_liquidity", Remedy.CORRECT)),
    ("market is closed", Meaning("market_closed", Remedy.RETRY_LATER, wait_ms=WEIGHT_WINDOW_MS)),
)
"""-2010 by text. A duplicate proves the opposite: an order with this id is open, so its fate is to be looked up."""

CANCEL_TEXTS: Final = (
    ("unknown order sent", Meaning("unknown_order", Remedy.LOOK_UP)),
    ("cancel restrictions", Meaning("cancel_restricted", Remedy.NOTHING)),
)
"""-2011 by text. An order unknown to a cancel may have filled, ended, or not yet have arrived."""


def classify(
    call: Call, status: int, *, code: int, text: str, at_ms: int, retry_after_s: int = 0, retry_at_ms: int = 0
) -> Answer:
    """Return what a reply means.

    Parameters
    ----------
    call : Call
        What was asked.
    status : int
        The HTTP status, or the status of a WebSocket API reply.
    code : int
        The venue's code, 0 where the body held none.
    text : str
        The venue's words.
    at_ms : int
        When the reply came, UTC ms.
    retry_after_s : int
        The header ``Retry-After``, 0 without.
    retry_at_ms : int
        The moment a WebSocket API error names, 0 without.
    """
    text = text[:TEXT_MAX]
    if 200 <= status < 300 and code == 0:
        return succeeded(call)
    wait_until = retry_at_ms or (at_ms + 1000 * retry_after_s if retry_after_s else 0)
    if status in (418, 429):
        until = max(wait_until, banned_until(text)) or at_ms + (ORDER_WINDOW_MS if code == -1015 else WEIGHT_WINDOW_MS)
        rule = "banned" if status == 418 else "too_many_orders" if code == -1015 else "too_much_weight"
        return Answer(Outcome.REJECTED, Remedy.BACK_OFF, rule, code, text, until)
    meaning = meaning_of(code, text)
    if status >= 500 or meaning is None:
        return unproven(call, status, meaning, code=code, text=text, until_ms=wait_until or at_ms + LOOK_AGAIN_MS)
    if call is Call.QUERY and code == -2013:
        return Answer(Outcome.NOT_FOUND, Remedy.NOTHING, meaning.rule, code, text)
    if call is Call.QUERY and code == -2026:
        return Answer(Outcome.FOUND, Remedy.NOTHING, meaning.rule, code, text)
    alert = code in (-2010, -2011) and meaning is MEANINGS[code]
    remedy = meaning.remedy
    if not meaning.proof and call in COMMANDS:
        remedy = Remedy.LOOK_UP
    waits = remedy in (Remedy.RETRY_LATER, Remedy.BACK_OFF)
    until = (max(wait_until, banned_until(text)) or at_ms + meaning.wait_ms) if waits else 0
    outcome = Outcome.REJECTED if meaning.proof else Outcome.UNKNOWN
    return Answer(outcome, remedy, meaning.rule, code, text, until, meaning.mend, alert)


def meaning_of(code: int, text: str) -> Meaning | None:
    """Return what a code means, by its text where one code holds several refusals; None for no code of ours."""
    lower = text.lower()
    for its_code, table in ((-2010, PLACE_TEXTS), (-2011, CANCEL_TEXTS)):
        for words, meaning in table:
            if code == its_code and words in lower:
                return meaning
    named = FILTER_FAILURE.search(text) if code == -1013 else None
    return Meaning("filter." + named[1].lower(), Remedy.CORRECT) if named else MEANINGS.get(code)


def unproven(call: Call, status: int, meaning: Meaning | None, *, code: int, text: str, until_ms: int) -> Answer:
    """Return the meaning of a reply that proves nothing: the venue's own fault, or words that no table knows."""
    blocked = status == 403
    rule = meaning.rule if meaning else "blocked" if blocked else "unmapped"
    if call in COMMANDS:
        remedy, until = Remedy.LOOK_UP, 0
    elif blocked:
        remedy, until = Remedy.BACK_OFF, until_ms + BLOCKED_MS
    else:
        remedy, until = Remedy.RETRY_LATER, until_ms
    alert = meaning is None and (status < 500 or code != 0)
    return Answer(Outcome.UNKNOWN, remedy, rule, code, text, until, alert=alert)


def banned_until(text: str) -> int:
    """Return the UTC ms that a ban's text names, 0 for none."""
    found = BANNED_UNTIL.search(text)
    return int(found[1]) if found else 0


def replace_halves(said: CancelReplaceReply, *, at_ms: int) -> tuple[Answer | None, Answer | None]:
    """Return what a cancel-replace did to its two halves, the cancel and the new order; None for one not attempted."""

    def half(call: Call, result: str, response: Raw) -> Answer | None:
        """Return one half's meaning."""
        if result == NOT_ATTEMPTED:
            return None
        if result == SUCCESS:
            return succeeded(call)
        try:
            error = msgspec.json.decode(response, type=VenueError)
        except msgspec.MsgspecError:
            return unanswered(call, "malformed.half", at_ms=at_ms)
        return classify(call, 400, code=error.code, text=error.msg, at_ms=at_ms)

    return (
        half(Call.CANCEL, said.cancel_result, said.cancel_response),
        half(Call.PLACE, said.new_order_result, said.new_order_response),
    )


def refused_replace(error: VenueError) -> CancelReplaceReply | None:
    """Return the halves that a refused cancel-replace carries, None where it carries none."""
    try:
        return msgspec.json.decode(error.data, type=CancelReplaceReply)
    except msgspec.MsgspecError:
        return None
