# SPDX-License-Identifier: Apache-2.0
"""How the venue shows its symbols, its book, its trades and klines in its answers."""

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.simulation.exchange.events import BestPrices, PublicTrade
from bot4.simulation.exchange.market import AggregateTrade, Depth, Kline
from bot4.simulation.exchange.rules import LotSize, SymbolRules


def symbol_shape(rules: SymbolRules) -> dict[str, object]:
    """Return a symbol as ``exchangeInfo`` lists it."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base,
        "baseAssetPrecision": rules.base_precision,
        "quoteAsset": rules.quote,
        "quotePrecision": rules.quote_precision,
        "quoteAssetPrecision": rules.quote_precision,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": list(rules.order_types),
        "icebergAllowed": False,
        "ocoAllowed": rules.allows_oco,
        "otoAllowed": rules.allows_oto,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": rules.allows_quote_quantity_market,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": rules.allows_cancel_replace,
        "amendAllowed": rules.allows_amend,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filter_shapes(rules),
        "permissions": [],
        "permissionSets": [list(group) for group in rules.permission_sets],
        "defaultSelfTradePreventionMode": rules.default_stp_mode,
        "allowedSelfTradePreventionModes": list(rules.stp_modes),
    }


def filter_shapes(rules: SymbolRules) -> list[dict[str, object]]:
    """Return the filters of a symbol."""
    shapes: list[dict[str, object]] = [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text_of(rules.price.lowest),
            "maxPrice": text_of(rules.price.highest),
            "tickSize": text_of(rules.price.tick),
        },
        _lot("LOT_SIZE", rules.lot_size),
    ]
    if rules.market_lot_size is not None:
        shapes.append(_lot("MARKET_LOT_SIZE", rules.market_lot_size))
    if rules.percent_price is not None:
        percent = rules.percent_price
        shapes.append(
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": _plain(percent.bid_up),
                "bidMultiplierDown": _plain(percent.bid_down),
                "askMultiplierUp": _plain(percent.ask_up),
                "askMultiplierDown": _plain(percent.ask_down),
                "avgPriceMins": percent.average_minutes,
            }
        )
    notional = rules.notional
    shapes.append(
        {
            "filterType": "NOTIONAL",
            "minNotional": text_of(notional.lowest),
            "applyMinToMarket": notional.applies_lowest_to_market,
            "maxNotional": text_of(notional.highest or 9_000_000 * 10**8),
            "applyMaxToMarket": notional.applies_highest_to_market,
            "avgPriceMins": notional.average_minutes,
        }
    )
    if rules.max_position:
        shapes.append({"filterType": "MAX_POSITION", "maxPosition": text_of(rules.max_position)})
    counts = (
        ("MAX_NUM_ORDERS", "maxNumOrders", rules.max_orders),
        ("MAX_NUM_ORDER_LISTS", "maxNumOrderLists", rules.max_order_lists),
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", rules.max_algo_orders),
        ("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends", rules.max_amends),
    )
    shapes.extend({"filterType": kind, field: count} for kind, field, count in counts if count)
    return shapes


def depth_shape(depth: Depth) -> dict[str, object]:
    """Return the book."""
    return {"lastUpdateId": depth.last_update_id, "bids": levels_shape(depth.bids), "asks": levels_shape(depth.asks)}


def levels_shape(levels: tuple[tuple[int, int], ...]) -> list[list[str]]:
    """Return levels as pairs of texts."""
    return [[text_of(price), text_of(quantity)] for price, quantity in levels]


def kline_shape(kline: Kline) -> list[object]:
    """Return a kline as the array that REST gives."""
    return [
        kline.open_ms,
        text_of(kline.open),
        text_of(kline.high),
        text_of(kline.low),
        text_of(kline.close),
        text_of(kline.volume),
        kline.close_ms,
        text_of(kline.quote_volume),
        kline.trades,
        text_of(kline.taker_buy_volume),
        text_of(kline.taker_buy_quote),
        "0",
    ]


def aggregate_shape(trade: AggregateTrade) -> dict[str, object]:
    """Return a row of ``aggTrades``."""
    return {
        "a": trade.aggregate_id,
        "p": text_of(trade.price),
        "q": text_of(trade.quantity),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": trade.at_ms,
        "m": trade.is_buyer_maker,
        "M": True,
    }


def public_trade_shape(trade: PublicTrade) -> dict[str, object]:
    """Return a row of ``trades``."""
    return {
        "id": trade.trade_id,
        "price": text_of(trade.price),
        "qty": text_of(trade.quantity),
        "quoteQty": text_of(trade.price * trade.quantity // 10**8),
        "time": trade.at_ms,
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": True,
    }


def book_ticker_shape(best: BestPrices) -> dict[str, object]:
    """Return the best prices as REST gives them."""
    return {
        "symbol": best.symbol,
        "bidPrice": text_of(best.bid),
        "bidQty": text_of(best.bid_quantity),
        "askPrice": text_of(best.ask),
        "askQty": text_of(best.ask_quantity),
    }


def _lot(kind: str, lot: LotSize) -> dict[str, object]:
    """Return a filter of quantities."""
    return {
        "filterType": kind,
        "minQty": text_of(lot.lowest),
        "maxQty": text_of(lot.highest),
        "stepSize": text_of(lot.step),
    }


def _plain(multiplier: int) -> str:
    """Return a multiplier without trailing zeros, as the venue writes these alone."""
    return text_of(multiplier).rstrip("0").rstrip(".")
