# SPDX-License-Identifier: Apache-2.0
"""Who trades here, and what each owns: free and locked amounts of every asset, in 1e-8."""

from dataclasses import dataclass, field
from typing import final

from bot4.simulation.exchange.fees import Commission


@dataclass(frozen=True, slots=True)
class Terms:
    """Hold on what terms an account trades.

    Accounts of one ``trade_group`` (-1: alone) are the same participant to the
    prevention of self-trades. One that does not keep its history, such as background
    flow, forgets its orders when they end and its fills at once.
    """

    commission: Commission = Commission()
    permissions: tuple[str, ...] = ("SPOT",)
    can_trade: bool = True
    trade_group: int = -1
    keeps_history: bool = True


@dataclass(slots=True)
class Balance:
    """Hold what is free and what open orders have locked."""

    free: int = 0
    locked: int = 0


@final
@dataclass(slots=True)
class Account:
    """Hold one account: its number, terms and balances by asset."""

    name: str
    number: int
    terms: Terms
    balances: dict[str, Balance] = field(default_factory=dict)
    deposits: dict[str, int] = field(default_factory=dict)
    updated_ms: int = 0
