# SPDX-License-Identifier: Apache-2.0
"""Fees in kind that wait for their executions, and what a position loses to them.

A fee comes right before its execution, so one waits at a time, or a few where the same trade is told twice. It is
kept by order and trade until the execution is applied, and taken out with it: both at once, once. What never gets
an execution is forgotten when ``WAITING_MAX`` wait.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.fee import FeeTaken
from bot4.domain.values import PRODUCT_MAX, VALUE_MAX, Lots

WAITING_MAX: Final = 32
"""So many fees wait at most; the longest waiting is dropped, and its execution would then come without it."""


@final
class WaitingFees:
    """Keep fees in kind until their executions come."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: dict[tuple[int, int], FeeTaken] = {}

    def keep(self, fee: FeeTaken) -> bool:
        """Keep a fee; False where one waits for that execution already: the first is believed."""
        key = (int(fee.order_id), int(fee.trade_id))
        if key in self.waiting:
            return False
        if len(self.waiting) >= WAITING_MAX:
            del self.waiting[next(iter(self.waiting))]
        self.waiting[key] = fee
        return True

    def take(self, order_id: i64, trade_id: i64) -> FeeTaken | None:
        """Return the fee of an execution that has come, once; None where it has none in kind."""
        if not self.waiting:
            return None
        return self.waiting.pop((int(order_id), int(trade_id)), None)

    def write_state(self, out: BytesWriter) -> None:
        """Write how many wait, and each in the order it came."""
        write_i64_le(out, len(self.waiting))
        for fee in self.waiting.values():
            fee.write(out)


@final
class Dust:
    """Hold what of a base asset is no whole lot.

    Lots times ``lot_units`` plus ``units`` is what the venue's balance of the base asset has changed by. From 0 to
    less than one lot; below 0 only where a fee was paid out of what the account had before, since nothing was held.

    Parameters
    ----------
    lot_units : int
        One lot in 1e-8 of the base asset; 0 where fees in it cannot be counted.
    """

    __slots__ = ("lot_units", "units")

    def __init__(self, lot_units: i64) -> None:
        self.lot_units = lot_units
        self.units: i64 = 0

    def can_pay(self, amount: i64) -> bool:
        """Say whether a fee can be counted at all; with as many waiting as may, no sum leaves int64."""
        return self.lot_units > 0 and 0 < amount < PRODUCT_MAX and self.units > -(VALUE_MAX // 2)

    def pay(self, amount: i64, position: Lots) -> Lots:
        """Take a fee out of the dust, and where that is too little out of whole lots; return how many of these."""
        rest = self.units - amount
        lots: i64 = 0
        if rest < 0 and position > 0:
            lots = (self.lot_units - 1 - rest) // self.lot_units
            if lots > position:
                lots = position
        self.units = rest + lots * self.lot_units
        return Lots(lots)
