# SPDX-License-Identifier: Apache-2.0
"""Numbers: integer prices, quantities, money and time, and the rounding rules.

Prices are integer *ticks*, quantities integer *lots* of an instrument, money an
integer of 1e-8 of its currency, time int64 nanoseconds since 1970 in UTC. The
types exist for mypy only: compiled they are C integers, interpreted plain ints.
Compiled int64 arithmetic wraps silently, so every value is checked once, at the
edge, against the bounds below; nothing inside checks again.

The two rounding rules of the house: a notional rounds half to even, a fee
rounds up, against us. ``simulation`` implements both a second time on purpose.
"""

from typing import Final, NewType

from mypy_extensions import i64

Ticks = NewType("Ticks", i64)
Lots = NewType("Lots", i64)
Money = NewType("Money", i64)
Nanos = NewType("Nanos", i64)

MONEY_ONE: Final = 100_000_000
"""Units of money in one unit of a currency."""

RATE_ONE: Final = 100_000_000
"""Units of a fee or slippage rate in 1.0: 0.10 % is 100,000."""

TICKS_MAX: Final = 1 << 40
"""A price is below this number of ticks."""

PRODUCT_MAX: Final = 1 << 55
"""Ticks times lots times the money factor stay below this: room for 2**7 in int64."""

VALUE_MAX: Final = 1 << 61
"""No product, balance or sum of them reaches this: two of them may be added, and doubled, before one is looked at."""

LOTS_MAX: Final = 1 << 53
"""A quantity filter is at most this number of lots."""

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS
HOUR_NS: Final = 3600 * SECOND_NS
DAY_NS: Final = 86_400 * SECOND_NS

BUY: Final = 1
SELL: Final = -1


def divide_half_even(numerator: i64, denominator: i64) -> i64:
    """Divide and round half to even; ``denominator`` is positive.

    Python's floor division makes the remainder non-negative for either sign of
    the numerator, so one rule serves gains and losses alike.
    """
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def fee_on(notional: Money, rate: i64) -> Money:
    """Return the fee on a notional, rounded up to the next unit of money.

    Parameters
    ----------
    notional : Money
        Not negative.
    rate : int
        In units of 1 / ``RATE_ONE``; not negative and at most ``RATE_ONE``.

    Notes
    -----
    The notional is split at ``RATE_ONE`` so that no intermediate product leaves
    int64: ``n * r`` itself would for a notional above about 900 million.
    """
    whole = notional // RATE_ONE
    part = notional - whole * RATE_ONE
    return Money(whole * rate + (part * rate + RATE_ONE - 1) // RATE_ONE)


def day_of(at: Nanos) -> i64:
    """Return the UTC day a moment belongs to; midnight ends a day, it does not begin one.

    A bar that is known at exactly 00:00 is the last bar of the day before.
    """
    return (at - 1) // DAY_NS
