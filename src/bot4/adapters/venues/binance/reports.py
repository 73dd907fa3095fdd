# SPDX-License-Identifier: Apache-2.0
"""From the venue's decimal texts to executions in ticks, lots and money; the fee is kept in the asset it was paid in.

An amount that is no whole number of ticks or lots means that the instrument is not what we think: it is never
rounded, the caller is told instead. Fees are rounded up, against us.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from bot4.adapters.venues.binance.replies import MyTrade
from bot4.domain.instrument import Instrument
from bot4.domain.order import Execution
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks

MS_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Commission:
    """Hold a fee as the venue took it: 1e-8 of an asset, and what it is worth in the quote currency if that is known.

    ``worth`` is None where the asset is neither base nor quote: its price is not the venue's to tell here.
    """

    asset: str
    amount: int
    worth: Money | None


def exact(text: str, step: Decimal) -> int | None:
    """Return a decimal text as a whole number of steps, None if it is none or no number."""
    try:
        steps = Decimal(text) / step
    except InvalidOperation:
        return None
    return int(steps) if steps.is_finite() and steps == steps.to_integral_value() else None


def eighths(text: str) -> int | None:
    """Return a decimal text in units of 1e-8, None if it has more digits or is no number."""
    return exact(text, Decimal("1e-8"))


def commission(asset: str, text: str, price: Ticks, instrument: Instrument) -> Commission | None:
    """Return a fee with its worth at the execution's price, None if it cannot be read."""
    amount = eighths(text)
    if amount is None:
        return None
    if amount == 0 or asset == instrument.quote:
        return Commission(asset, amount, Money(amount))
    if asset != instrument.base:
        return Commission(asset, amount, None)
    worth = amount * int(price) * instrument.tick_size
    return Commission(asset, amount, Money(int(worth.to_integral_value(ROUND_CEILING))))


def execution(
    trade: MyTrade, order_id: int, instrument: Instrument, *, known_ns: Nanos
) -> tuple[Execution, Commission] | None:
    """Return one of our trades, as a question told it, as the event that the stream would have brought.

    None where price, quantity or fee are not whole: the instrument has changed.
    """
    price, lots = exact(trade.price, instrument.tick_size), exact(trade.qty, instrument.lot_size)
    if price is None or lots is None or lots <= 0 or price <= 0:
        return None
    fee = commission(trade.commission_asset, trade.commission, Ticks(price), instrument)
    if fee is None:
        return None
    event = Execution(
        Nanos(trade.time * MS_NS),
        known_ns,
        order_id=order_id,
        trade_id=trade.id,
        instrument=instrument.index,
        side=BUY if trade.is_buyer else SELL,
        lots=Lots(lots),
        price=Ticks(price),
        fee=fee.worth if fee.worth is not None else Money(0),
        is_maker=trade.is_maker,
    )
    return event, fee
