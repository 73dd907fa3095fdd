# SPDX-License-Identifier: Apache-2.0
"""Whether two books agree: what was sent and heard on one side, the venue's ledger on the other.

It knows numbers and names only, and nothing of the engine: what it is given could come from two strangers.
"""

from dataclasses import dataclass
from typing import Any

LOT = 1_000
"""A lot of 0.00001 in the ledger's units of 1e-8."""

ALIVE = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")


@dataclass(frozen=True)
class Sent:
    """One submit command of the journal."""

    order_id: int
    lots: int
    side: int

    @staticmethod
    def is_one(event: Any) -> bool:
        """Say whether an event of a journal is a submit."""
        return type(event).__name__ == "Submit"

    @staticmethod
    def of(event: Any) -> "Sent":
        """Return what matters of it."""
        return Sent(int(event.order_id), int(event.lots), int(event.side))


@dataclass(frozen=True)
class Ours:
    """What we sent; which orders we hold to be open, with what is filled; the lots of each trade; the position."""

    sent: list[Sent]
    states: dict[int, int]
    trades: dict[int, int]
    position: int


@dataclass(frozen=True)
class Theirs:
    """The venue's orders by our number, its open ones, the lots of each trade, and the position they make."""

    orders: list[int]
    alive: dict[int, int]
    trades: dict[int, int]
    position: int

    @staticmethod
    def of(ledger: Any) -> "Theirs":
        """Return what matters of a ledger."""
        numbers = [int(order.client_order_id.rpartition("-")[2]) for order in ledger.orders]
        alive = {
            number: order.executed_quantity // LOT
            for number, order in zip(numbers, ledger.orders, strict=True)
            if order.status in ALIVE
        }
        trades = {fill.trade_id: fill.quantity // LOT for fill in ledger.fills}
        position = sum((1 if fill.is_buyer else -1) * fill.quantity // LOT for fill in ledger.fills)
        return Theirs(numbers, alive, trades, position)


def differences(ours: Ours, theirs: Theirs) -> list[str]:
    """Return everything on which the two differ, in words; nothing where they agree."""
    sent = [one.order_id for one in ours.sent]
    found: list[str] = []
    if len(set(sent)) != len(sent):
        found.append(f"sent twice: {sorted(one for one in sent if sent.count(one) > 1)}")
    if len(set(theirs.orders)) != len(theirs.orders):
        found.append(f"at the venue twice: {sorted(one for one in theirs.orders if theirs.orders.count(one) > 1)}")
    if not set(theirs.orders) <= set(sent):
        found.append(f"never sent: {sorted(set(theirs.orders) - set(sent))}")
    if ours.states != theirs.alive:
        found.append(f"open: ours {ours.states}, theirs {theirs.alive}")
    if ours.trades != theirs.trades:
        found.append(f"trades: ours {len(ours.trades)}, theirs {len(theirs.trades)}")
    if ours.position != theirs.position:
        found.append(f"position: ours {ours.position}, theirs {theirs.position}")
    return found
