# SPDX-License-Identifier: Apache-2.0
"""REST over real sockets on loopback: each request once, its fate a value, and one retry where that is safe."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import closing
from urllib.parse import parse_qs

import pytest

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient, HttpSettings
from bot4.adapters.venues.binance.account.objections import fault_of, key_objections
from bot4.adapters.venues.binance.wire import requests
from bot4.adapters.venues.binance.wire.replies import ApiRestrictions, OrderReply, ServerTime
from bot4.adapters.venues.binance.wire.rest import HOSTS, BinanceRest, Told, counts
from bot4.adapters.venues.kit.allowance import Allowance, Limit, Unit
from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Hold, Limiter, Urgency
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos
from tests.unit.adapters.venues.loopback_venue import Heard, Loopback, Said, venue

WEIGHT = Limit(Unit.WEIGHT, 60_000, 6_000)
ORDERS = Limit(Unit.ORDERS, 10_000, 50)
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
PLACE = requests.place_order((("symbol", "BTCUSDT"), ("newClientOrderId", "mine")), urgency=Urgency.ORDINARY)
ORDER = json.dumps({"symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "mine", "status": "NEW"}).encode()
VENUE_MS = 1_700_000_000_000


class Steps(Clock):
    """A clock that goes on by a millisecond each time it is read."""

    def __init__(self) -> None:
        self.at = 5_000_000_000

    def now_ns(self) -> Nanos:
        """Return a UTC time an hour behind the venue's."""
        return Nanos(self.monotonic_ns() + (VENUE_MS - 3_600_000) * 1_000_000)

    def monotonic_ns(self) -> Nanos:
        """Return the next millisecond."""
        self.at += 1_000_000
        return Nanos(self.at)


def rest_to(port: int, *, signer: HmacSigner | None = None, total_s: float = 5.0) -> tuple[BinanceRest, Limiter]:
    """Return a client of a venue on loopback, and its limiter."""
    limiter = Limiter(Allowance((WEIGHT,)), Allowance((ORDERS,)))
    http = HttpClient(allowed(f"http://127.0.0.1:{port}", ["127.0.0.1"]), settings=HttpSettings(total_s=total_s))
    signer = signer or HmacSigner("the key", Secret(SECRET.encode()))
    return BinanceRest(
        http, clock=Steps(), offset=ClockOffset(), limiter=limiter, signer=signer, drift=Drift()
    ), limiter


def timed(script: Callable[[Heard], Said]) -> Callable[[Heard], Said]:
    """Return a script that knows the time and leaves the rest to another."""
    told = Said(body=json.dumps({"serverTime": VENUE_MS}).encode())
    return lambda heard: told if heard.path.endswith("/time") else script(heard)


def place(script: Callable[[Heard], Said]) -> tuple[Told[OrderReply] | Hold, Loopback, Limiter]:
    """Place one order at a venue that answers by a script."""

    async def go() -> tuple[Told[OrderReply] | Hold, Loopback, Limiter]:
        """Serve, send, close."""
        async with venue(timed(script)) as running:
            rest, limiter = rest_to(running.port)
            told = await rest.ask(PLACE, "order", OrderReply)
            await rest.close()
            return told, running, limiter

    return asyncio.run(go())


def told_of(result: tuple[Told[OrderReply] | Hold, Loopback, Limiter]) -> tuple[Told[OrderReply], list[Heard]]:
    """Return what came of an order, and the requests that named it."""
    told, running, limiter = result
    assert isinstance(told, Told)
    assert limiter.open_requests() == 0
    return told, [heard for heard in running.heard if heard.path == PLACE.path]


@pytest.mark.requirement("P2-4", "P-13")
def test_an_order_goes_out_once_stamped_by_the_venues_clock_and_signed() -> None:
    """The machine is an hour off and the stamp is right; the key is in the header, the secret nowhere."""
    signer = HmacSigner("the key", Secret(SECRET.encode()))
    told, sent = told_of(place(lambda _: Said(body=ORDER, headers={"X-MBX-ORDER-COUNT-10S": "1"})))
    assert told.answer.outcome is Outcome.ACCEPTED
    assert told.value is not None and (told.value.order_id, told.value.own_id()) == (7, "mine")
    (heard,) = sent
    payload, _, signature = heard.query.rpartition("&signature=")
    assert (heard.method, heard.headers["x-mbx-apikey"]) == ("POST", "the key")
    assert signature == signer.sign(payload.encode())
    assert abs(int(parse_qs(payload)["timestamp"][0]) - VENUE_MS) < 1_000
    assert SECRET not in str(heard)


