# SPDX-License-Identifier: Apache-2.0
"""That our books and the venue's were found equal, and at what: from there a new process goes on."""

from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import BOOKS_EQUAL, Event, write_text
from bot4.domain.values import Nanos


@final
@mypyc_attr(acyclic=True)
class Held:
    """Hold what we had of one instrument then.

    Parameters
    ----------
    instrument : int
        In the run's table.
    last_trade_id : int
        The account's newest trade that is accounted for, -1 for none.
    amount : int
        What we held of the base asset by our own trades, in 1e-8.
    """

    __slots__ = ("instrument", "last_trade_id", "amount")

    def __init__(self, instrument: i64, last_trade_id: i64, amount: i64) -> None:
        self.instrument = instrument
        self.last_trade_id = last_trade_id
        self.amount = amount


@final
@mypyc_attr(acyclic=True)
class Balance:
    """Hold what the account had of one asset then, free and locked, in 1e-8."""

    __slots__ = ("amount", "asset")

    def __init__(self, amount: i64, asset: str) -> None:
        self.amount = amount
        self.asset = asset


@final
@mypyc_attr(acyclic=True)
class BooksEqual(Event):
    """Say that both books were compared at a quiet moment and are the same; ``held`` and ``balances`` are what is."""

    __slots__ = ("held", "balances")

    def __init__(self, now: Nanos, held: list[Held], balances: list[Balance]) -> None:
        self.kind = BOOKS_EQUAL
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.held = held
        self.balances = balances

    def write(self, out: BytesWriter) -> None:
        """Write how many instruments, the fields of each, how many balances, then amount and asset of each."""
        write_i64_le(out, len(self.held))
        for one in self.held:
            write_i64_le(out, one.instrument)
            write_i64_le(out, one.last_trade_id)
            write_i64_le(out, one.amount)
        write_i64_le(out, len(self.balances))
        for each in self.balances:
            write_i64_le(out, each.amount)
            write_text(out, each.asset)
