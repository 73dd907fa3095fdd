# SPDX-License-Identifier: Apache-2.0
"""The port that every venue's order entry offers: commands, and what can be read back, in integers.

Commands return what is certain as an :class:`~bot4.adapters.venues.kit.answers.Answer`. Reads return what the venue
says in ticks, lots and units of 1e-8, or the answer that explains why there is nothing to return. What a venue
does not have, its adapter leaves out of ``supports`` and refuses with :func:`cannot`, before anything is sent; the
conformance suite asks for each such thing and accepts no other answer.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot4.adapters.venues.kit.answers import Answer, Outcome, Remedy
from bot4.domain.order import Submit


class Capability(StrEnum):
    """Name one thing that not every venue has."""

    STOPS = "stops"
    POST_ONLY = "post-only orders"
    IMMEDIATE_OR_CANCEL = "immediate-or-cancel orders"
    FILL_OR_KILL = "fill-or-kill orders"
    PAIRS = "one-cancels-the-other pairs"
    BRACKETS = "brackets: a list that begins with its entry"
    REPLACE = "cancel and replace in one request"
    SELF_TRADE_PREVENTION = "self-trade prevention"
    CANCEL_ALL = "cancel all of an instrument"


def cannot(capability: Capability) -> Answer:
    """Return the refusal of what an adapter does not have: nothing was sent, and nothing else was done in its place."""
    return Answer(
        Outcome.REJECTED,
        Remedy.CORRECT,
        f"cannot.{capability.name.lower()}",
        text=f"this venue adapter cannot: {capability}",
        mend="Ask for what is in the adapter's supports, or let bot4 emulate it.",
    )


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """Hold an order as the venue shows it: ticks, lots, 1e-8; ``state`` is of ``ORDER_STATES``.

    ``order_id`` is 0 for an order that is not of this run; ``name`` is the client id that the venue keeps.
    """

    order_id: int
    name: str
    instrument: int
    side: int
    lots: int
    filled: int
    spent: int
    limit: int
    trigger: int
    state: int


@dataclass(frozen=True, slots=True)
class TradeSeen:
    """Hold one of our executions; ``fee`` in 1e-8 of ``fee_asset``, ``at_ms`` UTC."""

    trade_id: int
    instrument: int
    side: int
    lots: int
    price: int
    fee: int
    fee_asset: str
    is_maker: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class BalanceSeen:
    """Hold what is free and what is locked of an asset, in 1e-8."""

    asset: str
    free: int
    locked: int


@dataclass(frozen=True, slots=True)
class BarSeen:
    """Hold one bar: ticks and lots, ``open_ms`` UTC."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int


@dataclass(frozen=True, slots=True)
class ListedSeen:
    """Hold a listed symbol: its steps in 1e-8, its least and greatest lots of an order, its least notional in 1e-8."""

    symbol: str
    tick_units: int
    lot_units: int
    min_lots: int
    max_lots: int
    min_notional: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """Hold what became of a replacement and of its halves; None for a half of which nothing was said."""

    whole: Answer
    canceled: Answer | None = None
    placed: Answer | None = None


class OrderEntry(Protocol):
    """Speak to one account of one venue; an order is named by our number, whatever the venue calls it."""

    @property
    def supports(self) -> frozenset[Capability]:
        """What this venue has of what not every venue has."""
        ...

    async def place(self, submit: Submit) -> Answer:
        """Place one order, once."""
        ...

    async def place_pair(self, target: Submit, stop: Submit) -> Answer:
        """Place a target and a stop of one side and quantity, of which one cancels the other."""
        ...

    async def place_guarded(self, entry: Submit, stop: Submit) -> Answer:
        """Place an entry, and a stop that begins once the entry is filled whole."""
        ...

    async def place_bracket(self, entry: Submit, target: Submit, stop: Submit) -> Answer:
        """Place an entry, and a pair that begins once the entry is filled whole."""
        ...

    async def cancel(self, order_id: int, instrument: int) -> Answer:
        """Cancel one order, and with it the list that it stands in."""
        ...

    async def cancel_list(self, first_id: int, instrument: int) -> Answer:
        """Cancel the list whose lowest order number is ``first_id``."""
        ...

    async def cancel_all(self, instrument: int) -> Answer:
        """Cancel every open order of an instrument."""
        ...

    async def replace(self, order_id: int, submit: Submit) -> Replaced:
        """Cancel one order and place another; nothing is placed unless the cancel happened."""
        ...

    async def query(self, order_id: int, instrument: int) -> OrderSeen | Answer | None:
        """Return an order, None where the venue knows no such order."""
        ...

    async def open_orders(self, instrument: int) -> tuple[OrderSeen, ...] | Answer:
        """Return the open orders of an instrument, other hands' included."""
        ...


class VenueReads(Protocol):
    """Read what a venue says of the account and of the market."""

    async def trades_after(self, instrument: int, last_id: int, limit: int) -> tuple[TradeSeen, ...] | Answer:
        """Return at most ``limit`` executions with an id above ``last_id`` (-1: from the first), by id."""
        ...

    async def balances(self) -> dict[str, BalanceSeen] | Answer:
        """Return what the account holds, by asset; what it does not hold is left out."""
        ...

    async def klines(self, instrument: int, interval: str, limit: int) -> tuple[BarSeen, ...] | Answer:
        """Return the newest bars of an interval such as ``1m``, oldest first; the last may be unfinished."""
        ...

    async def listings(self) -> dict[str, ListedSeen] | Answer:
        """Return what the venue lists, by symbol."""
        ...
