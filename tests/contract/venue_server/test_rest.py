# SPDX-License-Identifier: Apache-2.0
"""The REST door over real sockets: shapes, signatures, refusals, headers and limits, as the papers tell them."""

import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot4.apps.venue_server.gate.limits import Figures, Window
from bot4.apps.venue_server.gate.signatures import Permissions
from bot4.apps.venue_server.methods.table import TABLE
from tests.contract.venue_server.running import KEY, SECRET, RestClient, Running, asked, running

ORDER = "/api/v3/order"
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


@pytest.fixture(scope="module")
def venue() -> Iterator[Running]:
    """A venue with a member and nobody else."""
    with running(asked()) as found:
        yield found


@pytest.fixture
def client(venue: Running) -> Iterator[RestClient]:
    """A client that signs by hand; what it left open is canceled when it goes."""
    with RestClient(venue.rest) as found:
        yield found
        found.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")


@pytest.mark.requirement("U-10")
def test_an_order_is_placed_shown_and_canceled_in_the_documented_shapes(client: RestClient) -> None:
    """Field by field, the answers to place, query and cancel are those of the papers."""
    placed = client.signed("POST", ORDER, **LIMIT, newClientOrderId="mine").json()
    assert set(placed) == {
        "symbol", "orderId", "orderListId", "clientOrderId", "transactTime", "price", "origQty", "executedQty",
        "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce", "type", "side", "workingTime",
        "selfTradePreventionMode", "fills",
    }  # fmt: skip
    assert (placed["status"], placed["price"], placed["origQty"]) == ("NEW", "50000.00000000", "0.01000000")
    shown = client.signed("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine").json()
    assert set(shown) == set(placed) - {"transactTime", "fills"} | {
        "stopPrice", "icebergQty", "time", "updateTime", "isWorking",
    }  # fmt: skip
    assert client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json() == [shown]
    ended = client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=placed["orderId"], newClientOrderId="end").json()
    assert set(ended) == set(placed) - {"fills"} | {"origClientOrderId"}
    assert (ended["origClientOrderId"], ended["clientOrderId"], ended["status"]) == ("mine", "end", "CANCELED")


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"symbol": None}, -1102, "Mandatory parameter 'symbol' was not sent"),
        ({"symbol": "btcusdt"}, -1100, "Illegal characters found in parameter 'symbol'"),
        ({"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
        ({"side": "LONG"}, -1117, "Invalid side."),
        ({"type": "ICEBERG"}, -1116, "Invalid orderType."),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"timeInForce": None}, -1102, "Mandatory parameter 'timeInForce'"),
        ({"price": None}, -1102, "Mandatory parameter 'price'"),
        ({"quantity": "-1"}, -1100, "Illegal characters found in parameter 'quantity'"),
        ({"quantity": "1e3"}, -1100, "Illegal characters found in parameter 'quantity'"),
        ({"quantity": "0.000000001"}, -1111, "precision"),
        ({"price": "50000.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.000011"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.00002"}, -1013, "Filter failure: NOTIONAL"),
        ({"quantity": "99"}, -2010, "Account has insufficient balance for requested action."),
        ({"newClientOrderId": "with space"}, -1100, "Illegal characters found in parameter 'newClientOrderId'"),
        ({"stopPrice": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
        ({"colour": "red"}, -1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."),
        ({"recvWindow": "60001"}, -1131, "recvWindow must be less than 60000."),
        ({"timestamp": int(time.time() * 1000) - 3_600_000}, -1021, "outside of the recvWindow"),
        ({"timestamp": int(time.time() * 1000) + 3_600_000}, -1021, "1000ms ahead"),
    ],
)
def test_a_bad_request_is_refused_with_the_code_and_text_of_the_papers(
    client: RestClient, change: dict[str, object], code: int, text: str
) -> None:
    """One thing wrong, one code; nothing is placed."""
    words = {name: value for name, value in (LIMIT | change).items() if value is not None}
    answer = client.signed("POST", ORDER, **words)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert text in answer.json()["msg"]
    assert client.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json() == []


def test_parameters_come_by_query_or_by_body_and_the_query_wins(client: RestClient) -> None:
    """A form is as good as a query; what is in both is taken from the query, what is twice in one is refused."""
    placed = client.signed_form("POST", ORDER, **LIMIT)
    assert placed.status_code == 200
    query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.02"
    body = f"quantity=0.03&price=50000&timestamp={int(time.time() * 1000)}"
    signature = hmac.new(SECRET.encode(), (query + body).encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": KEY, "Content-Type": "application/x-www-form-urlencoded"}
    both = client.http.post(f"{ORDER}?{query}", content=f"{body}&signature={signature}", headers=headers)
    assert both.json()["origQty"] == "0.02000000"
    assert client.http.get("/api/v3/depth?symbol=BTCUSDT&symbol=ETHUSDT").json()["code"] == -1101


def test_a_signature_is_over_exactly_what_was_sent(client: RestClient) -> None:
    """Either case of the hex is good; another secret, a changed byte or an unencoded value is not."""
    stamp = int(time.time() * 1000)
    payload = f"symbol=BTCUSDT&timestamp={stamp}"
    good = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": KEY}
    target = "/api/v3/openOrders?"
    assert client.http.get(f"{target}{payload}&signature={good.upper()}", headers=headers).status_code == 200
    assert client.http.get(f"{target}signature={good}&{payload}", headers=headers).status_code == 200
    changed = f"{target}{payload}&recvWindow=5000&signature={good}"
    assert client.http.get(changed, headers=headers).json()["code"] == -1022
    assert client.http.get(f"{target}{payload}&signature=zz", headers=headers).json()["code"] == -1022
    assert client.http.get(f"{target}{payload}", headers=headers).json()["code"] == -1102
    assert client.http.get(f"{target}{payload}&signature={good}").status_code == 401
    assert client.http.get(f"{target}{payload}&signature={good}", headers={"X-MBX-APIKEY": "x"}).json()["code"] == -2015
    raw = f"newClientOrderId=a@b&{payload}"
    unencoded = hmac.new(SECRET.encode(), raw.encode(), hashlib.sha256).hexdigest()
    answer = raw_get(client, f"{target}{raw}&signature={unencoded}", headers)
    assert b"-1022" in answer


def raw_get(client: RestClient, target: str, headers: dict[str, str]) -> bytes:
    """Send a request byte for byte, as no well-behaved client would, and return the answer."""
    url = client.http.base_url
    lines = [f"GET {target} HTTP/1.1", f"Host: {url.host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((url.host, url.port or 80)) as carrier:
        carrier.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        parts = []
        while part := carrier.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_a_pair_of_keys_signs_as_well_as_a_secret() -> None:
    """Ed25519 in percent-encoded base64, over the same payload."""
    import base64
    from urllib.parse import quote

    pair = Ed25519PrivateKey.generate()
    pem = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with running(asked(public_key=pem)) as venue, RestClient(venue.rest) as client:
        payload = f"timestamp={int(time.time() * 1000)}"
        signature = quote(base64.b64encode(pair.sign(payload.encode())).decode(), safe="")
        headers = {"X-MBX-APIKEY": KEY}
        good = client.http.get(f"/api/v3/account?{payload}&signature={signature}", headers=headers)
        assert good.status_code == 200
        other = quote(base64.b64encode(Ed25519PrivateKey.generate().sign(payload.encode())).decode(), safe="")
        assert client.http.get(f"/api/v3/account?{payload}&signature={other}", headers=headers).json()["code"] == -1022


def test_times_come_in_microseconds_to_who_asks_for_them(client: RestClient) -> None:
    """The header turns every time of an answer, and a timestamp may be as fine."""
    client.http.headers["X-MBX-TIME-UNIT"] = "MICROSECOND"
    assert client.get("/api/v3/time").json()["serverTime"] > 10**15
    placed = client.signed("POST", ORDER, **LIMIT, timestamp=int(time.time() * 1_000_000)).json()
    assert placed["transactTime"] > 10**15 and placed["workingTime"] > 10**15
    assert placed["orderId"] < 10**9


def test_every_method_of_the_table_answers_and_an_unknown_path_is_not_found(client: RestClient) -> None:
    """Each row of the table is there under its verb; nothing else is."""
    for method in TABLE:
        verb, path = method.rest.split()
        answer = client.signed(verb, path, symbol="BTCUSDT")
        assert answer.status_code in (200, 400), method.rest
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert client.get("/api/v3/nothing").status_code == 404
    assert client.http.delete("/api/v3/time").status_code == 405


def test_lists_replacement_and_amendment_go_the_documented_way(client: RestClient) -> None:
    """OCO, OTO and OTOCO, the end of a list by one leg, cancel-replace whole and in part, a lower quantity."""
    pair = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01", "aboveType": "STOP_LOSS_LIMIT"}
    # without a last price nothing can be below or above it: somebody has to have traded
    client.signed("POST", ORDER, **(LIMIT | {"price": "60000", "selfTradePreventionMode": "NONE"}))
    sale = LIMIT | {"side": "SELL", "price": "60000", "selfTradePreventionMode": "NONE"}
    assert client.signed("POST", ORDER, **sale).json()["status"] == "FILLED"
    oco = client.signed(
        "POST",
        "/api/v3/orderList/oco",
        **pair,
        abovePrice="62000",
        aboveStopPrice="61000",
        aboveTimeInForce="GTC",
        belowType="LIMIT_MAKER",
        belowPrice="55000",
    )
    assert oco.status_code == 200, oco.text
    assert oco.headers["x-mbx-order-count-1d"].isdigit()
    told = oco.json()
    assert (told["contingencyType"], told["listOrderStatus"], len(told["orderReports"])) == ("OCO", "EXECUTING", 2)
    leg = told["orders"][0]["orderId"]
    ended = client.signed("DELETE", ORDER, symbol="BTCUSDT", orderId=leg).json()
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert {one["status"] for one in ended["orderReports"]} == {"CANCELED"}
    otoco = client.signed(
        "POST",
        "/api/v3/orderList/otoco",
        symbol="BTCUSDT",
        workingType="LIMIT",
        workingSide="BUY",
        workingPrice="50000",
        workingQuantity="0.01",
        workingTimeInForce="GTC",
        pendingSide="SELL",
        pendingQuantity="0.01",
        pendingAboveType="LIMIT_MAKER",
        pendingAbovePrice="70000",
        pendingBelowType="STOP_LOSS",
        pendingBelowStopPrice="45000",
    )
    assert otoco.status_code == 200, otoco.text
    assert len(otoco.json()["orders"]) == 3
    number = otoco.json()["orderListId"]
    assert client.signed("GET", "/api/v3/orderList", orderListId=number).json()["listOrderStatus"] == "EXECUTING"
    done = client.signed("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=number)
    assert done.json()["listOrderStatus"] == "ALL_DONE"
    first = client.signed("POST", ORDER, **LIMIT).json()
    replaced = client.signed(
        "POST",
        "/api/v3/order/cancelReplace",
        **(LIMIT | {"price": "51000"}),
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=first["orderId"],
    ).json()
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    number = replaced["newOrderResponse"]["orderId"]
    amend = "/api/v3/order/amend/keepPriority"
    lower = client.signed("PUT", amend, symbol="BTCUSDT", orderId=number, newQty="0.005").json()
    assert lower["amendedOrder"]["qty"] == "0.00500000" and lower["executionId"] > 0
    half = client.signed(
        "POST",
        "/api/v3/order/cancelReplace",
        **(LIMIT | {"quantity": "99"}),
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=number,
    )
    assert half.status_code in (400, 409) and half.json()["code"] in (-2021, -2022)
    assert set(half.json()["data"]) == {"cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"}


def test_public_and_account_shapes_have_the_fields_of_the_papers() -> None:
    """Field names as the papers list them; every amount is a text with eight places, every kline twelve fields."""
    with running(asked(has_flow=True)) as venue, RestClient(venue.rest) as client:
        client.signed("POST", ORDER, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
        symbol = client.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json()["symbols"][0]
        assert {
            "symbol", "status", "baseAsset", "baseAssetPrecision", "quoteAsset", "quoteAssetPrecision", "orderTypes",
            "icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed", "quoteOrderQtyMarketAllowed",
            "allowTrailingStop", "cancelReplaceAllowed", "amendAllowed", "pegInstructionsAllowed",
            "isSpotTradingAllowed", "filters", "permissionSets", "defaultSelfTradePreventionMode",
            "allowedSelfTradePreventionModes",
        } <= set(symbol)  # fmt: skip
        filters = {one["filterType"]: set(one) - {"filterType"} for one in symbol["filters"]}
        assert filters["PRICE_FILTER"] == {"minPrice", "maxPrice", "tickSize"}
        assert filters["LOT_SIZE"] == filters["MARKET_LOT_SIZE"] == {"minQty", "maxQty", "stepSize"}
        assert filters["NOTIONAL"] == {
            "minNotional", "applyMinToMarket", "maxNotional", "applyMaxToMarket", "avgPriceMins",
        }  # fmt: skip
        assert filters["PERCENT_PRICE_BY_SIDE"] == {
            "bidMultiplierUp", "bidMultiplierDown", "askMultiplierUp", "askMultiplierDown", "avgPriceMins",
        }  # fmt: skip
        depth = client.get("/api/v3/depth", symbol="BTCUSDT", limit=5).json()
        assert set(depth) == {"lastUpdateId", "bids", "asks"} and len(depth["asks"]) == 5
        assert all(len(text.partition(".")[2]) == 8 for level in depth["bids"] for text in level)
        kline = client.get("/api/v3/klines", symbol="BTCUSDT", interval="1d").json()[-1]
        assert [type(field) for field in kline] == [int, *[str] * 5, int, str, int, str, str, str]
        assert kline[6] - kline[0] == 86_400_000 - 1
        account = client.signed("GET", "/api/v3/account", omitZeroBalances="true").json()
        assert {
            "makerCommission", "takerCommission", "commissionRates", "canTrade", "requireSelfTradePrevention",
            "updateTime", "accountType", "balances", "permissions", "uid",
        } <= set(account)  # fmt: skip
        assert all(set(one) == {"asset", "free", "locked"} for one in account["balances"])
        assert set(client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT").json()[0]) == {
            "symbol", "id", "orderId", "orderListId", "price", "qty", "quoteQty", "commission", "commissionAsset",
            "time", "isBuyer", "isMaker", "isBestMatch",
        }  # fmt: skip
        trade = client.get("/api/v3/aggTrades", symbol="BTCUSDT", limit=1).json()[0]
        assert set(trade) == {"a", "p", "q", "f", "l", "T", "m", "M"}
        rates = client.signed("GET", "/api/v3/account/commission", symbol="BTCUSDT").json()
        assert rates["standardCommission"]["taker"] == "0.00100000"
        assert client.get("/api/v3/avgPrice", symbol="BTCUSDT").json()["mins"] == 5
        several = client.get("/api/v3/exchangeInfo", symbols='["ETHUSDT","BTCUSDT"]').json()["symbols"]
        assert [one["symbol"] for one in several] == ["BTCUSDT", "ETHUSDT"]
        for symbols, code in (('["ETHUSDT","NOPE"]', -1121), ("ETHUSDT", -1100)):
            assert client.get("/api/v3/exchangeInfo", symbols=symbols).json()["code"] == code
        both = client.get("/api/v3/ticker/price", symbol="BTCUSDT", symbols='["BTCUSDT"]')
        assert both.json()["code"] == -1128
        prices = {one["symbol"]: one["price"] for one in client.get("/api/v3/ticker/price").json()}
        best = client.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json()
        day = client.get("/api/v3/ticker/24hr", symbol="BTCUSDT").json()
        assert float(best["bidPrice"]) < float(best["askPrice"])
        assert day["lowPrice"] <= day["lastPrice"] <= day["highPrice"] and set(prices) == {"BTCUSDT", "ETHUSDT"}
        assert client.get("/api/v3/trades", symbol="BTCUSDT", limit=1).json()[0]["price"]
        assert client.get("/api/v3/klines", symbol="BTCUSDT", interval="7m").json()["code"] == -1120
        bounded = client.get("/api/v3/aggTrades", symbol="BTCUSDT", fromId=1, startTime=1)
        assert bounded.json()["code"] == -1128


def test_tests_of_orders_acknowledgements_and_spans(client: RestClient) -> None:
    """``order/test`` places nothing; ACK tells little; a wrong restriction, mode or span is refused."""
    assert client.signed("POST", f"{ORDER}/test", **LIMIT).json() == {}
    rates = client.signed("POST", f"{ORDER}/test", **LIMIT, computeCommissionRates="true").json()
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert client.signed("POST", f"{ORDER}/test", **(LIMIT | {"price": "1.001"})).json()["code"] == -1013
    assert client.signed("GET", "/api/v3/openOrders").json() == []
    told = client.signed("POST", ORDER, **LIMIT, newOrderRespType="ACK", strategyId=7).json()
    assert set(told) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
    words = {"symbol": "BTCUSDT", "orderId": told["orderId"]}
    assert client.signed("GET", ORDER, **words).json()["strategyId"] == 7
    assert client.signed("DELETE", ORDER, **words, cancelRestrictions="ALWAYS").json()["code"] == -1145
    assert client.signed("DELETE", ORDER, **words, cancelRestrictions="ONLY_PARTIALLY_FILLED").json()["code"] == -2011
    assert client.signed("DELETE", ORDER, symbol="BTCUSDT").json()["code"] == -1102
    span = {"symbol": "BTCUSDT", "startTime": 1, "endTime": 86_400_002}
    for path in ("/api/v3/myTrades", "/api/v3/allOrders"):
        assert client.signed("GET", path, **span).json()["code"] == -1127
    assert client.signed("GET", "/api/v3/myPreventedMatches", symbol="BTCUSDT").json()["code"] == -1128


def test_a_match_with_oneself_is_prevented_and_shown(client: RestClient) -> None:
    """With EXPIRE_MAKER the resting order ends, in the state and with the record of the papers."""
    resting = client.signed("POST", ORDER, **LIMIT).json()["orderId"]
    taker = LIMIT | {"side": "SELL", "timeInForce": "IOC", "selfTradePreventionMode": "EXPIRE_MAKER"}
    client.signed("POST", ORDER, **taker)
    shown = client.signed("GET", ORDER, symbol="BTCUSDT", orderId=resting).json()
    assert (shown["status"], shown["preventedQuantity"]) == ("EXPIRED_IN_MATCH", "0.01000000")
    rows = client.signed("GET", "/api/v3/myPreventedMatches", symbol="BTCUSDT", orderId=resting).json()
    assert [row["makerOrderId"] for row in rows] == [resting]
    assert rows[0]["selfTradePreventionMode"] == "EXPIRE_MAKER"


def test_weight_is_told_and_a_client_that_goes_on_after_429_is_banned() -> None:
    """The header counts; above the limit comes 429 with Retry-After, for who goes on 418 with a longer one."""
    figures = replace(Figures(), weight=Window("REQUEST_WEIGHT", "MINUTE", 1, 25, 60_000), patience=3)
    with running(asked(figures=figures)) as venue, RestClient(venue.rest) as client:
        first = client.get("/api/v3/exchangeInfo")
        assert first.headers["x-mbx-used-weight-1m"] == "20"
        broken = [client.get("/api/v3/exchangeInfo") for _ in range(5)]
        assert [one.status_code for one in broken] == [429, 429, 429, 418, 418]
        assert 0 < int(broken[0].headers["retry-after"]) <= 60
        assert 60 < int(broken[4].headers["retry-after"]) <= 120
        assert "banned until" in broken[4].json()["msg"]


def test_orders_are_counted_until_they_are_filled() -> None:
    """Fifty unfilled orders in ten seconds and no more; only accepted ones count, and cost no weight."""
    figures = replace(Figures(), orders_short=Window("ORDERS", "SECOND", 10, 3, 10_000_000))
    with running(asked(figures=figures)) as venue, RestClient(venue.rest) as client:
        placed = [client.signed("POST", ORDER, **LIMIT) for _ in range(3)]
        assert [one.headers["x-mbx-order-count-10s"] for one in placed] == ["1", "2", "3"]
        assert placed[-1].headers["x-mbx-used-weight-1m"] == "0"
        refused = client.signed("POST", ORDER, **LIMIT)
        assert (refused.status_code, refused.json()["code"]) == (429, -1015)
        counts = client.signed("GET", "/api/v3/rateLimit/order").json()
        assert [row["count"] for row in counts] == [3, 3]


def test_a_key_that_may_not_trade_reads_and_tells_what_it_may() -> None:
    """``apiRestrictions`` shows the flags; an order with such a key is refused as unauthorized."""
    may = Permissions(spot_trading=False, withdrawals=True)
    with running(asked(permissions=may)) as venue, RestClient(venue.rest) as client:
        told = client.signed("GET", "/sapi/v1/account/apiRestrictions").json()
        assert (told["enableWithdrawals"], told["enableSpotAndMarginTrading"]) == (True, False)
        refused = client.signed("POST", ORDER, **LIMIT)
        assert (refused.status_code, refused.json()["code"]) == (401, -2015)
        assert client.signed("GET", "/api/v3/account").status_code == 200


def test_bytes_that_are_no_request_are_answered_and_bounded(venue: Running, client: RestClient) -> None:
    """Garbage gets 400, a body beyond the bound 413, and the server goes on."""
    host, port = venue.rest.removeprefix("http://").split(":")
    for sent, status in ((b"\x00\x01\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000, b"431")):
        with socket.create_connection((host, int(port)), timeout=10) as carrier:
            carrier.sendall(sent)
            assert carrier.recv(4096).split(b" ")[1] == status
    too_long = client.http.post(ORDER, content=b"a" * 1_000_000)
    assert too_long.status_code == 413
    assert client.get("/api/v3/ping").json() == {}
