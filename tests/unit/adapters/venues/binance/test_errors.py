# SPDX-License-Identifier: Apache-2.0
"""Binance's codes in the closed list: each row of the contract, and what no row knows."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.binance.wire.errors import MEANINGS, classify, refused_replace, replace_halves
from bot4.adapters.venues.binance.wire.replies import VenueError
from bot4.adapters.venues.kit.answers import COMMANDS, Answer, Call, Outcome, Remedy, may_send_again, unanswered
from bot4.simulation.exchange import refusals

AT = 1_700_000_000_000


def placed(code: int, text: str = "", status: int = 400, call: Call = Call.PLACE) -> Answer:
    """Classify an answer to a new order."""
    return classify(call, status, code=code, text=text, at_ms=AT)


R, U = Outcome.REJECTED, Outcome.UNKNOWN


@pytest.mark.requirement("prod_004", "P-03", "P-04")
@pytest.mark.parametrize(
    ("code", "text", "outcome", "remedy"),
    [
        (-1000, "An unknown error occurred", U, Remedy.LOOK_UP),
        (-1001, "Internal error", U, Remedy.LOOK_UP),
        (-1002, "You are not authorized", R, Remedy.FATAL),
        (-1003, "Too much request weight used", R, Remedy.BACK_OFF),
        (-1006, "unexpected response", U, Remedy.LOOK_UP),
        (-1007, "Timeout waiting for response", U, Remedy.LOOK_UP),
        (-1008, "Server is currently overloaded", U, Remedy.LOOK_UP),
        (-1013, "Filter failure: LOT_SIZE", R, Remedy.CORRECT),
        (-1015, "Too many new orders", R, Remedy.BACK_OFF),
        (-1021, "Timestamp for this request is outside of the recvWindow.", R, Remedy.RESYNC_CLOCK),
        (-1022, "Signature for this request is not valid.", R, Remedy.FATAL),
        (-1100, "Illegal characters", R, Remedy.CORRECT),
        (-1101, "Too many parameters", R, Remedy.CORRECT),
        (-1102, "Mandatory parameter 'side'", R, Remedy.CORRECT),
        (-1103, "An unknown parameter was sent.", R, Remedy.CORRECT),
        (-1104, "Not all sent parameters were read", R, Remedy.CORRECT),
        (-1105, "Parameter 'x' was empty.", R, Remedy.CORRECT),
        (-1106, "Parameter 'x' sent when not required.", R, Remedy.CORRECT),
        (-1111, "Precision is over the maximum", R, Remedy.CORRECT),
        (-1121, "Invalid symbol.", R, Remedy.CORRECT),
        (-1130, "Data sent for parameter 'x' is not valid.", R, Remedy.CORRECT),
        (-1014, "Unsupported order combination.", R, Remedy.CORRECT),
        (-1020, "This operation is not supported.", R, Remedy.CORRECT),
        (-1034, "Too many new connections.", R, Remedy.BACK_OFF),
        (-1115, "Invalid timeInForce.", R, Remedy.CORRECT),
        (-1116, "Invalid orderType.", R, Remedy.CORRECT),
        (-1117, "Invalid side.", R, Remedy.CORRECT),
        (-1131, "recvWindow must be less than 60000.", R, Remedy.CORRECT),
        (-1135, "Invalid JSON Request", R, Remedy.CORRECT),
        (-1145, "Invalid cancelRestrictions", R, Remedy.CORRECT),
        (-1158, "Order type not supported in OCO.", R, Remedy.CORRECT),
        (-1165, "A limit order in a buy OCO must be below.", R, Remedy.CORRECT),
        (-1166, "A limit order in a sell OCO must be above.", R, Remedy.CORRECT),
        (-1168, "At least one OCO order must be contingent.", R, Remedy.CORRECT),
        (-1196, "A stop loss order in a buy OCO must be above.", R, Remedy.CORRECT),
        (-1197, "A stop loss order in a sell OCO must be below.", R, Remedy.CORRECT),
        (-1198, "A take profit order in a buy OCO must be below.", R, Remedy.CORRECT),
        (-1199, "A take profit order in a sell OCO must be above.", R, Remedy.CORRECT),
        (-2010, "The relationship of the prices for the orders is not correct.", R, Remedy.CORRECT),
        (-2010, "This account may not place or cancel orders.", R, Remedy.FATAL),
        (-2010, "This symbol is not permitted for this account.", R, Remedy.CORRECT),
        (-2010, "Order book liquidity is less than symbol minimum quantity.", R, Remedy.CORRECT),
        (-2038, "Order amend (quantity increase) is not supported.", R, Remedy.LOOK_UP),
        (-4056, "HMAC SHA256 API key is not supported.", R, Remedy.CORRECT),
        (-2010, "Account has insufficient balance for requested action.", R, Remedy.CORRECT),
        (-2010, "Order would immediately match and take.", R, Remedy.CORRECT),
        (-2010, "Order would trigger immediately.", R, Remedy.CORRECT),
        (-2010, "Market is closed.", R, Remedy.RETRY_LATER),
        (-2010, "Duplicate order sent.", U, Remedy.LOOK_UP),
        (-2011, "Unknown order sent.", R, Remedy.LOOK_UP),
        (-2011, "Order was not canceled due to cancel restrictions.", R, Remedy.NOTHING),
        (-2013, "Order does not exist.", R, Remedy.LOOK_UP),
        (-2014, "API-key format invalid.", R, Remedy.FATAL),
        (-2015, "Invalid API-key, IP, or permissions for action.", R, Remedy.FATAL),
        (-2021, "Order cancel-replace partially failed.", U, Remedy.LOOK_UP),
        (-2022, "Order cancel-replace failed.", R, Remedy.LOOK_UP),
        (-2026, "Order was archived", R, Remedy.NOTHING),
        (-2035, "User Data Stream subscription already active", R, Remedy.NOTHING),
        (-2036, "User Data Stream subscription not active", R, Remedy.RETRY_LATER),
        (-2042, "too many subscriptions", R, Remedy.RETRY_LATER),
    ],
)
def test_each_code_has_its_place(code: int, text: str, outcome: Outcome, remedy: Remedy) -> None:
    """A command's outcome and remedy, by code and text; a known row never raises an alert."""
    answer = placed(code, text)
    assert (answer.outcome, answer.remedy, answer.code, answer.alert) == (outcome, remedy, code, False)
    assert bool(answer.until_ms) == (remedy in (Remedy.BACK_OFF, Remedy.RETRY_LATER))
    assert bool(answer.mend) == (remedy is Remedy.FATAL)


