# SPDX-License-Identifier: Apache-2.0
"""Each kind of fault over real sockets: what a client sees of it, and what was carried out all the same."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bot4.apps.venue_server.background import Print
from bot4.apps.venue_server.faults.catalogue import KINDS
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.apps.venue_server.serve import MEMBER, ServeRequest, VenueServer
from bot4.apps.venue_server.streams.life import Pace
from tests.contract.venue_server.running import (
    PATIENCE_S,
    RestClient,
    Running,
    SocketClient,
    asked,
    at_a_venue,
    events_of,
    running,
    until,
)

ORDER = "/api/v3/order"
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}
LATE_S = 0.2


def troubled(faults: str, **more: Any) -> ServeRequest:
    """Return a request for a venue with faults."""
    return asked(faults=tuple(parse_rules(faults)), late_s=LATE_S, **more)


def orders_at(venue: Running) -> list[str]:
    """Return the states of the member's orders as the exchange's own ledger has them."""
    return [order.status for order in venue.server.exchange.ledger(MEMBER).orders]


@pytest.mark.requirement("U-10")
@pytest.mark.parametrize(
    ("kind", "error", "is_carried_out"),
    [
        ("N05", httpx.ReadError, False),
        ("N06", httpx.ReadError, True),
        ("N08", httpx.RemoteProtocolError, True),
        ("N09", httpx.ReadTimeout, True),
    ],
)
def test_a_connection_that_dies_says_nothing_of_the_order(
    kind: str, error: type[Exception], is_carried_out: bool
) -> None:
    """Reset before, reset after, cut in the middle, half-open: the client cannot know, the ledger does."""
    with running(troubled(f"{kind}@1")) as venue, RestClient(venue.rest) as client:
        client.http.timeout = httpx.Timeout(2.0)
        with pytest.raises((error, httpx.ReadError)):
            client.signed("POST", ORDER, **LIMIT)
        client.http.timeout = httpx.Timeout(PATIENCE_S)
        assert orders_at(venue) == (["NEW"] if is_carried_out else [])
        assert client.get("/api/v3/ping").status_code == 200
        assert venue.server.schedule.struck == {kind: 1}


@pytest.mark.parametrize(
    ("kind", "status", "is_carried_out"),
    [
        ("N07", {200}, True),
        ("N11", {200}, True),
        ("N12", {200}, True),
        ("N13", {200}, False),
        ("N14", {401}, False),
        ("R01", {400}, False),
        ("R02", {403}, False),
        ("R04", {418}, False),
        ("R05", {429}, False),
        ("R06", {500, 502, 503, 504}, True),
        ("R07", {500, 502, 503, 504}, False),
        ("R08", {200}, True),
        ("R09", {200}, True),
        ("R10", {200}, True),
        ("R14", {200}, True),
        ("R15", {400}, False),
    ],
)
def test_an_answer_that_lies_has_its_status_and_the_ledger_its_truth(
    kind: str, status: set[int], is_carried_out: bool
) -> None:
    """Statuses of success with nothing done, of failure with all of it done, and bodies that cannot be read."""
    with running(troubled(f"{kind}@1")) as venue, RestClient(venue.rest) as client:
        answer = client.signed("POST", ORDER, **LIMIT)
        assert answer.status_code in status
        assert orders_at(venue) == (["NEW"] if is_carried_out else [])
        sound = client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json()
        spoiled: dict[str, Callable[[], bool]] = {
            "N13": lambda: "<html>" in answer.text,
            "R01": lambda: answer.json()["code"] == -9999,
            "R08": lambda: not answer.text.endswith("}"),
            "R09": lambda: len(answer.json()) == 16,
            "R10": lambda: isinstance(answer.json()["price"], float) and isinstance(answer.json()["orderId"], str),
            "R14": lambda: answer.json()["status"] == "FROZEN",
            "R15": lambda: answer.json()["code"] == -1021,
        }
        assert spoiled.get(kind, lambda: True)()
        assert len(sound) == int(is_carried_out)


def test_a_reply_may_come_twice_or_be_that_of_another_request() -> None:
    """R11 and R12 by the WebSocket API: the same id twice, and the result of the request before."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        api.send({"id": 1, "method": "time"})
        api.send({"id": 2, "method": "ping"})
        replies = await api.wait_for(3)
        assert [one["id"] for one in replies] == [1, 1, 2]
        assert "serverTime" in replies[2]["result"]

    at_a_venue(troubled("R11@1,R12@2"), visit)


