# SPDX-License-Identifier: Apache-2.0
"""Binance's user data stream as domain reports: what the venue says of our orders and balances.

There is no sequence number and no promise of order: a report is believed once, by trade id, further in.
What cannot be read, an execution type or a state that nobody mapped, or an amount off its step, becomes no report but a
rule and an alert, and the order is to be looked up. An order that this run did not place is told as
:class:`~bot4.domain.external.External`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, final

import msgspec
from msgspec import Raw, Struct

from bot4.adapters.venues.binance.orders.reports import MS_NS, FeeAssets, fee_assets, traded
from bot4.adapters.venues.binance.orders.states import STATES
from bot4.adapters.venues.binance.wire.replies import MyTrade
from bot4.adapters.venues.kit.decimals import eighths, exact
from bot4.adapters.venues.kit.drift import Drift, Malformed
from bot4.domain.event import Event
from bot4.domain.external import MANUAL, NO_TRADE, OTHER_RUN, External
from bot4.domain.fee import FeeTaken
from bot4.domain.ids import OrderName, order_name
from bot4.domain.instrument import Instrument
from bot4.domain.order import accepted, canceled, expired, rejected
from bot4.domain.values import BUY, SELL, Lots, Nanos, Ticks

SIDES: Final = {"BUY": BUY, "SELL": SELL}
ENDS: Final = ("eventStreamTerminated", "serverShutdown")
"""The venue ends the subscription, or the connection under it."""

SELF_TRADE: Final = "self_trade_prevention"


class Envelope(Struct, frozen=True, rename={"subscription_id": "subscriptionId"}):
    """One message of the stream, wrapped."""

    event: Raw
    subscription_id: int = -1


class Named(Struct, frozen=True, rename={"kind": "e"}):
    """The name of an event."""

    kind: str


class ExecutionReport(
    Struct,
    frozen=True,
    rename={
        "kind": "e", "event_ms": "E", "symbol": "s", "client_id": "c", "side": "S", "order_type": "o",
        "time_in_force": "f", "quantity": "q", "price": "p", "stop_price": "P", "list_id": "g", "original_id": "C",
        "happened": "x", "state": "X", "reason": "r", "order_id": "i", "last_quantity": "l", "filled": "z",
        "last_price": "L", "fee": "n", "fee_asset": "N", "at_ms": "T", "trade_id": "t", "execution_id": "I",
        "is_maker": "m", "filled_quote": "Z", "expiry_reason": "eR",
    },
):  # fmt: skip
    """What happened to an order."""

    UNUSED: ClassVar[tuple[str, ...]] = (
        "F", "w", "M", "O", "Y", "Q", "W", "V", "d", "D", "j", "J", "v", "A", "B", "u", "U", "Cs", "pl", "pL", "pY",
        "b", "a", "k", "uS", "gP", "gOT", "gOV", "gp",
    )  # fmt: skip

    kind: str
    event_ms: int
    symbol: str
    client_id: str
    side: str
    order_type: str
    time_in_force: str
    quantity: str
    price: str
    stop_price: str
    list_id: int
    original_id: str
    happened: str
    state: str
    reason: str
    order_id: int
    last_quantity: str
    filled: str
    last_price: str
    fee: str
    fee_asset: str | None
    at_ms: int
    trade_id: int
    execution_id: int
    is_maker: bool
    filled_quote: str
    expiry_reason: str = ""


class AssetBalance(Struct, frozen=True, rename={"asset": "a", "free": "f", "locked": "l"}):
    """One asset."""

    asset: str
    free: str
    locked: str


class AccountPosition(Struct, frozen=True, rename={"kind": "e", "event_ms": "E", "at_ms": "u", "balances": "B"}):
    """The balances that an event has changed."""

    kind: str
    event_ms: int
    at_ms: int
    balances: list[AssetBalance]


class BalanceUpdate(
    Struct, frozen=True, rename={"kind": "e", "event_ms": "E", "asset": "a", "delta": "d", "at_ms": "T"}
):
    """A deposit, a withdrawal, a transfer; also a lock from outside."""

    kind: str
    event_ms: int
    asset: str
    delta: str
    at_ms: int


class ListLegNews(Struct, frozen=True, rename={"symbol": "s", "order_id": "i", "client_id": "c"}):
    """One order of a list."""

    symbol: str
    order_id: int
    client_id: str


class ListStatus(
    Struct,
    frozen=True,
    rename={
        "kind": "e", "event_ms": "E", "symbol": "s", "list_id": "g", "contingency": "c", "status": "l", "state": "L",
        "reason": "r", "client_id": "C", "at_ms": "T", "orders": "O",
    },
):  # fmt: skip
    """What happened to an order list."""

    kind: str
    event_ms: int
    symbol: str
    list_id: int
    contingency: str
    status: str
    state: str
    reason: str
    client_id: str
    at_ms: int
    orders: list[ListLegNews]


@dataclass(frozen=True, slots=True)
class OrderNews:
    """Hold what one execution report means.

    Parameters
    ----------
    report : Event or None
        An ``Execution``, an ``OrderWord`` or an ``External`` for the engine; None where ``rule`` says why not.
    name : OrderName or None
        Run, slot and number of an order of bot4; None for one of other hands.
    client_id, venue_order_id, state
        As the venue tells them; on a cancel the order's own id, not the cancel's.
    filled : int
        Lots filled so far by the venue's count, -1 where they cannot be read.
    fee : FeeTaken or None
        Of an execution, where cash did not pay it: to be delivered right before the report.
    rule : str
        ``external``, ``other_run``, ``replaced``, ``prevented``; or, with ``alert``, what could not be read.
    alert : bool
        A person should hear of it, and the order is to be looked up.
    symbol : str
        The venue's symbol: order and trade numbers are unique within it.
    """

    report: Event | None
    name: OrderName | None
    client_id: str
    venue_order_id: int
    state: str
    filled: int
    fee: FeeTaken | None = None
    rule: str = ""
    alert: bool = False
    symbol: str = ""

    def events(self) -> tuple[Event, ...]:
        """Return what the engine is to hear, in this order and nothing between; empty where that is nothing."""
        return tuple(one for one in (self.fee, self.report) if one is not None)


@dataclass(frozen=True, slots=True)
class BalanceNews:
    """Hold balances in 1e-8 of each asset: free and locked."""

    at_ms: int
    balances: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class BalanceMoved:
    """Hold what came into or left the account (1e-8), or was locked in it, from outside of trading."""

    at_ms: int
    asset: str
    delta: int
    is_lock: bool


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """Say that the venue ends the subscription: subscribe anew, and reconcile."""

    at_ms: int


UserNews = OrderNews | BalanceNews | BalanceMoved | ListStatus | StreamEnded | Malformed


@final
class UserDataReader:
    """Read the stream of one account.

    Parameters
    ----------
    run : str
        The run whose orders are ours.
    instruments : mapping
        By the venue's symbol.
    drift : Drift
        Counts fields that the contract does not have.
    assets : FeeAssets, optional
        What the assets of fees are to the run; without it those of third assets have no worth.
    """

    __slots__ = ("_run", "_instruments", "_drift", "_assets")

    def __init__(
        self, run: str, instruments: Mapping[str, Instrument], drift: Drift, assets: FeeAssets | None = None
    ) -> None:
        self._run = run
        self._instruments = instruments
        self._drift = drift
        self._assets = assets or fee_assets(instruments.values())

    def read(self, data: bytes, now: Nanos) -> UserNews:
        """Return what one message says, wrapped or bare.

        Parameters
        ----------
        data : bytes
            The frame's text.
        now : Nanos
            When we knew it.
        """
        try:
            inner = bytes(msgspec.json.decode(data, type=Envelope).event)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            inner = data
        named = self._drift.read("event", Named, self._head(inner))
        if isinstance(named, Malformed):
            return named
        if named.kind == "executionReport":
            report = self._drift.read(named.kind, ExecutionReport, inner)
            return report if isinstance(report, Malformed) else self._order(report, now)
        if named.kind == "outboundAccountPosition":
            position = self._drift.read(named.kind, AccountPosition, inner)
            return position if isinstance(position, Malformed) else balances(position)
        if named.kind in ("balanceUpdate", "externalLockUpdate"):
            update = self._drift.read(named.kind, BalanceUpdate, inner)
            return update if isinstance(update, Malformed) else moved(update)
        if named.kind == "listStatus":
            return self._drift.read(named.kind, ListStatus, inner)
        if named.kind in ENDS:
            return StreamEnded(int(now) // MS_NS)
        return self._drift.broke("event", f"unknown event {named.kind}")

    def _head(self, inner: bytes) -> bytes:
        """Return the event's name alone, so that its other fields are not counted as unknown."""
        try:
            return msgspec.json.encode(msgspec.json.decode(inner, type=Named))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return inner

    def _order(self, said: ExecutionReport, now: Nanos) -> OrderNews:
        """Return what an execution report means."""
        client_id = said.original_id if said.original_id not in ("", "null") else said.client_id
        name = order_name(client_id)
        instrument = self._instruments.get(said.symbol)
        filled = exact(said.filled, instrument.lot_size) if instrument else None

        def news(
            report: Event | None, rule: str = "", *, fee: FeeTaken | None = None, alert: bool = False
        ) -> OrderNews:
            """Return the news with what is the same in all."""
            known = -1 if filled is None else filled
            return OrderNews(report, name, client_id, said.order_id, said.state, known, fee, rule, alert, said.symbol)

        if said.state not in STATES:
            return news(None, f"unknown state {said.state}", alert=True)
        if name is None:
            return news(external_of(said, instrument, now, MANUAL), "external")
        if name.run_prefix != self._run[: len(name.run_prefix)]:
            return news(external_of(said, instrument, now, OTHER_RUN), "other_run")
        if instrument is None:
            return news(None, f"unknown symbol {said.symbol}", alert=True)
        if said.happened == "TRADE":
            if said.trade_id < 0 or said.side not in SIDES:
                return news(None, f"trade {said.trade_id} of side {said.side}", alert=True)
            told = traded(trade_of(said), name.order_id, instrument, known_ns=now, assets=self._assets)
            return news(None, told, alert=True) if isinstance(told, str) else news(told.execution, fee=told.fee)
        if said.happened == "REPLACED" or (said.happened == "TRADE_PREVENTION" and said.state != "EXPIRED_IN_MATCH"):
            return news(None, "replaced" if said.happened == "REPLACED" else "prevented")
        report = word_of(said, name.order_id, instrument, now)
        return news(report) if report else news(None, f"unknown execution type {said.happened}", alert=True)


