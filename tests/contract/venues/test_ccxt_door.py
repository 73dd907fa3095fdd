# SPDX-License-Identifier: Apache-2.0
"""What ccxt may not do, whatever it would like to: speak to others, follow, retry, wait, round, or tell a secret."""

import asyncio
import decimal
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.net.tls import verified
from bot4.adapters.venues.ccxt.door import CcxtDoor, clients_of
from bot4.adapters.venues.ccxt.library import library, offered
from bot4.adapters.venues.ccxt.offered import BINANCE, OFFERED
from bot4.adapters.venues.ccxt.order_entry import CcxtOrderEntry
from bot4.adapters.venues.ccxt.venue_reads import CcxtReads
from bot4.adapters.venues.kit.answers import Answer, Call, Outcome, Remedy
from bot4.adapters.venues.kit.order_entry import OrderSeen
from bot4.apps.venue_server.serve import MEMBER
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.instrument import Instrument
from bot4.domain.values import Ticks
from tests.contract.certificates import certificate
from tests.contract.orders.life import RUN
from tests.contract.socket_server import HOST
from tests.contract.test_http import Server
from tests.contract.venue_server.running import KEY, SECRET, asked, running
from tests.contract.venues.under_test import (
    BTCUSDT,
    NEVER_PLACED,
    VenueUnderTest,
    at,
    ccxt_door,
    order,
)
from tests.tidy.source import REPOSITORY

pytest.importorskip("ccxt", reason="the extra venues is not installed")
CCXT = "ccxt-binance"
LATE = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n"


def door_of(venue: VenueUnderTest) -> CcxtDoor:
    """Return the door of an adapter under test."""
    assert isinstance(venue.entry, CcxtOrderEntry)
    return venue.entry._door


def replying(status: str, body: str) -> bytes:
    """Return an answer as it goes over the wire."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@asynccontextmanager
async def elsewhere(door: CcxtDoor, *answers: bytes | None) -> AsyncIterator[Server]:
    """Let everything that a door sends reach a server that gives these answers."""
    server = Server(*answers)
    listening = await asyncio.start_server(server.serve, HOST, 0)
    http = HttpClient(allowed(f"http://{HOST}:{listening.sockets[0].getsockname()[1]}", [HOST]))
    door._courier._clients = dict.fromkeys(BINANCE.origins, http)
    try:
        yield server
    finally:
        await http.close()
        listening.close()
        await listening.wait_closed()


@pytest.mark.requirement("I-12")
def test_no_other_host_is_spoken_to() -> None:
    """ccxt was led to another address: nothing leaves, and a person hears of it."""

    async def case(venue: VenueUnderTest) -> None:
        exchange = door_of(venue)._exchange
        exchange.urls["api"]["private"] = "https://elsewhere.invalid/api/v3"
        answer = await venue.entry.place(order(1))
        assert (answer.outcome, answer.remedy, answer.rule) == (Outcome.REJECTED, Remedy.FATAL, "host")
        assert answer.alert and answer.mend and venue.count() == 0

    at(CCXT, case)


@pytest.mark.requirement("I-12")
def test_a_redirect_is_not_followed() -> None:
    """The signed order goes where it was sent and nowhere else; what became of it is unknown."""

    async def case(venue: VenueUnderTest) -> None:
        async with elsewhere(door_of(venue), LATE) as server:
            answer = await venue.entry.place(order(1))
            assert (answer.outcome, answer.remedy, answer.rule) == (
                Outcome.UNKNOWN,
                Remedy.LOOK_UP,
                "network.redirect",
            )
            assert len(server.heard) == 1

    at(CCXT, case)


@pytest.mark.requirement("I-12")
def test_tls_is_verified_and_each_origin_has_its_own_client(tmp_path: Path) -> None:
    """A certificate that nobody vouches for ends the opening before a byte is sent; the real clients are of TLS."""

    async def case() -> None:
        server_side, _ = certificate(tmp_path, "localhost")
        server = Server()
        listening = await asyncio.start_server(server.serve, HOST, 0, ssl=server_side)
        port = listening.sockets[0].getsockname()[1]
        http = HttpClient(allowed(f"https://localhost:{port}", ["localhost"]), tls=verified())
        with pytest.raises(OutsideFault, match=r"network\.tls"):
            await ccxt_door(BINANCE, http)
        assert server.heard == []
        await http.close()
        listening.close()
        await listening.wait_closed()
        await asyncio.sleep(0.02)

    asyncio.run(case())
    for one in OFFERED.values():
        clients = clients_of(one, verified())
        assert {origin: client.endpoint.url for origin, client in clients.items()} == {
            origin: f"{origin}:443" for origin in one.origins
        }
        assert all(client.endpoint.is_secure for client in clients.values())


def test_ccxts_own_sessions_and_retries_stay_unused() -> None:
    """After a lost order ccxt has opened nothing of its own, and the venue has heard the order once."""

    async def case(venue: VenueUnderTest) -> None:
        exchange = door_of(venue)._exchange
        exchange.options["maxRetriesOnFailure"] = 3
        assert (await venue.entry.place(order(1))).outcome is Outcome.UNKNOWN
        await asyncio.sleep(0.05)
        assert venue.count() == 0
        assert (exchange.session, exchange.tcp_connector) == (None, None)
        assert venue.server.schedule.struck == {"N05": 1}
        assert door_of(venue)._courier._limiter.open_requests() == 0

    at(CCXT, case, "N05@1")


def test_a_venue_that_wants_to_be_left_alone_is() -> None:
    """After its 429 nothing is sent until the moment it names: going on is what earns a ban."""

    async def case(venue: VenueUnderTest) -> None:
        first, second = await venue.entry.place(order(1)), await venue.entry.place(order(2))
        assert first.remedy is Remedy.BACK_OFF
        assert (second.outcome, second.rule, second.until_ms) == (
            Outcome.REJECTED,
            "limit.backed_off",
            first.until_ms,
        )
        assert venue.count() == 0

    at(CCXT, case, "R05@1")


def test_the_rounding_of_decimals_stays_as_it_was() -> None:
    """ccxt sets the rounding of its thread while it works; bot4's money must not be rounded by it."""

    async def case(venue: VenueUnderTest) -> None:
        before = decimal.getcontext().copy()
        assert (await venue.entry.place(order(1))).outcome is Outcome.ACCEPTED
        after = decimal.getcontext()
        assert (after.rounding, after.prec, after.traps) == (before.rounding, before.prec, before.traps)
        assert Decimal("0.5").quantize(Decimal(1)) == 0

    with decimal.localcontext(decimal.DefaultContext):
        at(CCXT, case)


