# SPDX-License-Identifier: Apache-2.0
"""What a venue says of an account and of the market through ccxt, in the kit's integers: one call is one request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, final

from bot4.adapters.venues.ccxt.door import CcxtDoor
from bot4.adapters.venues.ccxt.orders import NOTHING, SIDES, digits
from bot4.adapters.venues.kit.answers import UNREADABLE, Answer, Call, whole
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.order_entry import BalanceSeen, BarSeen, ListedSeen, TradeSeen
from bot4.domain.instrument import Instrument


@final
class CcxtReads:
    """Read for one account.

    Parameters
    ----------
    door : CcxtDoor
        To the venue.
    instruments : sequence of Instrument
        By index, with the venue's own symbols.
    """

    __slots__ = ("_door", "_instruments")

    def __init__(self, door: CcxtDoor, instruments: Sequence[Instrument]) -> None:
        self._door = door
        self._instruments = {int(one.index): one for one in instruments}

    async def trades_after(self, instrument: int, last_id: int, limit: int) -> tuple[TradeSeen, ...] | Answer:
        """Return one page of executions behind an id."""
        one = self._instruments[instrument]
        after = {self._door.venue.trades_after: last_id + 1}
        said = await self._door.ask(Call.READ, "fetch_my_trades", self._door.symbol(one), None, limit, after)
        if said.value is None:
            return said.answer
        rows = said.rows()
        if rows is None:
            return UNREADABLE
        read = whole(trade_seen(trade, one) for trade in rows)  # ccxt sorts ids as texts
        return read if isinstance(read, Answer) else tuple(sorted(read, key=lambda trade: trade.trade_id))

    async def balances(self) -> dict[str, BalanceSeen] | Answer:
        """Return what the account holds, by ccxt's words for assets."""
        said = await self._door.ask(Call.READ, "fetch_balance")
        if said.value is None:
            return said.answer
        free, used = said.value.get("free") or {}, said.value.get("used") or {}
        if replace(said, value=free).rows(within=self._door.venue.balances_at) is None:
            return UNREADABLE  # nothing was told of what is held, or two assets have one name in ccxt
        read = whole(balance_seen(asset, free[asset], used.get(asset)) for asset in sorted(free))
        return read if isinstance(read, Answer) else {one.asset: one for one in read if one.free or one.locked}

    async def klines(self, instrument: int, interval: str, limit: int) -> tuple[BarSeen, ...] | Answer:
        """Return the newest bars."""
        one = self._instruments[instrument]
        said = await self._door.ask(Call.READ, "fetch_ohlcv", self._door.symbol(one), interval, None, limit)
        if said.value is None:
            return said.answer
        rows = said.rows()
        return UNREADABLE if rows is None else whole(bar_seen(row, one) for row in rows)

    async def listings(self) -> dict[str, ListedSeen] | Answer:
        """Return what the venue lists for immediate delivery, as far as it can be counted in 1e-8."""
        said = await self._door.ask(Call.READ, "load_markets", True)
        if said.value is None:
            return said.answer
        if not said.value:
            return UNREADABLE
        listed = (listed_seen(market) for market in said.value.values() if market["spot"])
        return {one.symbol: one for one in listed if one is not None}


def trade_seen(trade: Mapping[str, Any], instrument: Instrument) -> TradeSeen | None:
    """Return an execution in integers, None where it cannot be read."""
    lots = exact(digits(trade.get("amount")), instrument.lot_size)
    price = exact(digits(trade.get("price")), instrument.tick_size)
    fee, side = trade.get("fee") or {}, SIDES.get(str(trade.get("side")))
    cost, trade_id, at_ms = eighths(digits(fee.get("cost"))), str(trade.get("id")), trade.get("timestamp")
    if lots is None or price is None or cost is None or side is None or not trade_id.isdecimal():
        return None
    if not isinstance(at_ms, int):
        return None
    return TradeSeen(
        int(trade_id),
        int(instrument.index),
        int(side),
        lots,
        price,
        cost,
        str(fee.get("currency")),
        trade.get("takerOrMaker") == "maker",
        at_ms,
    )


def balance_seen(asset: str, free: object, used: object) -> BalanceSeen | None:
    """Return a balance in integers, None where it cannot be read."""
    free_units, used_units = eighths(digits(free)), eighths(digits(used))
    return None if free_units is None or used_units is None else BalanceSeen(asset, free_units, used_units)


def bar_seen(row: Sequence[Any], instrument: Instrument) -> BarSeen | None:
    """Return a bar in integers, None where it cannot be read."""
    first, high, low, last = (exact(digits(price), instrument.tick_size) for price in row[1:5])
    lots = exact(digits(row[5]), instrument.lot_size)
    if first is None or high is None or low is None or last is None or lots is None or not isinstance(row[0], int):
        return None
    return BarSeen(row[0], first, high, low, last, lots)


def listed_seen(market: Mapping[str, Any]) -> ListedSeen | None:
    """Return a listed symbol in integers, None where its steps are no whole numbers of 1e-8."""
    tick_units, lot_units = (eighths(digits(market["precision"][key])) for key in ("price", "amount"))
    if not tick_units or not lot_units:
        return None
    amount, cost = market["limits"]["amount"], market["limits"]["cost"]
    least, most, notional = (eighths(digits(one or NOTHING)) for one in (amount["min"], amount["max"], cost["min"]))
    if least is None or most is None or notional is None:
        return None
    return ListedSeen(str(market["id"]), tick_units, lot_units, -(-least // lot_units), most // lot_units, notional)
