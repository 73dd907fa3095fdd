# SPDX-License-Identifier: Apache-2.0
"""The double-entry ledger: five accounts of integer money, and an identity that never fails.

Cash, inventory (at cost) and fees are debit accounts; realised profit and capital
are credit accounts. Each entry balances by itself, so at every moment::

    cash + inventory + fees - realised == capital

exactly, to the unit. The two sides are added up separately and compared after
every entry; a difference is a bug and stops the run.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le

from bot4.domain.errors import BadInput
from bot4.domain.values import VALUE_MAX, Money


@final
class Ledger:
    """Keep the five balances of one account in one currency."""

    __slots__ = ("cash", "inventory", "fees", "realised", "capital")

    def __init__(self, capital: Money) -> None:
        self.cash = capital
        self.inventory = Money(0)
        self.fees = Money(0)
        self.realised = Money(0)
        self.capital = capital

    def post_fill(self, *, cash: Money, inventory: Money, fee: Money, realised: Money) -> None:
        """Enter one fill: what it does to cash, to inventory at cost, to fees and to realised profit.

        Each is signed, below ``VALUE_MAX``, and ``cash`` already bears the fee.

        Raises
        ------
        BadInput
            If a balance then leaves what can be counted; the identity below holds even where all of it wraps.
        """
        assert cash + inventory + fee == realised, "an entry must balance"
        self.cash = Money(self.cash + cash)
        self.inventory = Money(self.inventory + inventory)
        self.fees = Money(self.fees + fee)
        self.realised = Money(self.realised + realised)
        if beyond(self.cash) or beyond(self.inventory) or beyond(self.fees) or beyond(self.realised):
            raise BadInput(
                "account", f"balances of {self.balances()}", "each below 2**61", "Trade less.", "value_bounds"
            )
        self.prove()

    def prove(self) -> None:
        """Assert the identity of the head of this module."""
        assert self.cash + self.inventory + self.fees - self.realised == self.capital, "the books do not balance"

    def balances(self) -> dict[str, int]:
        """Return the balances by name, in money."""
        return {
            "cash": int(self.cash),
            "inventory": int(self.inventory),
            "fees": int(self.fees),
            "realised": int(self.realised),
            "capital": int(self.capital),
        }

    def write_state(self, out: BytesWriter) -> None:
        """Write cash, inventory, fees, realised, capital."""
        write_i64_le(out, self.cash)
        write_i64_le(out, self.inventory)
        write_i64_le(out, self.fees)
        write_i64_le(out, self.realised)
        write_i64_le(out, self.capital)


def beyond(balance: Money) -> bool:
    """Say whether a balance has left what can be counted."""
    return not -VALUE_MAX < balance < VALUE_MAX