def word_of(said: ExecutionReport, order_id: int, instrument: Instrument, now: Nanos) -> Event | None:
    """Return the report of an order that began or ended without trading; None for a type that nobody mapped."""
    at, index = Nanos(said.at_ms * MS_NS), instrument.index
    reason = said.expiry_reason or (said.reason if said.reason != "NONE" else "")
    if said.happened == "NEW":
        return accepted(at, now, order_id, index)
    if said.happened == "CANCELED":
        return canceled(at, now, order_id, index, reason)
    if said.happened == "REJECTED":
        return rejected(at, now, order_id, index, reason)
    if said.happened in ("EXPIRED", "TRADE_PREVENTION"):
        return expired(at, now, order_id, index, reason or (SELF_TRADE if said.state == "EXPIRED_IN_MATCH" else ""))
    return None


def trade_of(said: ExecutionReport) -> MyTrade:
    """Return the trade of an execution report, as a question would tell it."""
    return MyTrade(
        symbol=said.symbol,
        id=said.trade_id,
        order_id=said.order_id,
        price=said.last_price,
        qty=said.last_quantity,
        quote_qty="",
        commission=said.fee,
        commission_asset=said.fee_asset or "",
        time=said.at_ms,
        is_buyer=said.side == "BUY",
        is_maker=said.is_maker,
    )


