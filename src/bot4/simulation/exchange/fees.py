# SPDX-License-Identifier: Apache-2.0
"""What a fill costs its owner: three commissions, the discount in BNB, and the one place where it is rounded.

The rate of a side is maker-or-taker plus buyer-or-seller, of each of the three
commissions. It is taken from what the fill brings (base on a purchase, quote on a
sale), or from BNB, where the standard part is multiplied by the discount.
"""

from dataclasses import dataclass
from typing import Final

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
