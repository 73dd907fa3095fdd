# SPDX-License-Identifier: Apache-2.0
"""Binance's exchangeInfo as instruments and filters: the recorded one with all its symbols, and the odd ones."""

import gzip
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot4.adapters.venues.binance.wire.instruments import Listings, changes, limits, listings
from bot4.adapters.venues.binance.wire.replies import ExchangeInfo
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.domain.errors import BadInput
from bot4.domain.filters import CANCEL_ONLY, CLOSED, RATIO_ONE, TRADING, filters_of
from bot4.domain.order import FILL_OR_KILL, IMMEDIATE_OR_CANCEL, LIMIT, MARKET, POST_ONLY, STOP, STOP_LIMIT
from bot4.domain.values import Lots, Ticks


def btcusdt(**changed: dict[str, Any]) -> dict[str, Any]:
    """Return one symbol in the documented shape; a filter may be changed by its type, or dropped with an empty dict."""
    filters: dict[str, dict[str, Any]] = {
        "PRICE_FILTER": {"minPrice": "0.01000000", "maxPrice": "1000000.00000000", "tickSize": "0.01000000"},
        "LOT_SIZE": {"minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        "MARKET_LOT_SIZE": {"minQty": "0.00000000", "maxQty": "107.12345678", "stepSize": "0.00000000"},
        "NOTIONAL": {"minNotional": "5.00000000", "applyMinToMarket": True, "maxNotional": "9000000.00000000",
                     "applyMaxToMarket": False, "avgPriceMins": 5},
        "PERCENT_PRICE_BY_SIDE": {"bidMultiplierUp": "1.2", "bidMultiplierDown": "0.2", "askMultiplierUp": "5",
                                  "askMultiplierDown": "0.8", "avgPriceMins": 1},
        "MAX_NUM_ORDERS": {"maxNumOrders": 200},
        "MAX_NUM_ALGO_ORDERS": {"maxNumAlgoOrders": 5},
        "MAX_POSITION": {"maxPosition": "10.00000000"},
    }  # fmt: skip
    filters |= changed
    return {
        "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetPrecision": 8, "quoteAsset": "USDT",
        "quoteAssetPrecision": 8, "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"],
        "ocoAllowed": True, "otoAllowed": True, "isSpotTradingAllowed": True,
        "filters": [{"filterType": kind, **each} for kind, each in filters.items() if each],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
    }  # fmt: skip


def read(*symbols: dict[str, Any], wanted: tuple[str, ...] = ()) -> Listings:
    """Return the listings of some symbols."""
    info = {"serverTime": 1, "rateLimits": [], "exchangeFilters": [], "symbols": list(symbols)}
    return listings(msgspec.convert(info, ExchangeInfo), wanted=wanted)


def recorded(shared_data: Path) -> ExchangeInfo:
    """Return the recorded exchangeInfo of 12 October 2021."""
    with gzip.open(shared_data / "raw/cryptofeed/BINANCE.0.gz", "rb") as file:
        data = file.readline().split(b": ", 1)[1]
    drift = Drift()
    info = drift.read("exchangeInfo", ExchangeInfo, data)
    assert not isinstance(info, Malformed)
    assert (drift.unknown, drift.broken) == ({}, {})
    return info


@pytest.mark.requirement("P-12", "P2-5")
def test_every_recorded_symbol_is_an_instrument_or_left_out_for_a_reason(shared_data: Path) -> None:
    """1,682 of 1,695 symbols; the others have a tick times a lot that the money integers cannot hold."""
    found = listings(recorded(shared_data))
    assert (len(found.of), len(found.left_out), dict(found.unknown_filters)) == (1682, 13, {})
    assert all("one tick of one lot" in why for why in found.left_out.values())
    states = Counter(int(each.filters.state) for each in found.of.values())
    assert states == {TRADING: 1210, CLOSED: 472}
    positions = [each for each in found.of.values() if int(each.filters.position_max) < 1 << 53]
    assert len(positions) == 40


@pytest.mark.requirement("P-12", "P2-5")
def test_ticks_and_lots_are_the_filters_and_not_the_precision(shared_data: Path) -> None:
    """For each symbol one tick and one lot are the filters' texts; by the precision fields most would be wrong."""
    info = recorded(shared_data)
    found = listings(info)
    wrong_by_precision = 0
    for symbol in info.symbols:
        if symbol.symbol not in found.of:
            continue
        filters = {each["filterType"]: each for each in symbol.filters}
        instrument = found.of[symbol.symbol].instrument
        assert Decimal(instrument.price_text(Ticks(1))) == Decimal(filters["PRICE_FILTER"]["tickSize"])
        assert Decimal(instrument.quantity_text(Lots(1))) == Decimal(filters["LOT_SIZE"]["stepSize"])
        assert Decimal(instrument.quantity_text(instrument.min_lots)) >= Decimal(filters["LOT_SIZE"]["minQty"])
        assert Decimal(instrument.quantity_text(instrument.max_lots)) <= Decimal(filters["LOT_SIZE"]["maxQty"])
        wrong_by_precision += instrument.lot_size != Decimal(1).scaleb(-symbol.base_asset_precision)
    assert wrong_by_precision == 1682


