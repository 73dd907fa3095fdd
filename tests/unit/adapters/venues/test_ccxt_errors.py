# SPDX-License-Identifier: Apache-2.0
"""ccxt's errors as answers: what proves a refusal, what proves nothing, and what nobody has ever named."""

from collections.abc import Iterator, Mapping

import pytest

from bot4.adapters.venues.ccxt.errors import MEANINGS, classify, named, refused_before_leaving
from bot4.adapters.venues.ccxt.offered import BINANCE
from bot4.adapters.venues.kit.answers import (
    COMMANDS,
    Answer,
    Call,
    Outcome,
    Remedy,
    has_not_left,
    is_proof,
    may_send_again,
)

errors = pytest.importorskip("ccxt.base.errors", reason="the extra venues is not installed")
NOW_MS = 1_700_000_000_000
SILENT = {
    "BaseError", "ExchangeError", "OperationFailed", "NetworkError", "DDoSProtection", "RateLimitExceeded",
    "ExchangeNotAvailable", "OnMaintenance", "RequestTimeout", "BadResponse", "NullResponse", "CancelPending",
    "DuplicateOrderId", "InvalidAddress", "AddressPending", "InvalidProxySettings", "ExchangeClosedByUser",
    "UnsubscribeError",
}  # fmt: skip
"""Every class that proves nothing about a command."""


def classes(tree: Mapping[str, Mapping[str, object]], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Tell every class of ccxt's tree with those above it, narrowest first."""
    for name, below in tree.items():
        yield (name, *above)
        yield from classes(below, (name, *above))  # type: ignore[arg-type]


ALL = list(classes(errors.error_hierarchy))


def meant(kinds: tuple[str, ...], call: Call = Call.PLACE, status: int = 400, text: str = "", **more: float) -> Answer:
    """Return what a refusal means."""
    wait_s = more.get("wait_s", 0)
    return classify(
        call, kinds, status=status, code=0, text=text, at_ms=NOW_MS, wait_s=wait_s, rules=BINANCE.rules
    )  # fmt: skip


@pytest.mark.parametrize("kinds", ALL, ids=lambda kinds: kinds[0])
def test_a_class_proves_a_refusal_only_if_it_says_so(kinds: tuple[str, ...]) -> None:
    """The tree of the ccxt that is installed, whole: a class that is new in it must be looked at by a person."""
    answer = meant(kinds)
    assert (answer.outcome is Outcome.UNKNOWN) == (kinds[0] in SILENT)
    if answer.outcome is Outcome.UNKNOWN:
        assert answer.remedy is Remedy.LOOK_UP
        assert answer.alert == (not any(kind in MEANINGS for kind in kinds))


@pytest.mark.parametrize("call", COMMANDS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("kinds", ALL, ids=lambda kinds: kinds[0])
def test_a_venue_that_is_ill_proves_nothing_whatever_it_says(kinds: tuple[str, ...], status: int, call: Call) -> None:
    """A status of 500 and above, even with the words of a refusal."""
    answer = meant(kinds, call, status, "Account has insufficient balance")
    assert (answer.outcome, answer.remedy) == (Outcome.UNKNOWN, Remedy.LOOK_UP)


@pytest.mark.parametrize("kinds", ALL, ids=lambda kinds: kinds[0])
def test_before_anything_left_every_no_is_proof(kinds: tuple[str, ...]) -> None:
    """ccxt's own refusal: nothing was done, and nothing is to be sent again as it is."""
    answer = refused_before_leaving(kinds, "words")
    assert is_proof(answer) and answer.remedy in (Remedy.CORRECT, Remedy.FATAL)
    assert not may_send_again(answer, 1)


def test_no_line_of_the_table_is_stale() -> None:
    """Each names a class that ccxt has."""
    assert set(MEANINGS) <= {kinds[0] for kinds in ALL}


@pytest.mark.parametrize(
    ("text", "wait_s", "until_ms", "rule"),
    [
        ("slow down", 0, NOW_MS + 60_000, "too_much_weight"),
        ("slow down", 7, NOW_MS + 7_000, "too_much_weight"),
        ("IP banned until 1700000123456.", 0, 1_700_000_123_456, "too_much_weight"),
        ("Too many new orders; current limit is 2", 0, NOW_MS + 60_000, "too_many_orders"),
    ],
)
def test_a_gate_that_refuses_is_proof_and_names_a_moment(text: str, wait_s: float, until_ms: int, rule: str) -> None:
    """By its header, its words, or a minute."""
    answer = meant(("DDoSProtection", "NetworkError"), status=429, text=text, wait_s=wait_s)
    assert (answer.outcome, answer.remedy) == (Outcome.REJECTED, Remedy.BACK_OFF)
    assert (answer.until_ms, answer.rule) == (until_ms, rule)
    assert meant((), status=418).rule == "banned"


def test_a_rate_limit_without_that_status_proves_nothing_and_still_slows_questions() -> None:
    """Said inside an answer of another status, it may have come after the order."""
    kinds = ("RateLimitExceeded", "NetworkError")
    assert meant(kinds, status=200).outcome is Outcome.UNKNOWN
    assert meant(kinds, Call.READ, 200).remedy is Remedy.BACK_OFF


def test_a_name_in_use_is_no_proof_whatever_its_class() -> None:
    """The words say that an order of this name lives."""
    answer = meant(("InvalidOrder", "ExchangeError"), text='{"code":-2010,"msg":"Duplicate order sent."}')
    assert (answer.outcome, answer.remedy, answer.rule) == (Outcome.UNKNOWN, Remedy.LOOK_UP, "duplicate")


def test_a_question_may_find_nothing_and_a_command_must_look() -> None:
    """The same class, two meanings."""
    kinds = ("OrderNotFound", "InvalidOrder", "ExchangeError")
    assert meant(kinds, Call.QUERY).outcome is Outcome.NOT_FOUND
    canceled = meant(kinds, Call.CANCEL)
    assert (canceled.outcome, canceled.remedy, canceled.rule) == (Outcome.REJECTED, Remedy.LOOK_UP, "unknown_order")


def test_only_a_refused_time_stamp_may_be_sent_again_and_only_once() -> None:
    """It proves that nothing was done."""
    answer = meant(("InvalidNonce", "NetworkError"))
    assert may_send_again(answer, 1) and not may_send_again(answer, 2)
    resent = [kinds[0] for kinds in ALL if may_send_again(meant(kinds), 1)]
    assert resent == ["InvalidNonce", "ChecksumError"]


def test_a_closed_market_is_to_be_asked_later_and_was_heard() -> None:
    """It left and was refused: not the same as one that never left."""
    answer = meant(("MarketClosed", "OperationRejected", "ExchangeError"))
    assert (answer.remedy, answer.until_ms) == (Remedy.RETRY_LATER, NOW_MS + 60_000)
    assert not has_not_left(answer)


def test_the_venues_words_name_a_rule_that_the_class_does_not() -> None:
    """A filter by its own name."""
    answer = meant(("InvalidOrder", "ExchangeError"), text='{"code":-1013,"msg":"Filter failure: LOT_SIZE"}')
    assert (answer.rule, answer.remedy, answer.outcome) == ("filter.lot_size", Remedy.CORRECT, Outcome.REJECTED)
    assert named("nothing of the kind", BINANCE.rules) == ""
    assert len(meant(("BadRequest",), text="x" * 1_000).text) == 200
