# SPDX-License-Identifier: Apache-2.0
"""Both WebSocket doors over real sockets: streams, subscriptions, sessions, user events, pings and cuts."""

import asyncio
import base64
import time
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from picows import WSHandshakeError

from bot4.apps.venue_server.gate.limits import Figures, Window
from bot4.apps.venue_server.serve import VenueServer
from bot4.apps.venue_server.streams.life import Pace
from tests.contract.venue_server.running import KEY, SocketClient, asked, at_a_venue, events_of, until

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.5", "price": "59000"}
SELL = BUY | {"side": "SELL", "selfTradePreventionMode": "NONE"}


@pytest.mark.requirement("U-10")
def test_a_fill_is_told_to_the_market_and_to_its_owner() -> None:
    """One trade: print, aggregate, best prices and depth for everyone, reports and balances for the member."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        names = "/".join(f"btcusdt@{kind}" for kind in ("trade", "aggTrade", "bookTicker", "depth@100ms", "depth5"))
        market = await SocketClient.open(f"{ready['ws']}/stream?streams={names}")
        api = await SocketClient.open(ready["ws_api"])
        api.call("userDataStream.subscribe.signature", 7)
        assert (await api.wait_for(1))[0]["result"] == {"subscriptionId": 0}
        api.call("order.place", "a", **BUY, newClientOrderId="rest", selfTradePreventionMode="NONE")
        api.call("order.place", "b", **(SELL | {"quantity": "0.2"}), newClientOrderId="take")
        await until(lambda: len(events_of(api.heard.messages, "executionReport")) == 4)
        reports = events_of(api.heard.messages, "executionReport")
        assert (reports[0]["c"], reports[0]["x"], reports[0]["X"]) == ("rest", "NEW", "NEW")
        fills = [one for one in reports if one["x"] == "TRADE"]
        assert {one["c"]: (one["m"], one["l"], one["L"]) for one in fills} == {
            "rest": (True, "0.20000000", "59000.00000000"),
            "take": (False, "0.20000000", "59000.00000000"),
        }
        assert {one["N"] for one in fills} == {"BTC", "USDT"}
        assert len({one["I"] for one in reports}) == 4
        replies = {one["id"]: one for one in api.heard.messages if "id" in one}
        assert replies["b"]["result"]["status"] == "FILLED"
        assert replies["b"]["rateLimits"][0]["rateLimitType"] == "ORDERS"
        assert events_of(api.heard.messages, "outboundAccountPosition")[-1]["B"]
        await until(lambda: len({one["stream"] for one in market.heard.messages}) == 5)
        by_stream = {one["stream"]: one["data"] for one in market.heard.messages}
        trade = by_stream["btcusdt@trade"]
        assert (trade["p"], trade["q"], trade["m"]) == ("59000.00000000", "0.20000000", True)
        assert by_stream["btcusdt@aggTrade"]["l"] == trade["t"]
        assert by_stream["btcusdt@bookTicker"]["B"] == "0.30000000"
        assert by_stream["btcusdt@depth5"]["bids"] == [["59000.00000000", "0.30000000"]]
        assert by_stream["btcusdt@depth@100ms"]["b"] == [["59000.00000000", "0.30000000"]]

    at_a_venue(asked(), visit)


def test_depth_events_follow_each_other_and_meet_the_snapshot() -> None:
    """Each U is the u before it plus one, and a book kept by the papers' procedure equals the one REST gives."""

    async def visit(ready: dict[str, Any], server: VenueServer) -> None:
        market = await SocketClient.open(f"{ready['ws']}/ws/btcusdt@depth@100ms")
        api = await SocketClient.open(ready["ws_api"])
        await market.wait_for(3)
        api.send({"id": 1, "method": "depth", "params": {"symbol": "BTCUSDT", "limit": 5000}})
        snapshot = (await api.wait_for(1))[0]["result"]
        await market.wait_for(len(market.heard.messages) + 5)
        events = market.heard.messages
        assert all(later["U"] == before["u"] + 1 for before, later in pairwise(events))
        book = {side: dict(snapshot[side]) for side in ("bids", "asks")}
        last = snapshot["lastUpdateId"]
        kept = [event for event in events if event["u"] > last]
        assert kept[0]["U"] <= last + 1 <= kept[0]["u"]
        for event in kept:
            for side, changes in (("bids", event["b"]), ("asks", event["a"])):
                book[side].update(changes)
            last = event["u"]
        book = {side: {p: q for p, q in levels.items() if float(q)} for side, levels in book.items()}
        await until(lambda: server.exchange.market.depth("BTCUSDT", 1).last_update_id >= last)
        bids = sorted((float(price) for price in book["bids"]), reverse=True)
        assert bids and min(map(float, book["asks"])) > bids[0]

    at_a_venue(asked(has_flow=True), visit)


