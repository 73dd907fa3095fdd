# SPDX-License-Identifier: Apache-2.0
"""An unmodified ccxt, which knows nothing of bot4, trades at the simulated venue as it would at the real one."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.venue_server.running import KEY, SECRET, asked, running

ccxt = pytest.importorskip("ccxt", reason="the extra venues is not installed")


def client(address: str, **options: Any) -> Any:
    """Return ccxt's own client: its options are its own, only the host in its addresses is another."""
    found = ccxt.binance({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False, "options": options})
    found.urls["api"] = {name: address + urlsplit(url).path for name, url in found.urls["api"].items()}
    return found


@pytest.mark.requirement("U-10")
def test_ccxt_trades_here_without_knowing() -> None:
    """Markets, balance, orders placed and canceled, open and closed ones, fills, public data: as ccxt expects."""
    with running(asked(has_flow=True)) as venue:
        exchange = client(venue.rest)
        markets = exchange.load_markets()
        assert set(markets) == {"BTC/USDT", "ETH/USDT"}  # of every kind that it asks for by default
        assert exchange.currencies["BTC"]["info"]["coin"] == "BTC"
        assert markets["BTC/USDT"]["limits"]["cost"]["min"] == 5.0
        assert markets["BTC/USDT"]["precision"] == {
            **markets["BTC/USDT"]["precision"],
            "price": 0.01,
            "amount": 0.00001,
        }
        assert exchange.fetch_balance()["USDT"] == {"free": 1_000_000.0, "used": 0.0, "total": 1_000_000.0}
        resting = exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 40_000)
        assert resting["status"] == "open"
        assert exchange.fetch_balance()["USDT"]["used"] == 400.0
        assert [one["id"] for one in exchange.fetch_open_orders("BTC/USDT")] == [resting["id"]]
        assert exchange.cancel_order(resting["id"], "BTC/USDT")["status"] == "canceled"
        assert exchange.fetch_order(resting["id"], "BTC/USDT")["status"] == "canceled"
        bought = exchange.create_order("BTC/USDT", "market", "buy", 0.02)
        assert (bought["status"], bought["filled"]) == ("closed", 0.02)
        fills = exchange.fetch_my_trades("BTC/USDT")
        assert sum(fill["amount"] for fill in fills) == pytest.approx(0.02)
        assert {fill["order"] for fill in fills} == {bought["id"]}
        assert {fill["fee"]["currency"] for fill in fills} == {"BTC"}
        orders = exchange.fetch_orders("BTC/USDT")
        assert [one["status"] for one in orders] == ["canceled", "closed"]
        book = exchange.fetch_order_book("BTC/USDT", 5)
        assert len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0]
        ticker = exchange.fetch_ticker("BTC/USDT")
        assert ticker["bid"] <= ticker["ask"]
        assert exchange.fetch_ohlcv("BTC/USDT", "1m")[-1][5] > 0
        assert exchange.fetch_trades("BTC/USDT")
        assert abs(exchange.fetch_time() - exchange.milliseconds()) < 60_000


def test_ccxt_names_refusals_as_it_does_those_of_the_real_venue() -> None:
    """ccxt's own classes of errors come out of the codes and texts: funds, filters, unknown orders, keys."""
    with running(asked(has_flow=True)) as venue:
        exchange = client(venue.rest)
        exchange.load_markets()
        with pytest.raises(ccxt.InsufficientFunds):
            exchange.create_order("BTC/USDT", "limit", "buy", 1000, 50_000)
        with pytest.raises(ccxt.OrderNotFound):
            exchange.cancel_order("123456", "BTC/USDT")
        with pytest.raises(ccxt.OrderNotFound):
            exchange.fetch_order("123456", "BTC/USDT")
        with pytest.raises(ccxt.BadRequest):
            exchange.create_order("BTC/USDT", "limit", "buy", 0.00001, 50_000)
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 70_000, {"postOnly": True})
        exchange.secret = "another"
        with pytest.raises(ccxt.AuthenticationError):
            exchange.fetch_balance()


def test_ccxt_learns_every_kind_of_market_that_it_can_ask_for() -> None:
    """Futures, options and margin are asked for and empty: what is traded is spot."""
    with running(asked(has_flow=True)) as venue:
        exchange = client(
            venue.rest, fetchMargins=True, fetchMarkets={"types": ["spot", "linear", "inverse", "option"]}
        )
        markets = exchange.load_markets().values()
        assert {market["type"] for market in markets} == {"spot"}
        assert not any(market["margin"] for market in markets)
