# SPDX-License-Identifier: Apache-2.0
"""What a fill costs its owner: three commissions, the discount in BNB, and the one place where it is rounded.

The rate of a side is maker-or-taker plus buyer-or-seller, of each of the three
commissions. It is taken from what the fill brings (base on a purchase, quote on a
sale), or from BNB, where the standard part is multiplied by the discount.
"""

from dataclasses import dataclass
from typing import Final

from bot4.simulation.exchange.rules import ONE

BNB: Final = "BNB"


@dataclass(frozen=True, slots=True)
class Rates:
    """Hold the rates of one commission, in 1e-8 of what it is taken from."""

    maker: int = 0
    taker: int = 0
    buyer: int = 0
    seller: int = 0


@dataclass(frozen=True, slots=True)
class Commission:
    """Hold what an account pays: standard, special and tax rates and what BNB makes of the standard one.

    ``discount`` is the multiple (1e-8) of the standard commission that is paid in BNB.
    """

    standard: Rates = Rates(100_000, 100_000)
    special: Rates = Rates()
    tax: Rates = Rates()
    discount: int = 75_000_000
    pays_in_bnb: bool = False


def commission_of(terms: Commission, received: int, *, is_maker: bool, is_buyer: bool) -> int:
    """Return what is taken of what a fill brings, rounded up to 1e-8 of it: against the account."""
    rate = sum(_rate(part, is_maker=is_maker, is_buyer=is_buyer) for part in (terms.standard, terms.special, terms.tax))
    return -(-received * rate // ONE)


def commission_in_bnb(terms: Commission, notional: int, bnb_price: int, *, is_maker: bool, is_buyer: bool) -> int:
    """Return what is taken in BNB instead, rounded up: only the standard part has the discount.

    Both amounts are of the quote asset: what the fill was worth, and what one BNB is.
    """
    standard = _rate(terms.standard, is_maker=is_maker, is_buyer=is_buyer) * terms.discount
    others = sum(_rate(part, is_maker=is_maker, is_buyer=is_buyer) for part in (terms.special, terms.tax))
    return -(-notional * (standard + others * ONE) // (ONE * bnb_price))


def _rate(rates: Rates, *, is_maker: bool, is_buyer: bool) -> int:
    """Return maker-or-taker plus buyer-or-seller."""
    return (rates.maker if is_maker else rates.taker) + (rates.buyer if is_buyer else rates.seller)
