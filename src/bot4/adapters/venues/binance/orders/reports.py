# SPDX-License-Identifier: Apache-2.0
"""From the venue's decimal texts to what the engine hears of a trade: the fee if cash did not pay it, the execution.

There is one way from a trade to its reports, whoever told it: the user stream, the reply to an order, a question.
An amount that is no whole number of ticks or lots means that the instrument is not what we think: it is never
rounded, the caller is told instead. What a fee is worth is rounded up, against us.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil

from bot4.adapters.venues.binance.wire.replies import MyTrade
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.domain.event import Event
from bot4.domain.fee import NO_PAYER, FeeTaken
from bot4.domain.instrument import Instrument
from bot4.domain.order import Execution
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks

MS_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class FeeAssets:
    """Say what the assets are to this run that the venue takes fees in.

    Parameters
    ----------
    bases : mapping
        From an asset to the instrument whose base it is.
    prices : mapping
        From any other asset to its last known price in quote money, kept up to date by whoever hears of it. A fee
        in an asset without a price is booked in its units and as worth nothing.
    """

    bases: Mapping[str, int]
    prices: Mapping[str, Decimal] = field(default_factory=dict)


def fee_assets(instruments: Iterable[Instrument], prices: Mapping[str, Decimal] | None = None) -> FeeAssets:
    """Return the fee assets of a run's instruments; of two with one base the first pays."""
    bases: dict[str, int] = {}
    for one in instruments:
        bases.setdefault(one.base, int(one.index))
    return FeeAssets(bases, {} if prices is None else prices)


@dataclass(frozen=True, slots=True)
class TradeReport:
    """Hold what the engine hears of one trade; ``fee`` is None where there is none, or cash pays it."""

    execution: Execution
    fee: FeeTaken | None

    def events(self) -> tuple[Event, ...]:
        """Return the reports in the order in which they are to be delivered, nothing between them."""
        return (self.execution,) if self.fee is None else (self.fee, self.execution)


def traded(
    trade: MyTrade, order_id: int, instrument: Instrument, *, known_ns: Nanos, assets: FeeAssets
) -> TradeReport | str:
    """Return the reports of one of our trades, or what of it cannot be read: then the instrument has changed.

    Parameters
    ----------
    trade : MyTrade
        As the venue told it.
    order_id : int
        Our number of its order.
    instrument : Instrument
        What was traded.
    known_ns : Nanos
        When we knew.
    assets : FeeAssets
        What the fee's asset is to the run, and worth.
    """
    price, lots = exact(trade.price, instrument.tick_size), exact(trade.qty, instrument.lot_size)
    if price is None or lots is None or price <= 0 or lots <= 0:
        return f"off step: {trade.qty} at {trade.price}"
    amount = eighths(trade.commission)
    asset = trade.commission_asset
    if amount is None or amount < 0 or (amount > 0 and not asset):
        return f"fee {trade.commission}"
    by_cash = amount == 0 or asset == instrument.quote
    if not by_cash and asset == instrument.base and not instrument.lot_units:
        return f"fee {trade.commission} {asset}: a lot is no whole number of 1e-8"
    at = Nanos(trade.time * MS_NS)
    execution = Execution(
        at,
        known_ns,
        order_id=order_id,
        trade_id=trade.id,
        instrument=instrument.index,
        side=BUY if trade.is_buyer else SELL,
        lots=Lots(lots),
        price=Ticks(price),
        fee=Money(amount if by_cash else 0),
        is_maker=trade.is_maker,
    )
    if by_cash:
        return TradeReport(execution, None)
    fee = FeeTaken(
        at,
        known_ns,
        order_id=order_id,
        trade_id=trade.id,
        instrument=instrument.index,
        payer=instrument.index if asset == instrument.base else assets.bases.get(asset, NO_PAYER),
        amount=amount,
        worth=worth_of(asset, amount, Ticks(price), instrument, assets),
        asset=asset,
    )
    return TradeReport(execution, fee)


def worth_of(asset: str, amount: int, price: Ticks, instrument: Instrument, assets: FeeAssets) -> Money:
    """Return what an amount of an asset is worth in quote money, rounded up: the base at the execution's price."""
    one = int(price) * instrument.tick_size if asset == instrument.base else assets.prices.get(asset, Decimal(0))
    return Money(ceil(amount * Fraction(one)))
