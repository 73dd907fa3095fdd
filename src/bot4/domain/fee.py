# SPDX-License-Identifier: Apache-2.0
"""Fees that cash does not pay: taken in kind, out of what was bought or out of a third asset.

A fee in quote money is part of its execution. One that the venue takes in another asset is a report of its own,
which comes right before its execution and has no effect without it; the execution then carries a fee of 0.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import FEE_TAKEN, Event, write_text
from bot4.domain.values import Lots, Money, Nanos

NO_PAYER: Final = -1
"""The payer of a fee in an asset that no instrument of the run trades."""


@final
@mypyc_attr(acyclic=True)
class FeeTaken(Event):
    """Report: the venue took a fee in kind for an execution.

    Parameters
    ----------
    order_id, trade_id, instrument : int
        Of the execution that it belongs to.
    payer : int
        The instrument whose base asset was taken, which is the traded one where a purchase pays out of what it
        brought; ``NO_PAYER`` for an asset that is no instrument's base.
    amount : int
        What was taken, in 1e-8 of the asset; positive.
    worth : Money
        What that is worth in quote money, rounded up; 0 where nobody knew.
    asset : str
        The venue's name of the asset.
    """

    __slots__ = ("order_id", "trade_id", "instrument", "payer", "amount", "worth", "asset")

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        *,
        order_id: i64,
        trade_id: i64,
        instrument: i64,
        payer: i64,
        amount: i64,
        worth: Money,
        asset: str,
    ) -> None:
        self.kind = FEE_TAKEN
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.order_id = order_id
        self.trade_id = trade_id
        self.instrument = instrument
        self.payer = payer
        self.amount = amount
        self.worth = worth
        self.asset = asset

    def write(self, out: BytesWriter) -> None:
        """Write the seven fields in order."""
        write_i64_le(out, self.order_id)
        write_i64_le(out, self.trade_id)
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.payer)
        write_i64_le(out, self.amount)
        write_i64_le(out, self.worth)
        write_text(out, self.asset)


@final
@mypyc_attr(acyclic=True)
class PaidInKind:
    """Hold a fee in kind together with the whole lots that left the payer's position for it."""

    __slots__ = ("taken", "lots")

    def __init__(self, taken: FeeTaken, lots: Lots) -> None:
        self.taken = taken
        self.lots = lots