def test_subscriptions_are_asked_for_listed_and_ended() -> None:
    """SUBSCRIBE, LIST_SUBSCRIPTIONS, UNSUBSCRIBE with ids of every kind; what is no request gets an error."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        market = await SocketClient.open(f"{ready['ws']}/ws")
        market.send({"method": "SUBSCRIBE", "params": ["ethusdt@bookTicker", "ethusdt@depth20@100ms"], "id": 1})
        market.send({"method": "LIST_SUBSCRIPTIONS", "id": "two"})
        await until(lambda: any("lastUpdateId" in one for one in market.heard.messages))
        market.send({"method": "UNSUBSCRIBE", "params": ["ethusdt@bookTicker", "ethusdt@depth20@100ms"], "id": None})
        await until(lambda: {"result": None, "id": None} in market.heard.messages)
        await asyncio.sleep(1.1)
        market.heard.messages.remove({"result": None, "id": 1})
        market.heard.messages.remove({"result": ["ethusdt@bookTicker", "ethusdt@depth20@100ms"], "id": "two"})
        count = len(market.heard.messages)
        market.send({"method": "DANCE", "params": [], "id": 3})
        errors = (await market.wait_for(count + 1))[count:]
        assert errors[0]["error"]["code"] == 2 and errors[0]["id"] == 3

    at_a_venue(asked(has_flow=True), visit)


def test_klines_close_once_and_tickers_come_every_second() -> None:
    """Of each second one kline is final, and the next begins where it ended."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        names = "btcusdt@kline_1s/btcusdt@miniTicker/btcusdt@avgPrice/!miniTicker@arr"
        market = await SocketClient.open(f"{ready['ws']}/stream?streams={names}")

        def final() -> list[Any]:
            rows = [one["data"]["k"] for one in market.heard.messages if one["stream"] == "btcusdt@kline_1s"]
            return [row for row in rows if row["x"]]

        await until(lambda: len(final()) >= 3)
        starts = [row["t"] for row in final()]
        assert len(set(starts)) == len(starts)
        assert [later - before for before, later in pairwise(starts)] == [1000] * (len(starts) - 1)
        kinds = {one["stream"] for one in market.heard.messages}
        assert kinds == set(names.split("/"))

    at_a_venue(asked(has_flow=True), visit)


