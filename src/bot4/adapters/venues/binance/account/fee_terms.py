# SPDX-License-Identifier: Apache-2.0
"""What the account really pays on a symbol: three commissions, and what paying in the venue's own coin makes of them.

The rate of a fill is maker-or-taker plus buyer-or-seller, of the standard, the special and the tax commission. It is
taken from what the fill brings; or from the discount asset, and then the standard part counts for a multiple below 1.
Rates are exact decimals; only an amount is rounded, up, as the venue does.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil
from typing import Final

from bot4.adapters.venues.binance.wire.replies import CommissionRates, CommissionReply
from bot4.domain.values import RATE_ONE

NOTHING_OFF: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class SideRates:
    """Hold the rates of one commission as fractions."""

    maker: Decimal
    taker: Decimal
    buyer: Decimal
    seller: Decimal

    def of(self, *, is_maker: bool, is_buyer: bool) -> Decimal:
        """Return what a fill pays of it."""
        return (self.maker if is_maker else self.taker) + (self.buyer if is_buyer else self.seller)


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """Hold an account's fees on one symbol.

    Parameters
    ----------
    symbol : str
        The venue's own.
    standard, special, tax : SideRates
        The three commissions.
    discount_asset : str
        What pays at a discount, empty where the account or the symbol has none.
    multiple : Decimal
        What is paid of the standard commission in that asset: 0.75 is 25 % off; 1 where there is no discount.
    """

    symbol: str
    standard: SideRates
    special: SideRates
    tax: SideRates
    discount_asset: str
    multiple: Decimal

    def rate(self, *, is_maker: bool, is_buyer: bool, in_discount_asset: bool = False) -> Decimal:
        """Return the rate of a fill: of what it brings, or of its worth where the discount asset pays."""
        standard, *others = (
            one.of(is_maker=is_maker, is_buyer=is_buyer) for one in (self.standard, self.special, self.tax)
        )
        return standard * (self.multiple if in_discount_asset else NOTHING_OFF) + sum(others)

    def amount(self, received: int, *, is_maker: bool, is_buyer: bool) -> int:
        """Return what is taken of what a fill brings, in 1e-8 of it like ``received``."""
        return ceil(received * Fraction(self.rate(is_maker=is_maker, is_buyer=is_buyer)))

    def discounted(self, worth: int, price: Decimal, *, is_maker: bool, is_buyer: bool) -> int:
        """Return what is taken of the discount asset, in 1e-8 of it, for a fill worth so much quote money.

        ``price`` is what one of the asset costs in the quote.
        """
        rate = self.rate(is_maker=is_maker, is_buyer=is_buyer, in_discount_asset=True)
        return ceil(worth * Fraction(rate) / Fraction(price))

    def highest(self, *, is_maker: bool) -> int:
        """Return the most that a maker or a taker pays on either side without a discount, in 1 / ``RATE_ONE``."""
        return max(ceil(self.rate(is_maker=is_maker, is_buyer=side) * RATE_ONE) for side in (True, False))


def fee_terms(reply: CommissionReply) -> FeeTerms | None:
    """Return an account's fees on a symbol from the venue's words, None where a rate is no fraction from 0 to 1."""
    told = [side_rates(one) for one in (reply.standard_commission, reply.special_commission, reply.tax_commission)]
    has_discount = reply.discount.enabled_for_account and reply.discount.enabled_for_symbol
    multiple = fraction(reply.discount.discount) if has_discount else NOTHING_OFF
    standard, special, tax = told
    if standard is None or special is None or tax is None or multiple is None:
        return None
    asset = reply.discount.discount_asset if has_discount else ""
    return FeeTerms(reply.symbol, standard, special, tax, asset, multiple)


def side_rates(told: CommissionRates) -> SideRates | None:
    """Return the rates of one commission, None where one of them cannot be read."""
    maker, taker, buyer, seller = (fraction(text) for text in (told.maker, told.taker, told.buyer, told.seller))
    if maker is None or taker is None or buyer is None or seller is None:
        return None
    return SideRates(maker, taker, buyer, seller)


def fraction(text: str) -> Decimal | None:
    """Return a decimal text from 0 to 1, None if it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= 1 else None
