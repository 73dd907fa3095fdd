# SPDX-License-Identifier: Apache-2.0
"""Whether two books agree: what was sent and heard on one side, the venue's ledger on the other.

It knows numbers and names only, and nothing of the engine: what it is given could come from two strangers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOT = 1_000
"""A lot of 0.00001 in the ledger's units of 1e-8."""

TICK = 1_000_000
"""A tick of 0.01 in the ledger's units of 1e-8."""

BASE = "BTC"
QUOTE = "USDT"
ALIVE = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
MEANS = {
    "working": ("NEW",),
    "part_filled": ("PARTIALLY_FILLED",),
    "cancel_pending": ALIVE,
    "filled": ("FILLED",),
    "canceled": ("never", "CANCELED"),
    "rejected": ("never", "REJECTED"),
    "expired": ("never", "EXPIRED", "EXPIRED_IN_MATCH"),
}
"""What the venue may have where we think this; ``never`` is an order that it never took."""


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
class Trade:
    """One trade: signed lots, price in ticks, and the fee where the quote currency paid it."""

    order_id: int
    lots: int
    price: int
    fee: int


@dataclass(frozen=True)
class Ours:
    """What we sent; which orders we hold to be open, with what is filled; each trade; the position; how each ended.

    ``balances`` is what each asset must amount to by what was heard, None where that was not followed.
    """

    sent: list[Sent]
    states: dict[int, int]
    trades: dict[int, Trade]
    position: int
    ends: dict[int, tuple[str, int]] = field(default_factory=dict)
    balances: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Theirs:
    """The venue's orders by our number, its open ones, each trade, the position they make, each end, each balance."""

    orders: list[int]
    alive: dict[int, int]
    trades: dict[int, Trade]
    position: int
    ends: dict[int, tuple[str, int]] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(ledger: Any, run: str) -> "Theirs":
        """Return what matters of a ledger: the orders whose ids begin with the run's name, and the balances."""
        ours = {one.order_id: one for one in ledger.orders if one.client_order_id.startswith(run)}
        numbers = {key: int(one.client_order_id.rpartition("-")[2]) for key, one in ours.items()}
        fills = [fill for fill in ledger.fills if fill.order_id in ours]
        return Theirs(
            orders=list(numbers.values()),
            alive={numbers[key]: one.executed_quantity // LOT for key, one in ours.items() if one.status in ALIVE},
            trades={
                fill.trade_id: Trade(
                    numbers[fill.order_id],
                    (1 if fill.is_buyer else -1) * fill.quantity // LOT,
                    fill.price // TICK,
                    fill.commission if fill.commission_asset == QUOTE else 0,
                )
                for fill in fills
            },
            position=sum(
                (fill.quantity if fill.is_buyer else -fill.quantity) - fill.commission * (fill.commission_asset == BASE)
                for fill in fills
            ),
            ends={numbers[key]: (one.status, one.executed_quantity // LOT) for key, one in ours.items()},
            balances={
                asset: each.free + each.locked for asset, each in ledger.balances.items() if each.free + each.locked
            },
        )


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
    found += trade_differences(ours.trades, theirs.trades)
    if ours.position != theirs.position:
        found.append(f"position: ours {ours.position}, theirs {theirs.position}")
    for order_id, (state, filled) in sorted(ours.ends.items()):
        status, lots = theirs.ends.get(order_id, ("never", 0))
        if status not in MEANS.get(state, ()) or filled != lots:
            found.append(f"order {order_id}: ours {state} with {filled}, theirs {status} with {lots}")
    if ours.balances is not None and dict(ours.balances) != dict(theirs.balances):
        found.append(f"balances: ours {dict(ours.balances)}, theirs {dict(theirs.balances)}")
    return found


def trade_differences(ours: Mapping[int, Trade], theirs: Mapping[int, Trade]) -> list[str]:
    """Return each trade that one side alone has, or both have differently."""
    return [
        f"trade {trade_id}: ours {ours.get(trade_id)}, theirs {theirs.get(trade_id)}"
        for trade_id in sorted({*ours, *theirs})
        if without_fee_in_kind(ours.get(trade_id), theirs.get(trade_id)) != theirs.get(trade_id)
    ]


def without_fee_in_kind(ours: Trade | None, theirs: Trade | None) -> Trade | None:
    """Return our trade without the worth of a fee that another asset paid: the balances count it in that asset."""
    if ours is None or theirs is None or theirs.fee:
        return ours
    return Trade(ours.order_id, ours.lots, ours.price, 0)