def test_a_client_that_talks_too_fast_or_answers_no_ping_is_cut() -> None:
    """The sixth message in a second ends a connection; so does a ping without its pong; pings count too."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        hasty = await SocketClient.open(f"{ready['ws']}/ws")
        for number in range(20):
            hasty.send({"method": "LIST_SUBSCRIPTIONS", "id": number})
        await until(lambda: hasty.transport.is_disconnected)
        assert hasty.heard.close_code == 1008
        silent = await SocketClient.open(f"{ready['ws']}/ws", answers_pings=False)
        polite = await SocketClient.open(f"{ready['ws']}/ws")
        await until(lambda: silent.transport.is_disconnected)
        assert silent.heard.close_code == 1008 and silent.heard.pings
        polite.send({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert await polite.wait_for(1) == [{"result": [], "id": 1}]
        for _ in range(10):
            polite.transport.send_ping(b"are you there")
        await until(lambda: polite.transport.is_disconnected)
        assert polite.heard.close_code == 1008

    at_a_venue(asked(pace=Pace(ping_ms=300, pong_ms=3000)), visit)


def test_a_connection_ends_with_its_life_and_a_venue_that_closes_says_so() -> None:
    """After its longest life a connection is cut; before the venue ends every client hears serverShutdown."""

    async def visit(ready: dict[str, Any], server: VenueServer) -> None:
        old = await SocketClient.open(f"{ready['ws']}/ws")
        await until(lambda: old.transport.is_disconnected)
        assert old.heard.close_code == 1001
        young = await SocketClient.open(f"{ready['ws']}/stream")
        await server.close()
        await until(lambda: young.transport.is_disconnected)
        assert young.heard.messages[0]["stream"] == "!serverShutdown"
        assert young.heard.messages[0]["data"]["e"] == "serverShutdown"

    at_a_venue(asked(pace=Pace(life_ms=2000)), visit)


def test_a_session_is_logged_on_by_a_pair_of_keys_only() -> None:
    """After session.logon requests need neither key nor signature; HMAC cannot log on; logging out ends it."""
    pair = Ed25519PrivateKey.generate()
    raw = base64.b64encode(pair.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(f"{ready['ws_api']}?returnRateLimits=false")
        api.call("session.logon", 1)
        api.send({"id": 2, "method": "userDataStream.subscribe"})
        words: dict[str, Any] = {"apiKey": KEY, "timestamp": int(time.time() * 1000)}
        payload = "&".join(f"{name}={words[name]}" for name in sorted(words))
        words["signature"] = base64.b64encode(pair.sign(payload.encode())).decode()
        api.send({"id": 3, "method": "session.logon", "params": words})
        api.send({"id": 4, "method": "userDataStream.subscribe"})
        api.send({"id": 5, "method": "userDataStream.subscribe"})
        api.send({"id": 6, "method": "account.status", "params": {"timestamp": int(time.time() * 1000)}})
        api.send({"id": 7, "method": "order.place", "params": BUY | {"timestamp": int(time.time() * 1000)}})
        api.send({"id": "status", "method": "session.status"})
        api.send({"id": "listed", "method": "session.subscriptions"})
        api.send({"id": "none", "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 5}})
        api.send({"id": 8, "method": "userDataStream.unsubscribe", "params": {"subscriptionId": 0}})
        api.send({"id": "again", "method": "userDataStream.subscribe"})
        api.send({"id": "all", "method": "userDataStream.unsubscribe"})
        api.send({"id": 9, "method": "session.logout"})
        api.send({"id": 10, "method": "account.status", "params": {"timestamp": int(time.time() * 1000)}})
        await until(lambda: any(one.get("id") == 10 for one in api.heard.messages))
        by_id = {one["id"]: one for one in api.heard.messages if "id" in one}
        assert by_id[1]["status"] == 400
        assert (by_id[2]["status"], by_id[2]["error"]["code"]) == (401, -2015)
        assert by_id[3]["result"]["apiKey"] == KEY
        assert by_id[4]["result"] == {"subscriptionId": 0}
        assert by_id[5]["error"]["code"] == -2035
        assert by_id[6]["result"]["canTrade"] is True
        assert by_id[7]["result"]["status"] == "NEW"
        assert by_id["status"]["result"]["userDataStream"] is True
        assert by_id["listed"]["result"] == {"subscriptions": [{"subscriptionId": 0}]}
        assert by_id["none"]["error"]["code"] == -2036
        assert by_id[8]["status"] == by_id["all"]["status"] == 200
        assert by_id["again"]["result"] == {"subscriptionId": 1}
        assert by_id[9]["result"]["apiKey"] is None
        assert by_id[10]["status"] == 401
        assert not any("rateLimits" in one for one in by_id.values())
        assert [one["x"] for one in events_of(api.heard.messages, "executionReport")] == ["NEW"]

    at_a_venue(asked(public_key=raw), visit)


def test_what_is_no_request_of_the_api_is_told_so() -> None:
    """No JSON, no method, an unknown one, a bad id: an answer each, and the connection goes on."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        api = await SocketClient.open(ready["ws_api"])
        for message in ("text", {"id": 1}, {"id": 2, "method": "order.dance"}, {"id": [3], "method": "time"}):
            api.send(message)
        api.send({"id": "ok", "method": "time"})
        replies = await api.wait_for(5)
        assert [one["status"] for one in replies] == [400, 400, 400, 400, 200]
        assert [one["error"]["code"] for one in replies[:4]] == [-1135, -1135, -1020, -1135]

    at_a_venue(asked(), visit)


def test_connections_are_counted_and_other_paths_are_not_there() -> None:
    """More attempts than the limit are refused before the upgrade; a path of neither door is not found."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        with pytest.raises(WSHandshakeError):
            await SocketClient.open(f"{ready['ws']}/elsewhere")
        await SocketClient.open(f"{ready['ws']}/ws")
        with pytest.raises(WSHandshakeError) as refused:
            await SocketClient.open(f"{ready['ws']}/ws")
        assert refused.value.response is not None and refused.value.response.status == 429

    at_a_venue(asked(figures=Figures(connections=Window("CONNECTIONS", "MINUTE", 5, 2, 10_000_000_000))), visit)


def test_times_of_streams_come_in_microseconds_to_who_asks_for_them() -> None:
    """``timeUnit=MICROSECOND`` in the address turns the times of every event, and no number that is none."""

    async def visit(ready: dict[str, Any], _server: VenueServer) -> None:
        market = await SocketClient.open(f"{ready['ws']}/ws/btcusdt@trade?timeUnit=MICROSECOND")
        api = await SocketClient.open(f"{ready['ws_api']}?timeUnit=MICROSECOND")
        api.call("userDataStream.subscribe.signature")
        api.call("order.place", **BUY, selfTradePreventionMode="NONE")
        api.call("order.place", **SELL)
        trade = (await market.wait_for(1))[0]
        assert trade["E"] > 10**15 and trade["T"] > 10**15 and trade["t"] < 10**9
        await until(lambda: len(events_of(api.heard.messages, "executionReport")) == 4)
        report = events_of(api.heard.messages, "executionReport")[0]
        assert report["E"] > 10**15 and report["O"] > 10**15 and report["i"] < 10**9
        position = events_of(api.heard.messages, "outboundAccountPosition")[0]
        assert position["u"] > 10**15

    at_a_venue(asked(), visit)