@pytest.mark.requirement("P-13", "P-03")
def test_a_refused_time_stamp_is_sent_again_once_with_a_new_stamp() -> None:
    """The venue's time is learnt anew in between; a second refusal is the answer."""
    refusal = Said(400, b'{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}')
    replies = [refusal, Said(body=ORDER)]
    told, sent = told_of(place(lambda _: replies.pop(0)))
    assert told.answer.outcome is Outcome.ACCEPTED
    assert len(sent) == 2
    assert sent[0].query != sent[1].query
    told, sent = told_of(place(lambda _: refusal))
    assert (told.answer.outcome, told.answer.remedy, len(sent)) == (Outcome.REJECTED, Remedy.RESYNC_CLOCK, 2)


@pytest.mark.requirement("P-03", "P-04", "prod_004")
@pytest.mark.parametrize(
    ("said", "rule"),
    [
        (Said(cut=True), "network.reset"),
        (Said(body=b"<html>all is well</html>"), "malformed.order"),
        (Said(body=ORDER[:-20]), "malformed.order"),
        (Said(body=b'{"symbol":"BTCUSDT"}'), "malformed.order"),
        (Said(503, b'{"code":-1000,"msg":"?"}'), "venue_unknown_error"),
        (Said(502, b"<html>bad gateway</html>"), "unmapped"),
        (Said(504, b""), "unmapped"),
        (Said(400, b'{"code":-7777,"msg":"new"}'), "unmapped"),
        (Said(403, b"<html>blocked</html>"), "blocked"),
        (Said(307, b"", {"Location": "http://127.0.0.1:1/api/v3/order"}), "network.redirect"),
    ],
)
def test_after_sending_only_a_proof_is_certain(said: Said, rule: str) -> None:
    """Cut, garbled, 5xx, unmapped, redirected: the order's fate is unknown, it is looked up and never sent again."""
    told, sent = told_of(place(lambda _: said))
    assert (told.answer.outcome, told.answer.remedy, told.answer.rule) == (Outcome.UNKNOWN, Remedy.LOOK_UP, rule)
    assert len(sent) == 1


def test_a_refusal_keeps_the_venues_words() -> None:
    """The code and the half results of a cancel-replace stay with the answer."""
    body = b'{"code":-2021,"msg":"partially failed.","data":{"cancelResult":"SUCCESS","newOrderResult":"FAILURE"}}'
    told, _ = told_of(place(lambda _: Said(409, body)))
    assert told.answer.remedy is Remedy.LOOK_UP
    assert told.error is not None and json.loads(bytes(told.error.data))["newOrderResult"] == "FAILURE"


@pytest.mark.requirement("P-14")
def test_a_limit_is_obeyed_by_the_next_request() -> None:
    """After a 429 with Retry-After nothing leaves before; the count of the header is kept."""

    async def go() -> list[Told[ServerTime] | Hold]:
        """Ask twice."""
        said = Said(429, b'{"code":-1003,"msg":"Too much request weight used"}', {"Retry-After": "30"})
        async with venue(lambda _: said) as running:
            rest, _ = rest_to(running.port)
            told = [await rest.ask(requests.server_time(), "time", ServerTime) for _ in range(2)]
            await rest.close()
            assert len(running.heard) == 1
            return told

    first, second = asyncio.run(go())
    assert isinstance(first, Told) and first.answer.remedy is Remedy.BACK_OFF
    assert isinstance(second, Hold) and (second.rule, second.until_ms) == ("limit.backed_off", first.answer.until_ms)


