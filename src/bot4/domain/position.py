# SPDX-License-Identifier: Apache-2.0
"""What we own: a position after a fill, and the account at the end of a day."""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import DAY_CLOSED, POSITION, Event
from bot4.domain.values import Lots, Money, Nanos


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Position(Event):
    """Record a position after it changed.

    ``lots`` is signed; ``cost`` is the signed notional paid for what is held;
    ``realised`` is the profit or loss closed so far, before fees; ``fees`` the sum
    of fees paid on this instrument.
    """

    __slots__ = ("instrument", "lots", "cost", "realised", "fees")

    def __init__(self, now: Nanos, instrument: i64, lots: Lots, cost: Money, realised: Money, fees: Money) -> None:
        self.kind = POSITION
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.instrument = instrument
        self.lots = lots
        self.cost = cost
        self.realised = realised
        self.fees = fees

    def write(self, out: BytesWriter) -> None:
        """Write instrument, lots, cost, realised, fees."""
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.cost)
        write_i64_le(out, self.realised)
        write_i64_le(out, self.fees)


@final
@mypyc_attr(acyclic=True)
class DayClosed(Event):
    """Record the account at 00:00 UTC: ``day`` counts days since 1970, exposure is gross notional held."""

    __slots__ = ("day", "equity", "cash", "exposure")

    def __init__(self, now: Nanos, day: i64, equity: Money, cash: Money, exposure: Money) -> None:
        self.kind = DAY_CLOSED
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.day = day
        self.equity = equity
        self.cash = cash
        self.exposure = exposure

    def write(self, out: BytesWriter) -> None:
        """Write day, equity, cash, exposure."""
        write_i64_le(out, self.day)
        write_i64_le(out, self.equity)
        write_i64_le(out, self.cash)
        write_i64_le(out, self.exposure)
