# SPDX-License-Identifier: Apache-2.0
"""Who trades here, and what each owns: free and locked amounts of every asset, in 1e-8."""

from dataclasses import dataclass, field
from typing import Final, final

from bot4.simulation.exchange.fees import Commission

STANDARD: Final = Commission()


@dataclass(frozen=True, slots=True)
class Terms:
    """Hold on what terms an account trades.

    Accounts of one ``trade_group`` (-1: alone) are the same participant to the
    prevention of self-trades. One that does not keep its history, such as background
    flow, forgets its orders when they end and its fills at once.
    """

    commission: Commission = STANDARD
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
@dataclass(slots=True, eq=False)
class Account:
    """Hold one account: its number, terms, and balances by asset.

    ``touched`` are the assets that moved since they were last told, in order.
    """

    name: str
    number: int
    terms: Terms
    balances: dict[str, Balance] = field(default_factory=dict)
    deposits: dict[str, int] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)
    updated_ms: int = 0

    def balance(self, asset: str) -> Balance:
        """Return the balance of an asset, nothing where there never was any."""
        found = self.balances.get(asset)
        if found is None:
            found = self.balances[asset] = Balance()
        return found

    def move(self, asset: str, *, free: int = 0, locked: int = 0) -> None:
        """Add to the free and to the locked amount; neither may fall below nothing."""
        balance = self.balance(asset)
        balance.free += free
        balance.locked += locked
        assert balance.free >= 0 and balance.locked >= 0, (self.name, asset, balance)
        self.touched[asset] = None

    def is_one_with(self, other: "Account") -> bool:
        """Say whether two accounts are one participant."""
        return self is other or self.terms.trade_group == other.terms.trade_group != -1