def test_a_number_off_the_venues_step_is_refused_and_never_rounded() -> None:
    """Our steps are finer than the venue's: ccxt would round in silence, so that nothing leaves."""
    fine = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.001"), lot_size=Decimal("0.000001"))

    async def case(venue: VenueUnderTest) -> None:
        entry = CcxtOrderEntry(door_of(venue), run=RUN, instruments=[fine])
        for changes in ({"limit": Ticks(40_000_001), "lots": 10_000}, {"limit": Ticks(40_000_000), "lots": 10_001}):
            answer = await entry.place(order(1, **changes))
            assert (answer.outcome, answer.rule, answer.alert) == (Outcome.REJECTED, "step", True)
        assert venue.count() == 0
        assert (await entry.place(order(2, limit=Ticks(40_000_010), lots=10_010))).outcome is Outcome.ACCEPTED
        assert venue.orders()[2].price == 4_000_001 * 10**6

    at(CCXT, case)


def test_a_symbol_that_the_venue_does_not_list_is_refused_before_anything_leaves() -> None:
    """ccxt knows the list: its no is proof."""
    odd = Instrument(0, "ODDUSDT", base="ODD", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))

    async def case(venue: VenueUnderTest) -> None:
        entry = CcxtOrderEntry(door_of(venue), run=RUN, instruments=[odd])
        async with elsewhere(door_of(venue)) as server:
            answer = await entry.place(order(1))
            assert (answer.outcome, answer.rule, answer.remedy) == (Outcome.REJECTED, "symbol", Remedy.CORRECT)
            assert server.heard == []

    at(CCXT, case)


def test_questions_at_once_keep_their_own_answers() -> None:
    """An order, a cancel that finds nothing and questions, in flight together over one ccxt object."""

    async def case(venue: VenueUnderTest) -> None:
        assert (await venue.entry.place(order(1))).outcome is Outcome.ACCEPTED
        placed, canceled, found, absent = await asyncio.gather(
            venue.entry.place(order(2)),
            venue.entry.cancel(NEVER_PLACED, 0),
            venue.entry.query(1, 0),
            venue.entry.query(NEVER_PLACED, 0),
        )
        assert placed == Answer(Outcome.ACCEPTED)
        assert (canceled.outcome, canceled.rule) == (Outcome.REJECTED, "unknown_order")
        assert isinstance(found, OrderSeen) and found.order_id == 1 and absent is None

    at(CCXT, case)


def test_questions_wait_at_four_fifths_of_the_limit_and_a_cancel_still_goes() -> None:
    """ccxt says what a request costs, bot4's limiter whether it leaves: nothing queues, protection keeps its part."""

    async def held(question: Callable[[int], Awaitable[Any]]) -> Any:
        """Ask until our own limiter says no."""
        for number in range(2, 1_200):
            told = await question(number)
            if isinstance(told, Answer) and told.rule == "limit.address":
                return told
        raise AssertionError("it was never held")

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        for question in (
            lambda _: venue.reads.balances(),
            lambda _: venue.entry.query(1, 0),
            lambda number: venue.entry.place(order(number)),
        ):
            told = await held(question)
            assert (told.outcome, told.remedy) == (Outcome.REJECTED, Remedy.RETRY_LATER) and told.until_ms > 0
        assert (await venue.entry.cancel(1, 0)).outcome is Outcome.ACCEPTED

    at(CCXT, case)