def external_of(said: ExecutionReport, instrument: Instrument | None, now: Nanos, reason: str) -> External | None:
    """Return what other hands did, an order or a trade of it; None where the instrument or the amounts are not ours."""
    is_trade = said.happened == "TRADE"
    lots_text, price_text = (said.last_quantity, said.last_price) if is_trade else (said.quantity, said.price)
    if instrument is None or said.side not in SIDES:
        return None
    price, lots = exact(price_text, instrument.tick_size), exact(lots_text, instrument.lot_size)
    if price is None or lots is None:
        return None
    return External(
        Nanos(said.at_ms * MS_NS),
        now,
        instrument=instrument.index,
        venue_order_id=said.order_id,
        trade_id=said.trade_id if is_trade else NO_TRADE,
        side=SIDES[said.side],
        lots=Lots(lots),
        price=Ticks(price),
        reason=reason,
    )


def balances(said: AccountPosition) -> BalanceNews | Malformed:
    """Return balances in integers, or that one of them is no number."""
    found: dict[str, tuple[int, int]] = {}
    for each in said.balances:
        free, locked = eighths(each.free), eighths(each.locked)
        if free is None or locked is None:
            return Malformed(said.kind, f"balance of {each.asset}")
        found[each.asset] = (free, locked)
    return BalanceNews(said.at_ms, found)


def moved(said: BalanceUpdate) -> BalanceMoved | Malformed:
    """Return a change from outside in integers, or that it is no number."""
    delta = eighths(said.delta)
    if delta is None:
        return Malformed(said.kind, f"delta of {said.asset}")
    return BalanceMoved(said.at_ms, said.asset, delta, said.kind == "externalLockUpdate")
