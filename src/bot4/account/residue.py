# SPDX-License-Identifier: Apache-2.0
"""What is owned or owed of an asset beside whole lots, in its own units and at cost.

Fees in kind leave it behind: the rest of a lot that a fee has broken up (*dust*), or what a third asset has paid in
all, which then is below 0 since the account's books knew nothing of it before. Average cost, as of a position.
Plain ints: the products may leave int64.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.account.proportion import part_of
from bot4.domain.instrument import Instrument
from bot4.domain.values import Ticks


@final
class Residue:
    """Hold 1e-8 units of one asset and their cost in money, of one sign; both below 0 where they are owed."""

    __slots__ = ("units", "cost")

    def __init__(self) -> None:
        self.units = 0
        self.cost = 0

    def move(self, units: int, value: int) -> int:
        """Take in units at a value, or give them where both are negative; return the gain on what was closed.

        The cost changes by the value and the gain together.
        """
        held = self.units
        self.units = held + units
        if held == 0 or (held > 0) == (units > 0):
            self.cost += value
            return 0
        if abs(units) <= abs(held):
            released = part_of(self.cost, abs(units), abs(held))
            self.cost -= released
            return -value - released
        closing = part_of(value, abs(held), abs(units))
        gain = -closing - self.cost
        self.cost = value - closing
        return gain

    def worth(self, instrument: Instrument, price: Ticks) -> int:
        """Return what the units of an instrument's base are worth at a price, rounded half to even."""
        one = int(instrument.factor_den) * int(instrument.lot_units)
        return part_of(self.units * int(price) * int(instrument.factor_num), 1, one)

    def write_state(self, out: BytesWriter) -> None:
        """Write units and cost."""
        write_i64_le(out, i64(self.units))
        write_i64_le(out, i64(self.cost))