@pytest.mark.requirement("prod_004", "U-10")
def test_every_refusal_of_the_simulated_venue_is_mapped() -> None:
    """What the venue of our tests can say is in the tables, word for word."""
    said = [one for one in vars(refusals).values() if isinstance(one, refusals.Refusal)]
    assert len(said) > 30
    unmapped = [one for one in said if classify(Call.CANCEL, 400, code=one.code, text=one.message, at_ms=AT).alert]
    assert unmapped == []


@pytest.mark.requirement("prod_004")
@given(
    code=st.integers(-10_000, 10_000),
    status=st.integers(100, 599),
    text=st.text(max_size=40),
    call=st.sampled_from(Call),
)
def test_what_no_table_knows_is_unknown(code: int, status: int, text: str, call: Call) -> None:
    """Only a success without a code, a limiter's status, or a code of the proof list makes an outcome certain."""
    answer = classify(call, status, code=code, text=text, at_ms=AT)
    success = 200 <= status < 300 and code == 0
    proven = status in (418, 429) or (status < 500 and code in MEANINGS)
    if answer.outcome is not Outcome.UNKNOWN:
        assert success or proven
    elif status < 500 and code not in MEANINGS:
        assert answer.alert
    if status >= 500:
        assert answer.outcome is Outcome.UNKNOWN
        assert answer.remedy is (Remedy.LOOK_UP if call in COMMANDS else Remedy.RETRY_LATER)
    if answer.outcome in (Outcome.FOUND, Outcome.NOT_FOUND):
        assert call not in COMMANDS


