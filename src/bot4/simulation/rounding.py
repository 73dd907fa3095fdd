# SPDX-License-Identifier: Apache-2.0
"""The venue's arithmetic: notional half to even, fees up, slippage against us.

The rules are those of ``bot4.domain.values``, written a second time by another
formula: an error in one of the two shows as a difference when the account is
reconciled with the venue. Plain ints wherever int64 might not do: a venue that is
asked for too much must still answer exactly.
"""

from mypy_extensions import i64

from bot4.domain.instrument import Instrument
from bot4.domain.values import BUY, RATE_ONE, Lots, Ticks


def notional_of(instrument: Instrument, price: Ticks, lots: Lots) -> int:
    """Return the worth of ``lots`` at ``price`` in money, rounded half to even.

    Half is added before the division; where that lands exactly on a whole
    number the value was a tie, and an odd result steps back to the even one.
    """
    if instrument.fits(price, lots):
        return int(whole_notional(price * lots * instrument.factor_num, instrument.factor_den))
    product = int(price) * int(lots) * int(instrument.factor_num)
    denominator = 2 * int(instrument.factor_den)
    quotient, rest = divmod(2 * product + int(instrument.factor_den), denominator)
    return quotient - 1 if rest == 0 and quotient % 2 else quotient


def whole_notional(product: i64, scale: i64) -> i64:
    """Return ``product / scale`` rounded half to even, as :func:`notional_of` does; int64 holds the product doubled."""
    doubled = 2 * product + scale
    quotient = doubled // (2 * scale)
    return quotient - 1 if quotient % 2 and doubled == quotient * 2 * scale else quotient


def fee_of(notional: int, rate: i64) -> int:
    """Return the fee on a notional, rounded up: a rebate (negative rate) therefore rounds towards nothing."""
    return -(-notional * int(rate) // RATE_ONE)


def slipped(price: Ticks, side: i64, rate: i64) -> Ticks:
    """Return a price moved against the taker by ``rate`` (in 1 / ``RATE_ONE``) and rounded against him to a tick.

    A buyer pays more, a seller receives less, never under one tick.
    """
    if side == BUY:
        return Ticks(-(-int(price) * (RATE_ONE + int(rate)) // RATE_ONE))
    return Ticks(max(1, int(price) * (RATE_ONE - int(rate)) // RATE_ONE))


def affordable(instrument: Instrument, price: Ticks, *, lots: int, cash: int, rate: i64) -> int:
    """Return how many of these lots ``cash`` pays for, fee included.

    What is paid for with the two units to spare that rounding can cost at most is
    surely affordable. Beyond that the plain quotient, which ignores both roundings,
    and its neighbour are tried; where a lot is worth less than a unit of money,
    neither may do.
    """
    per_lot = int(price) * int(instrument.factor_num) * (RATE_ONE + int(rate))
    scale = int(instrument.factor_den) * RATE_ONE
    surely = max(0, cash - 2) * scale // per_lot
    if lots <= surely:
        return lots
    most = max(0, cash) * scale // per_lot + 1
    for tried in (most, most - 1):
        if cost_of(instrument, price, lots=Lots(tried), rate=rate) <= cash:
            return min(lots, tried)
    return surely


def cost_of(instrument: Instrument, price: Ticks, *, lots: Lots, rate: i64) -> int:
    """Return what a purchase takes from cash: the notional and its fee."""
    notional = notional_of(instrument, price, lots)
    return notional + fee_of(notional, rate)