@pytest.mark.parametrize(
    "body",
    ["", "<html>busy</html>", "[]", "{}", '{"orderId": 7}', '"yes"', '{"clientOrderId": "another", "status": "NEW"}'],
)
def test_a_success_that_says_nothing_of_our_order_proves_nothing(body: str) -> None:
    """Another's page, another's order, an empty object: the fate is unknown."""

    async def case(venue: VenueUnderTest) -> None:
        async with elsewhere(door_of(venue), replying("200 OK", body), replying("200 OK", body)):
            placed, canceled = await venue.entry.place(order(1)), await venue.entry.cancel(1, 0)
            assert (placed.outcome, placed.remedy) == (Outcome.UNKNOWN, Remedy.LOOK_UP)
            assert (canceled.outcome, canceled.remedy) == (Outcome.UNKNOWN, Remedy.LOOK_UP)

    at(CCXT, case)


@pytest.mark.parametrize("body", ["<html>busy</html>", "{}", '{"symbol": "BTCUSDT"}', '[{"price": 0.1}]', "[1]"])
def test_a_question_whose_answer_cannot_be_read_has_no_answer(body: str) -> None:
    """Never an empty list, a zero or no such order: what cannot be read is said to be so."""

    async def case(venue: VenueUnderTest) -> None:
        await venue.entry.place(order(1))
        reads = CcxtReads(door_of(venue), [BTCUSDT])
        async with elsewhere(door_of(venue), *(replying("200 OK", body) for _ in range(7))):
            for told in (
                await venue.entry.query(1, 0),
                await venue.entry.open_orders(0),
                await venue.entry.cancel_all(0),
                await reads.trades_after(0, -1, 5),
                await reads.balances(),
                await reads.klines(0, "1m", 5),
                await reads.listings(),
            ):
                assert isinstance(told, Answer) and told.outcome is Outcome.UNKNOWN, told

    at(CCXT, case)


@pytest.mark.requirement("I-12")
def test_no_secret_and_no_signature_is_told(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the most talkative level, whatever goes wrong, and even where the venue says them back to us."""
    echo = replying("400 Bad Request", f'{{"code":-1102,"msg":"{KEY} and {SECRET}"}}')
    ill = replying("500 Internal Server Error", f"{KEY} {SECRET} /order?signature=f00dfeed&x=1")
    said: list[object] = []
    heard: list[bytes] = []

    async def case(venue: VenueUnderTest) -> None:
        door = door_of(venue)
        said.extend([await venue.entry.place(order(1)), await venue.entry.query(1, 0), repr(door), str(door._exchange)])
        async with elsewhere(door, echo, ill, b"", replying("200 OK", "{")) as server:
            said.extend([await venue.entry.place(order(number)) for number in range(2, 6)])
            said.append(await door.ask(Call.READ, "no_such_method", SECRET))
            heard.extend(server.heard)

    caplog.set_level(logging.NOTSET)
    at(CCXT, case)
    told = caplog.text + "".join(capsys.readouterr()) + "".join(map(repr, said))
    sent = b"".join(heard).decode()
    signatures = re.findall(r"signature=(\w+)", sent)
    assert sent.count("recvWindow=5000") == len(signatures)
    assert len(signatures) >= 4
    for canary in (KEY, SECRET, "f00dfeed", *signatures):
        assert canary not in told


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that can be copied; importing bot4's part of it asked for nothing."""
    for name in ("ccxt", "ccxt.base.errors", "ccxt.async_support", "ccxt.async_support.binance"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BadInput) as caught:
        library(BINANCE)
    assert caught.value.mend == "Run: pip install 'bot4[venues]'"


def test_a_venue_that_nobody_has_shown_to_work_is_not_offered() -> None:
    """ccxt knows it; bot4 has seen no order of its own there."""
    with pytest.raises(BadInput) as caught:
        offered("kraken")
    assert caught.value.allowed == "binance, binanceus" and offered("binance") is BINANCE


def test_the_example_of_the_manual_runs() -> None:
    """Placed, found, a pair refused, canceled: as the page on other venues says, at a venue with the page's keys."""
    example = REPOSITORY / "examples" / "order_through_ccxt.py"
    with running(asked("BTCUSDT", api_key="key-of-mine", api_secret="secret-of-mine")) as venue:
        done = subprocess.run(
            [sys.executable, str(example), venue.rest], capture_output=True, text=True, check=False, timeout=120
        )
        (held,) = venue.server.exchange.ledger(MEMBER).orders
    assert (done.returncode, done.stderr) == (0, "")
    assert held.status == "CANCELED"
    first, _, pair, last, _ = (line.partition(":")[2].strip() for line in done.stdout.splitlines())
    assert (first, pair, last) == ("accepted", "cannot.pairs", "accepted")
