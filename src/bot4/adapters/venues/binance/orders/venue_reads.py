# SPDX-License-Identifier: Apache-2.0
"""What Binance spot says of an account and of the market, in the kit's integers: one call is one request."""

from collections.abc import Sequence
from decimal import Decimal
from typing import final

from bot4.adapters.venues.binance.orders.lookup import Door
from bot4.adapters.venues.binance.orders.order_entry import asked
from bot4.adapters.venues.binance.orders.paging import TradesCursor
from bot4.adapters.venues.binance.wire import requests
from bot4.adapters.venues.binance.wire.instruments import listings
from bot4.adapters.venues.binance.wire.replies import AccountReply, Balance, ExchangeInfo, Kline, MyTrade
from bot4.adapters.venues.kit.answers import Answer, whole
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.order_entry import BalanceSeen, BarSeen, ListedSeen, TradeSeen
from bot4.domain.instrument import Instrument
from bot4.domain.values import BUY, MONEY_ONE, SELL


@final
class BinanceReads:
    """Read for one account.

    Parameters
    ----------
    door : Door
        REST or the WebSocket API.
    instruments : sequence of Instrument
        By index.
    """

    __slots__ = ("_door", "_instruments")

    def __init__(self, door: Door, instruments: Sequence[Instrument]) -> None:
        self._door = door
        self._instruments = {int(one.index): one for one in instruments}

    async def trades_after(self, instrument: int, last_id: int, limit: int) -> tuple[TradeSeen, ...] | Answer:
        """Return one page of executions behind an id."""
        cursor = TradesCursor(self._instruments[instrument].symbol, last_id=last_id, limit=limit)
        told = await asked(self._door, cursor.request(), "trades", list[MyTrade])
        if told.value is None:
            return told.answer
        return whole(trade_seen(one, self._instruments[instrument]) for one in cursor.take(told.value))

    async def balances(self) -> dict[str, BalanceSeen] | Answer:
        """Return what the account holds."""
        told = await asked(self._door, requests.account(), "account", AccountReply)
        if told.value is None:
            return told.answer
        read = whole(balance_seen(one) for one in told.value.balances)
        return read if isinstance(read, Answer) else {one.asset: one for one in read}

    async def klines(self, instrument: int, interval: str, limit: int) -> tuple[BarSeen, ...] | Answer:
        """Return the newest bars."""
        request = requests.klines(self._instruments[instrument].symbol, interval, limit=limit)
        told = await asked(self._door, request, "klines", list[Kline])
        if told.value is None:
            return told.answer
        return whole(bar_seen(one, self._instruments[instrument]) for one in told.value)

    async def listings(self) -> dict[str, ListedSeen] | Answer:
        """Return what the venue lists and bot4 can count."""
        told = await asked(self._door, requests.exchange_info(), "exchange_info", ExchangeInfo)
        if told.value is None:
            return told.answer
        return {symbol: listed_seen(one.instrument) for symbol, one in listings(told.value).of.items()}


def trade_seen(trade: MyTrade, instrument: Instrument) -> TradeSeen | None:
    """Return an execution in integers, None where it cannot be read."""
    lots, price = exact(trade.qty, instrument.lot_size), exact(trade.price, instrument.tick_size)
    fee = eighths(trade.commission)
    if lots is None or price is None or fee is None:
        return None
    side = int(BUY if trade.is_buyer else SELL)
    return TradeSeen(
        trade.id, int(instrument.index), side, lots, price, fee, trade.commission_asset, trade.is_maker, trade.time
    )


def balance_seen(balance: Balance) -> BalanceSeen | None:
    """Return a balance in integers, None where it cannot be read."""
    free, locked = eighths(balance.free), eighths(balance.locked)
    return None if free is None or locked is None else BalanceSeen(balance.asset, free, locked)


def bar_seen(row: Kline, instrument: Instrument) -> BarSeen | None:
    """Return a bar in integers, None where it cannot be read."""
    first, high, low, last = (exact(text, instrument.tick_size) for text in (row.open, row.high, row.low, row.close))
    lots = exact(row.volume, instrument.lot_size)
    if first is None or high is None or low is None or last is None or lots is None:
        return None
    return BarSeen(row.open_ms, first, high, low, last, lots)


def listed_seen(instrument: Instrument) -> ListedSeen:
    """Return a listed symbol in integers."""
    return ListedSeen(
        instrument.symbol,
        units(instrument.tick_size),
        units(instrument.lot_size),
        int(instrument.min_lots),
        int(instrument.max_lots),
        int(instrument.min_notional),
    )


def units(step: Decimal) -> int:
    """Return a step in 1e-8."""
    return int(step * MONEY_ONE)
