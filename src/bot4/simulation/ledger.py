# SPDX-License-Identifier: Apache-2.0
"""The venue's own books: what we have there, what it charged, what it did.

Single entry and without cost, as a venue keeps them. Nothing of ``account``
enters, so that agreement of the two at the end of a run means something.
"""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.values import Lots, Money, Nanos
from bot4.simulation.fees import FeeMeter, FeeSchedule


@final
class VenueStatement:
    """Hold what the venue says at one moment, for reconciliation.

    ``lots`` is by instrument index and signed; ``open_orders`` has
    (order_id, instrument, side, open lots) in the order of arrival per instrument.
    """

    __slots__ = ("cash", "lots", "fees", "executions", "open_orders")

    def __init__(
        self,
        *,
        cash: Money,
        lots: list[Lots],
        fees: Money,
        executions: i64,
        open_orders: list[tuple[int, int, int, int]],
    ) -> None:
        self.cash = cash
        self.lots = lots
        self.fees = fees
        self.executions = executions
        self.open_orders = open_orders


@final
class VenueLedger:
    """Keep cash, lots, fees and traded volume of one account at the venue."""

    __slots__ = ("cash", "lots", "fees", "executions", "meter")

    def __init__(self, cash: Money, instruments: int, schedule: FeeSchedule) -> None:
        self.cash: i64 = cash
        self.lots: list[i64] = [0] * instruments
        self.fees: i64 = 0
        self.executions: i64 = 0
        self.meter = FeeMeter(schedule)

    def rate(self, at: Nanos, *, is_maker: bool) -> i64:
        """Return the rate in force at a moment."""
        self.meter.roll(at)
        return self.meter.tier.maker if is_maker else self.meter.tier.taker

    def apply(self, instrument: i64, *, side: i64, lots: Lots, notional: int, fee: int) -> i64:
        """Book one execution and return its trade id: 1, 2, 3, ... of the run."""
        self.cash = i64(int(self.cash) - int(side) * notional - fee)
        self.lots[instrument] += side * lots
        self.fees += i64(fee)
        self.meter.today += notional
        self.executions += 1
        return self.executions

    def write_state(self, out: BytesWriter) -> None:
        """Write cash, fees, executions, the lots of each instrument, and the traded volume."""
        write_i64_le(out, self.cash)
        write_i64_le(out, self.fees)
        write_i64_le(out, self.executions)
        for lots in self.lots:
            write_i64_le(out, lots)
        self.meter.write_state(out)