def test_the_venues_counts_are_read_from_headers() -> None:
    """Those of the limits that are kept; what is no number is passed over."""
    headers = {"X-MBX-USED-WEIGHT-1M": "17", "x-mbx-order-count-10s": "3", "x-mbx-order-count-1d": "9", "x": "1",
               "x-mbx-used-weight": "17"}  # fmt: skip
    assert counts(headers, [WEIGHT, ORDERS]) == {WEIGHT: 17, ORDERS: 3}
    assert counts({"x-mbx-used-weight-1m": "many"}, [WEIGHT]) == {}


@pytest.mark.requirement("P-04")
def test_a_venue_that_is_not_there_has_not_taken_the_order() -> None:
    """A refused connection proves that nothing left; without the venue's time nothing is signed."""

    async def go() -> Told[OrderReply] | Hold:
        """Send to a port that nobody listens on."""
        probe = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = int(probe.sockets[0].getsockname()[1])
        with closing(probe):
            pass
        await probe.wait_closed()
        rest, _ = rest_to(port)
        told = await rest.ask(PLACE, "order", OrderReply)
        await rest.close()
        return told

    told = asyncio.run(go())
    assert isinstance(told, Told)
    assert (told.answer.outcome, told.answer.rule) == (Outcome.REJECTED, "clock_unknown")


@pytest.mark.requirement("P-24", "I-12")
@pytest.mark.parametrize("said", [Said(body=ORDER), Said(400, b'{"code":-1022,"msg":"bad"}'), Said(cut=True)])
def test_no_log_of_any_library_shows_the_secret(
    said: Said, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every logger at its most talkative, through a success, a refusal and a cut: no six characters of it."""
    monkeypatch.setattr("bot4.adapters.net.http.hush", lambda: None)  # what would be said, if it were let
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpx"), caplog.at_level(0, "httpcore"):
        result = place(lambda _: said)
    texts = [record.getMessage() + repr(vars(record)) for record in caplog.records] + [repr(result)]
    assert len(texts) > 5
    pieces = [SECRET[at : at + 6] for at in range(len(SECRET) - 5)]
    assert not any(piece in text for piece in pieces for text in texts)


@pytest.mark.requirement("P-21")
def test_only_the_venues_hosts_are_on_the_list() -> None:
    """A look-alike is refused before anything is sent."""
    assert allowed("https://api.binance.com", HOSTS).is_secure
    for url in ("https://api.binance.com.example.org", "http://api.binance.com", "https://127.0.0.1"):
        with pytest.raises(BadInput):
            allowed(url, HOSTS)


@pytest.mark.requirement("P-21")
def test_a_key_that_can_move_money_is_refused() -> None:
    """Each right that must not be, and each that is missing, is an objection of its own; silence counts as given."""
    good = ApiRestrictions(
        ip_restrict=True, enable_withdrawals=False, enable_internal_transfer=False, permits_universal_transfer=False,
        enable_spot_and_margin_trading=True,
    )  # fmt: skip
    assert key_objections(good, needs_address=True) == []
    codes = [objection.code for objection in key_objections(ApiRestrictions(), needs_address=True)]
    assert codes == ["key_too_strong"] * 3 + ["key_too_weak", "key_unrestricted"]
    assert "key_unrestricted" not in [each.code for each in key_objections(ApiRestrictions(), needs_address=False)]


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            Answer(Outcome.REJECTED, Remedy.FATAL, "key_refused", -2015, "Invalid API-key", mend="Check it."),
            BadInput,
            "2015",
        ),
        (Answer(Outcome.REJECTED, Remedy.CORRECT, "symbol", -1121, "Invalid symbol."), BadInput, "Invalid symbol"),
        (Answer(Outcome.UNKNOWN, Remedy.RETRY_LATER, "network.dns"), OutsideFault, "network.dns"),
        (Answer(Outcome.REJECTED, Remedy.BACK_OFF, "banned", until_ms=5), OutsideFault, "Wait until 5"),
    ],
)
def test_a_start_that_fails_says_what_to_do(answer: Answer, kind: type[Exception], words: str) -> None:
    """A wrong key and a wrong symbol are bad input, a venue out of reach is a fault outside."""
    fault = fault_of(answer, "Binance, account")
    assert isinstance(fault, kind)
    assert words in str(fault)
    assert fault_of(Answer(Outcome.FOUND), "Binance") is None