@pytest.mark.requirement("P-14")
@pytest.mark.parametrize(
    ("status", "text", "after", "at", "until"),
    [
        (429, "Too much request weight used", 17, 0, AT + 17_000),
        (429, "Too much request weight used", 0, 0, AT + 60_000),
        (429, "", 0, AT + 123, AT + 123),
        (418, f"Way too much request weight used; IP banned until {AT + 90_000}.", 0, 0, AT + 90_000),
        (418, f"IP banned until {AT + 90_000}.", 120, 0, AT + 120_000),
    ],
)
def test_a_limit_says_until_when(status: int, text: str, after: int, at: int, until: int) -> None:
    """By the header, the moment of the socket's reply or the text, the later one, and by the window without any."""
    answer = classify(Call.PLACE, status, code=-1003, text=text, at_ms=AT, retry_after_s=after, retry_at_ms=at)
    assert (answer.outcome, answer.remedy, answer.until_ms) == (R, Remedy.BACK_OFF, until)


def test_new_words_under_an_engine_code_raise_an_alert() -> None:
    """The code is proof enough that nothing was done; words that nobody mapped are told."""
    answer = placed(-2010, "This order is of a kind nobody has seen.")
    assert (answer.outcome, answer.alert) == (R, True)
    assert placed(-2011, "Some new refusal.", call=Call.CANCEL).alert


@pytest.mark.requirement("P-12")
def test_a_filter_is_named() -> None:
    """The refusal carries which filter, for those that keep it before the wire."""
    assert placed(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE").rule == "filter.percent_price_by_side"


@pytest.mark.requirement("P-04")
def test_a_query_finds_or_does_not() -> None:
    """Not to exist, and to be archived without a fill, are answers; an unreadable status is none."""
    assert placed(-2013, call=Call.QUERY).outcome is Outcome.NOT_FOUND
    assert placed(-2026, call=Call.QUERY).outcome is Outcome.FOUND
    assert placed(-2013, call=Call.QUERY, status=503).outcome is U
    assert placed(0, status=403, call=Call.READ).remedy is Remedy.BACK_OFF
    assert placed(0, status=403).remedy is Remedy.LOOK_UP
    assert unanswered(Call.PLACE, "timeout", at_ms=AT).remedy is Remedy.LOOK_UP
    assert unanswered(Call.QUERY, "timeout", at_ms=AT).until_ms > AT


@pytest.mark.requirement("P-13", "P-03")
@given(code=st.integers(-3000, 0), status=st.integers(200, 599), call=st.sampled_from(Call), tries=st.integers(1, 3))
def test_only_a_refused_time_stamp_is_sent_again(code: int, status: int, call: Call, tries: int) -> None:
    """One more try of the same request, after -1021 below 500, and after nothing else."""
    answer = classify(call, status, code=code, text="", at_ms=AT)
    right = code == -1021 and status < 500 and status not in (418, 429) and tries == 1
    assert may_send_again(answer, tries) == right


def test_a_replace_is_told_in_halves() -> None:
    """A cancel that went through and an order that did not are two answers; what was not tried is none."""

    def halves(cancel: str, place: str, *, said: object = None, also: object = None) -> list[tuple[str, str] | None]:
        """Return outcome and rule of each half of a refused cancel-replace."""
        data = {"cancelResult": cancel, "newOrderResult": place, "cancelResponse": said, "newOrderResponse": also}
        body = msgspec.json.encode({"code": -2021, "msg": "", "data": data})
        reply = refused_replace(msgspec.json.decode(body, type=VenueError))
        assert reply is not None
        return [(half.outcome.value, half.rule) if half else None for half in replace_halves(reply, at_ms=AT)]

    poor = {"code": -2010, "msg": "Account has insufficient balance for requested action."}
    gone = {"code": -2011, "msg": "Unknown order sent."}
    assert halves("SUCCESS", "FAILURE", also=poor) == [("accepted", ""), ("rejected", "insufficient_balance")]
    assert halves("FAILURE", "NOT_ATTEMPTED", said=gone) == [("rejected", "unknown_order"), None]
    assert halves("FAILURE", "SUCCESS", said=gone) == [("rejected", "unknown_order"), ("accepted", "")]
    assert halves("FAILURE", "FAILURE", said=[], also=poor)[0] == ("unknown", "malformed.half")
    assert refused_replace(VenueError(code=-2021)) is None