def test_the_web_socket_api_has_the_same_faults() -> None:
    """A reset after acceptance, a 5xx, half a text: no reply, or one that says nothing, and the order is there."""

    async def visit(ready: dict[str, Any], server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        api.call("order.place", 1, **LIMIT)
        api.call("order.place", 2, **LIMIT)
        replies = await api.wait_for(2)
        assert replies[0]["status"] >= 500 and "error" in replies[0]
        assert replies[1] is None and api.heard.raw[1].startswith(b'{"id":2')
        api.call("order.place", 3, **LIMIT)
        await until(lambda: api.transport.is_disconnected)
        assert len(server.exchange.ledger(MEMBER).orders) == 3

    at_a_venue(troubled("R06@1,R08@2,N06@3"), visit)


def test_requests_of_the_web_socket_api_are_kept_delayed_and_swallowed() -> None:
    """A page, 429 without and with a time, a spike, a late reply, none at all, a cut in the middle, a reset."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        for number in range(1, 8):
            api.send({"id": number, "method": "ping"})
        replies = await api.wait_for(6)
        assert api.heard.raw[0].startswith(b"<html>")
        by_id = {one["id"]: one for one in replies if one is not None}
        assert by_id[2]["status"] == 429 and "data" not in by_id[2]["error"]
        assert by_id[3]["error"]["data"]["retryAfter"] > by_id[3]["error"]["data"]["serverTime"]
        assert sorted(by_id) == [2, 3, 4, 6, 7]
        api.send({"id": 8, "method": "ping"})
        await until(lambda: api.transport.is_disconnected)
        other = await SocketClient.open(ready["ws_api"])
        other.send({"id": 9, "method": "ping"})
        await until(lambda: other.transport.is_disconnected)
        assert not any(one and one.get("id") == 9 for one in other.heard.messages)

    # what is drawn before a request counts all of them, what is drawn after it only those that were let through;
    # the fourth waits for its spike, so the fifth is the first of these
    at_a_venue(troubled("N13@1,R05@2,R05@3,N11@4,N09@1,N07@2,N05@8,N08@5"), visit)


def test_user_events_are_lost_doubled_and_ended() -> None:
    """W16, W15 and W17: the first report missing, the second twice, then the end of the subscription."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        api.call("userDataStream.subscribe.signature")
        await api.wait_for(1)
        api.call("order.place", 2, **LIMIT)
        await until(lambda: bool(events_of(api.heard.messages, "eventStreamTerminated")))
        kinds = [one["event"]["e"] for one in api.heard.messages if "event" in one]
        assert kinds == ["outboundAccountPosition", "outboundAccountPosition", "eventStreamTerminated"]

    at_a_venue(troubled("W16@1,W15@1,W17@1"), visit)


def test_a_fill_may_be_told_before_its_order() -> None:
    """W09: TRADE comes before NEW, both of them true."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        api.call("userDataStream.subscribe.signature")
        api.call("order.place", 2, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        await until(lambda: len(events_of(api.heard.messages, "executionReport")) == 2)
        assert [one["x"] for one in events_of(api.heard.messages, "executionReport")] == ["TRADE", "NEW"]

    at_a_venue(troubled("W09@1", has_flow=True), visit)


@pytest.mark.parametrize(("kind", "count"), [("W04", 2), ("W05", 2), ("W06", 1), ("W01", 0), ("W02", 0), ("W13", 0)])
def test_market_messages_are_doubled_swapped_lost_and_silenced(kind: str, count: int) -> None:
    """Of two prints a client gets what the fault leaves: twice, swapped, one, none."""

    async def visit(ready: dict[str, Any], server: VenueServer) -> None:
        market = await SocketClient.open(f"{ready['ws']}/ws/btcusdt@trade")
        api = await SocketClient.open(ready["ws_api"])
        for number in range(2):
            words = LIMIT | {"selfTradePreventionMode": "NONE"}
            api.call("order.place", number, **words)
            api.call("order.place", number, **(words | {"side": "SELL"}))
        await api.wait_for(4)
        expected = 3 if kind == "W04" else count
        await until(lambda: len(market.heard.messages) >= expected)
        market.send({"method": "LIST_SUBSCRIPTIONS", "id": 9})
        await until(lambda: market.heard.messages and market.heard.messages[-1].get("id") == 9)
        numbers = [one["t"] for one in market.heard.messages[:-1]]
        wanted = {"W04": [1, 1, 2], "W05": [2, 1], "W06": [2]}
        assert numbers == wanted.get(kind, [])
        assert server.schedule.struck == {kind: 1}

    at_a_venue(troubled(f"{kind}@1"), visit)


@pytest.mark.parametrize(("kind", "status"), [("V01", "CANCELED"), ("V02", "FILLED")])
def test_a_fill_wins_the_race_against_a_cancel(kind: str, status: str) -> None:
    """Half filled and then canceled, or wholly filled and the cancel refused as of an unknown order."""
    with running(troubled(f"{kind}@1")) as venue, RestClient(venue.rest) as client:
        number = client.signed("POST", ORDER, **LIMIT).json()["orderId"]
        answer = client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=number)
        assert answer.status_code == (200 if kind == "V01" else 400)
        assert kind == "V01" or answer.json()["code"] == -2011
        order = client.signed("GET", ORDER, symbol="BTCUSDT", orderId=number).json()
        assert order["status"] == status
        assert order["executedQty"] == ("0.00500000" if kind == "V01" else "0.01000000")


def test_a_fill_wins_the_race_against_a_replacement_and_half_of_one_may_fail() -> None:
    """V03: nothing is left to replace. R03: canceled, and the new order refused, status 409."""
    words = LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE"}
    with running(troubled("V03@1,R03@2")) as venue, RestClient(venue.rest) as client:
        number = client.signed("POST", ORDER, **LIMIT).json()["orderId"]
        lost = client.signed("POST", "/api/v3/order/cancelReplace", **words, cancelOrderId=number)
        assert (lost.status_code, lost.json()["code"]) == (400, -2022)
        number = client.signed("POST", ORDER, **LIMIT).json()["orderId"]
        half = client.signed("POST", "/api/v3/order/cancelReplace", **words, cancelOrderId=number)
        assert (half.status_code, half.json()["code"]) == (409, -2021)
        assert half.json()["data"]["cancelResult"] == "SUCCESS"
        assert half.json()["data"]["newOrderResult"] == "FAILURE"
        assert orders_at(venue) == ["FILLED", "CANCELED"]


def test_an_accepted_order_may_be_canceled_by_the_venue() -> None:
    """R13: the reply says NEW, the order is gone."""
    with running(troubled("R13@1")) as venue, RestClient(venue.rest) as client:
        assert client.signed("POST", ORDER, **LIMIT).json()["status"] == "NEW"
        assert orders_at(venue) == ["CANCELED"]


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_order_may_meet_one_of_the_same_account(side: str) -> None:
    """V04: both expire in match, nothing is traded, and what others had before it on the book is gone."""
    with running(troubled("V04@1")) as venue, RestClient(venue.rest) as client:
        assert client.signed("POST", ORDER, **(LIMIT | {"side": side})).json()["status"] == "NEW"
        assert orders_at(venue) == ["EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"]
        assert client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT").json() == []


OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "0.01",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "51000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "49000",
}


def traded_at(client: RestClient, price: str) -> None:
    """Let a trade happen at a price, between two orders of the same account."""
    words = LIMIT | {"price": price, "selfTradePreventionMode": "NONE"}
    for side in ("BUY", "SELL"):
        assert client.signed("POST", ORDER, **(words | {"side": side})).status_code == 200


def test_a_list_may_be_rejected_in_part() -> None:
    """V14: the list is accepted, one of its orders expires as rejected, and the other works on by itself."""
    with running(troubled("V14@1")) as venue, RestClient(venue.rest) as client:
        traded_at(client, "50000")
        told = client.signed("POST", "/api/v3/orderList/oco", **OCO).json()
        assert [one["status"] for one in told["orderReports"]] == ["NEW", "NEW"]
        pair = [client.signed("GET", ORDER, symbol="BTCUSDT", orderId=one["orderId"]).json() for one in told["orders"]]
        assert sorted(one["status"] for one in pair) == ["EXPIRED", "NEW"]
        kept = next(one for one in pair if one["status"] == "NEW")
        canceled = client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=kept["orderId"])
        assert canceled.status_code == 200
        free = {one["asset"]: one for one in client.signed("GET", "/api/v3/account").json()["balances"]}["BTC"]
        assert free["locked"] == "0.00000000"


def test_a_trigger_may_fire_for_nothing() -> None:
    """V15: the stop was reached, its sibling is gone, it works and fills nothing until it is canceled."""
    with running(troubled("V15@1")) as venue, RestClient(venue.rest) as client:
        traded_at(client, "50000")
        told = client.signed("POST", "/api/v3/orderList/oco", **OCO).json()
        client.signed("POST", ORDER, **(LIMIT | {"price": "48000", "quantity": "1"}))
        traded_at(client, "48900")
        pair = {
            one["type"]: one
            for one in client.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json()
            if one["orderListId"] == told["orderListId"]
        }
        assert pair["LIMIT_MAKER"]["status"] == "EXPIRED"
        assert (pair["STOP_LOSS"]["status"], pair["STOP_LOSS"]["executedQty"]) == ("NEW", "0.00000000")
        number = pair["STOP_LOSS"]["orderId"]
        assert client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=number).status_code == 200
        ended = client.signed("GET", ORDER, symbol="BTCUSDT", orderId=number).json()
        assert (ended["status"], ended["executedQty"]) == ("CANCELED", "0.00000000")


def test_an_account_may_be_barred_for_a_while() -> None:
    """V11: orders are refused and cancels are not, and the account says so."""
    with running(troubled("V11@2")) as venue, RestClient(venue.rest) as client:
        number = client.signed("POST", ORDER, **LIMIT).json()["orderId"]

        def may_trade() -> bool:
            return bool(client.signed("GET", "/api/v3/account").json()["canTrade"])

        wait_until(may_trade, lambda may: not may)
        refused = client.signed("POST", ORDER, **LIMIT)
        assert (refused.status_code, refused.json()["code"]) == (400, -2010)
        assert client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=number).status_code == 200


def test_the_venue_halts_coarsens_gives_and_closes_by_the_second() -> None:
    """V10, V09, V13 and V08 show in status, filter, balance and commission; R16 answers 503 and lets nobody connect."""
    with running(troubled("V10@1,V09@1,V13@1,V08@1,R16@3")) as venue, RestClient(venue.rest) as client:

        def symbols() -> dict[str, Any]:
            answer = client.get("/api/v3/exchangeInfo")
            return {one["symbol"]: one for one in answer.json().get("symbols", [])}

        found = wait_until(symbols, lambda now: any(one["status"] == "HALT" for one in now.values()))
        ticks = [one["filters"][0]["tickSize"] for one in found.values()]
        assert sorted(ticks) == ["0.01000000", "0.10000000"]
        balances = {one["asset"]: one["free"] for one in client.signed("GET", "/api/v3/account").json()["balances"]}
        assert balances["USDT"] == "1000001.00000000"
        paid = client.signed("GET", "/api/v3/account/commission", symbol=next(iter(found))).json()
        assert paid["standardCommission"]["taker"] == "0.00200000"
        closed = wait_until(lambda: client.get("/api/v3/time"), lambda answer: answer.status_code == 503)
        assert closed.json()["code"] == -1008


def test_all_web_sockets_are_cut_after_the_farewell() -> None:
    """W11: serverShutdown, then the close."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        market = await SocketClient.open(f"{ready['ws']}/ws")
        api = await SocketClient.open(ready["ws_api"])
        await until(lambda: market.transport.is_disconnected and api.transport.is_disconnected)
        assert market.heard.messages[-1]["e"] == "serverShutdown"
        assert api.heard.messages[-1]["event"]["e"] == "serverShutdown"

    at_a_venue(troubled("W11@1"), visit)


def test_a_ping_may_be_left_out_and_a_burst_come() -> None:
    """W03: no ping though one is due; W14: more prints in a second than the flow has otherwise."""

    async def visit(ready: dict[str, Any], server: VenueServer) -> None:
        quiet = await SocketClient.open(f"{ready['ws']}/ws", answers_pings=False)
        await until(lambda: server.schedule.struck.get("W03", 0) >= 3 and server.schedule.struck.get("W14", 0) >= 1)
        assert quiet.heard.pings == [] and not quiet.transport.is_disconnected
        before = server.exchange.market.depth("BTCUSDT", 1).last_update_id
        server.background_beat(server.clock.now_ms() + 1000, times=10)
        assert server.exchange.market.depth("BTCUSDT", 1).last_update_id - before > 100

    at_a_venue(troubled("W03:1,W14@1", has_flow=True, pace=Pace(ping_ms=100, pong_ms=300)), visit)


def test_depth_may_be_older_than_the_stream() -> None:
    """W08: the book of an earlier request, its update id included."""
    with running(troubled("W08@2", has_flow=True)) as venue, RestClient(venue.rest) as client:
        first = client.get("/api/v3/depth", symbol="BTCUSDT").json()
        number = first["lastUpdateId"]
        wait_until(
            lambda: venue.server.exchange.market.depth("BTCUSDT", 1).last_update_id, lambda newest: newest > number
        )
        assert client.get("/api/v3/depth", symbol="BTCUSDT").json() == first
        assert client.get("/api/v3/depth", symbol="BTCUSDT").json()["lastUpdateId"] > number


def test_the_same_seed_gives_the_same_faults() -> None:
    """Two venues asked the same questions spoil the same answers."""

    def statuses() -> list[int]:
        with running(troubled("R07:0.3,R15:0.2", seed=5)) as venue, RestClient(venue.rest) as client:
            return [client.get("/api/v3/ping").status_code for _ in range(40)]

    first = statuses()
    assert first == statuses()
    assert len(set(first)) > 3


def test_a_bug_of_the_venue_ends_it_instead_of_being_lived_with() -> None:
    """An exception in the beat, or one that nobody waited for, is raised where the venue is served."""

    def broken() -> Iterator[Print]:
        yield Print(0, "BTCUSDT", 60_000 * 10**8, 10**8, is_sale=True)
        yield Print(100, "BTCUSDT", 60_000 * 10**8, 10**8, is_sale=True)
        raise LookupError("a recording that breaks")

    async def beat(_ready: dict[str, Any], server: VenueServer) -> None:
        with pytest.raises(LookupError, match="breaks"):
            await server.serve_until(asyncio.Event())

    async def elsewhere(_ready: dict[str, Any], server: VenueServer) -> None:
        def fail() -> None:
            raise LookupError("a callback that breaks")

        asyncio.get_running_loop().call_later(0.05, fail)
        with pytest.raises(LookupError, match="callback"):
            await server.serve_until(asyncio.Event())

    at_a_venue(asked(has_flow=True, prints=broken()), beat)
    at_a_venue(asked(), elsewhere)


def test_every_kind_has_a_test_here() -> None:
    """The list of kinds and this file do not drift apart: each code stands in a test of it."""
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    untested = [kind.code for kind in KINDS if f'"{kind.code}' not in text and f"{kind.code}@" not in text]
    assert untested in ([], ["W10"])  # a cancel before the fill needs both in one batch: tests/unit shows it


def wait_until(look: Callable[[], Any], is_there: Callable[[Any], bool]) -> Any:
    """Look again and again, and return what was there at last."""
    for _ in range(2000):
        found = look()
        if is_there(found):
            return found
        time.sleep(0.01)
    pytest.fail("it did not happen")