def test_every_filter_becomes_whole_ticks_lots_and_money() -> None:
    """The documented symbol, filter by filter; bounds that are no whole number are rounded inwards."""
    one = read(btcusdt()).find("BTCUSDT")
    assert one.filters.fields() == {
        "order_types": (MARKET, LIMIT, STOP, STOP_LIMIT, POST_ONLY, IMMEDIATE_OR_CANCEL, FILL_OR_KILL),
        "state": "trading",
        "price_min": 1,
        "price_max": 100_000_000,
        "lots_min": 1,
        "lots_max": 900_000_000,
        "market_min": 1,
        "market_max": 10_712_345,
        "market_step": 1,
        "notional_min": 500_000_000,
        "notional_max": 900_000_000_000_000,
        "min_at_market": True,
        "max_at_market": False,
        "buy_up": 120_000_000,
        "buy_down": 20_000_000,
        "sell_up": 500_000_000,
        "sell_down": 80_000_000,
        "orders_max": 200,
        "stops_max": 5,
        "lists_max": 1 << 31,
        "position_max": 1_000_000,
    }
    assert (one.oco, one.oto, one.default_self_trade) == (True, True, "EXPIRE_MAKER")
    assert (one.instrument.base, one.instrument.quote, int(one.instrument.min_notional)) == ("BTC", "USDT", 500_000_000)


def test_older_filters_and_switched_off_ones_are_read_too() -> None:
    """MIN_NOTIONAL and PERCENT_PRICE; a zero means that there is no bound."""
    one = read(btcusdt(
        NOTIONAL={}, PERCENT_PRICE_BY_SIDE={}, MAX_POSITION={}, MAX_NUM_ALGO_ORDERS={},
        MIN_NOTIONAL={"minNotional": "10", "applyToMarket": True, "avgPriceMins": 5},
        PERCENT_PRICE={"multiplierUp": "5", "multiplierDown": "0.2", "avgPriceMins": 5},
        PRICE_FILTER={"minPrice": "0", "maxPrice": "0", "tickSize": "0.10"},
    )).find("BTCUSDT").filters  # fmt: skip
    assert (int(one.notional_min), one.min_at_market) == (1_000_000_000, True)
    assert (one.buy_up, one.sell_down) == (5 * RATIO_ONE, RATIO_ONE // 5)
    assert (int(one.price_min), int(one.price_max)) == (1, (1 << 40) - 1)
    assert filters_of(read(btcusdt()).find("BTCUSDT").instrument).lots_max == 900_000_000


@pytest.mark.parametrize(
    ("status", "spot", "state"),
    [("TRADING", True, TRADING), ("CANCEL_ONLY", True, CANCEL_ONLY), ("HALT", True, CLOSED), ("NEWS", True, CLOSED),
     ("TRADING", False, CLOSED)],
)  # fmt: skip
def test_a_symbol_trades_only_when_the_venue_says_so(status: str, spot: bool, state: int) -> None:
    """An unknown status is closed."""
    one = read(btcusdt() | {"status": status, "isSpotTradingAllowed": spot}).find("BTCUSDT")
    assert int(one.filters.state) == state


@pytest.mark.requirement("P-21", "P-12")
@pytest.mark.parametrize(
    ("symbol", "words"),
    [("BTC-USDT", "Did you mean BTCUSDT"), ("BTCUSD", "Did you mean BTCUSDT"), ("ODD", "no tick or no lot"),
     ("NONE", "DecimalException|InvalidOperation"), ("ZZZZZZZ", "Take the symbol")],
)  # fmt: skip
def test_an_unknown_symbol_is_refused_with_the_nearest(symbol: str, words: str) -> None:
    """A misspelt one, one without a tick, one whose tick is no number."""
    odd = btcusdt(PRICE_FILTER={"minPrice": "1", "maxPrice": "2", "tickSize": "0"}) | {"symbol": "ODD"}
    none = btcusdt(LOT_SIZE={"minQty": "1", "maxQty": "2", "stepSize": "x"}) | {"symbol": "NONE"}
    with pytest.raises(BadInput, match=words):
        read(btcusdt(), odd, none).find(symbol)


@pytest.mark.requirement("P-12")
def test_a_change_in_mid_session_is_told_field_by_field() -> None:
    """A coarser tick, a symbol that came and one that went; equal listings change nothing."""
    before = read(btcusdt(), btcusdt() | {"symbol": "OLD"})
    coarser = {"minPrice": "0.10", "maxPrice": "1000000.00", "tickSize": "0.10"}
    after = read(btcusdt(PRICE_FILTER=coarser) | {"status": "BREAK"}, btcusdt() | {"symbol": "NEW"})
    assert changes(before, before) == {}
    assert changes(before, after) == {
        "BTCUSDT": ["tick_size: 0.01 to 0.1", "state: trading to closed", "price_max: 100000000 to 10000000"],
        "OLD": ["gone"],
        "NEW": ["listed"],
    }


def test_a_run_takes_its_symbols_in_its_own_order_and_unknown_filters_are_counted() -> None:
    """Indices follow the run, not the venue."""
    other = btcusdt() | {"symbol": "ETHUSDT"}
    found = read(btcusdt(NEW_FILTER={"x": 1}), other, btcusdt() | {"symbol": "C"}, wanted=("ETHUSDT", "BTCUSDT"))
    assert {symbol: int(one.instrument.index) for symbol, one in found.of.items()} == {"BTCUSDT": 1, "ETHUSDT": 0}
    assert dict(found.unknown_filters) == {"NEW_FILTER": 1}


def test_the_venues_limits_are_read_from_its_own_words(shared_data: Path) -> None:
    """The recorded ones, of 2021."""
    assert limits(recorded(shared_data).rate_limits) == (
        Limit(Unit.WEIGHT, 60_000, 1200),
        Limit(Unit.ORDERS, 10_000, 50),
        Limit(Unit.ORDERS, 86_400_000, 160_000),
        Limit(Unit.REQUESTS, 300_000, 6100),
    )
