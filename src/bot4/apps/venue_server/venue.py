# SPDX-License-Identifier: Apache-2.0
"""The venue as its doors see it: a request in, a reply out, and everything that happened told to who listens.

The order of judgement is the real one's: the address and its weight, the key, the time,
the signature, what the key may do, the orders counted, the words, the exchange. No
socket is known here, and no clock: the time comes with the request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

from bot4.apps.venue_server.faults.interference import Interference
from bot4.apps.venue_server.faults.mishaps import MAINTENANCE, Mishaps
from bot4.apps.venue_server.faults.schedule import Schedule
from bot4.apps.venue_server.gate.amounts import text_of
from bot4.apps.venue_server.gate.limits import Blocked, Limits
from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.gate.signatures import (
    BAD_KEY_FORMAT,
    BAD_SIGNATURE,
    KEY,
    UNKNOWN_KEY,
    Key,
    is_signed,
    timing_refusal,
)
from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Security
from bot4.apps.venue_server.methods.order_shapes import refusal_shape
from bot4.apps.venue_server.methods.table import Method
from bot4.simulation.exchange.events import Event, ExecutionReport
from bot4.simulation.exchange.orders import OrderState
from bot4.simulation.exchange.refusals import Refusal, missing
from bot4.simulation.exchange.venue import Exchange

MAINTENANCE_MS: Final = 10_000
SECOND_MS: Final = 1000
UNAUTHORIZED: Final = (BAD_KEY_FORMAT.code, UNKNOWN_KEY.code, -1002)
OPEN: Final = ("NEW", "PARTIALLY_FILLED")


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold what a request says of its sender: key, what was signed, and how; or that its session is logged on."""

    key: str | None = None
    payload: str = ""
    signature: str = ""
    is_encoded: bool = True
    session: Key | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold a reply, before a door gives it its form; times are ms, -1 and None where there is nothing to tell."""

    status: int
    body: object
    used_weight: int
    order_counts: tuple[int, int] | None = None
    retry_at_ms: int = -1


class Listener(Protocol):
    """Hear what happened."""

    def hear(self, events: Sequence[Event], now_ms: int) -> None:
        """Take events in the order in which they happened."""


@final
class Venue:
    """Answer requests and tell what they caused.

    Parameters
    ----------
    exchange : Exchange
        With the members' accounts open.
    keys : mapping of str to Key
        By name.
    limits : Limits
        Of addresses and accounts.
    schedule : Schedule
        Of faults.
    late_s : float
        How long a reply takes that a fault delays, in seconds of the machine.
    now_ms : int
        The venue's time.
    """

    def __init__(
        self,
        exchange: Exchange,
        keys: Mapping[str, Key],
        *,
        limits: Limits,
        schedule: Schedule,
        late_s: float,
        now_ms: int,
    ) -> None:
        self.desk = Desk(exchange, limits)
        self.keys = dict(keys)
        self.schedule = schedule
        self.mishaps = Mishaps(schedule, late_s)
        self.listeners: list[Listener] = []
        self.closed_until_ms = -1
        self._interference = Interference(exchange, schedule, now_ms)
        self._second = now_ms // SECOND_MS

    def answer(self, method: Method, sent: Mapping[str, str], claim: Claim, *, address: str, now_ms: int) -> Reply:
        """Answer one request, whichever door it came by."""
        limits = self.desk.limits
        if now_ms < self.closed_until_ms:
            return Reply(*MAINTENANCE, used_weight=limits.used_weight(address, now_ms))
        weight = method.weigh(Parameters(sent))
        blocked = limits.admit(address, weight, now_ms)
        if blocked is not None:
            return self.blocked(blocked, address, now_ms)
        key = self.authenticate(method, sent, claim, now_ms)
        if isinstance(key, Refusal):
            return self._refused(key, weight, address, now_ms)
        account = key.account if key is not None else ""
        if method.orders:
            blocked = limits.admit_orders(account, method.orders, now_ms)
            if blocked is not None:
                limits.charge(address, weight, now_ms)
                return self.blocked(blocked, address, now_ms)
        outcome = self._handle(method, Ask(Parameters(sent), key, now_ms), sent)
        if isinstance(outcome, Refusal):
            return self._refused(outcome, weight, address, now_ms)
        if outcome.orders:
            limits.count_orders(account, outcome.orders, now_ms)
        limits.charge(address, 0 if method.changes_orders and outcome.status == 200 else weight, now_ms)
        self.publish(now_ms)
        counts = limits.order_counts(account, now_ms) if outcome.orders else None
        return Reply(outcome.status, outcome.body, limits.used_weight(address, now_ms), counts)

    def authenticate(self, method: Method, sent: Mapping[str, str], claim: Claim, now_ms: int) -> Key | Refusal | None:
        """Return whose request it is, None where anyone may ask, or why it is refused."""
        if method.security is Security.NONE:
            return None
        key = claim.session or self.keys.get(claim.key or "")
        if key is None:
            return UNKNOWN_KEY if KEY.fullmatch(claim.key or "") else BAD_KEY_FORMAT
        refusal = timing_refusal(sent.get("timestamp"), sent.get("recvWindow"), now_ms)
        if refusal is not None:
            return refusal
        if claim.session is None:
            if not claim.signature:
                return missing("signature")
            if not claim.is_encoded or not is_signed(key, claim.payload, claim.signature):
                return BAD_SIGNATURE
        may = key.permissions
        is_allowed = may.spot_trading if method.security is Security.TRADE else may.reading
        return key if is_allowed else UNKNOWN_KEY

    def blocked(self, blocked: Blocked, address: str, now_ms: int) -> Reply:
        """Return the reply to a request above a limit."""
        used = self.desk.limits.used_weight(address, now_ms)
        return Reply(blocked.status, refusal_shape(blocked.refusal), used, retry_at_ms=blocked.until_ms)

    def publish(self, now_ms: int) -> None:
        """Tell every listener what happened since the last time."""
        self.desk.collect()
        events, self.desk.untold = self.desk.untold, []
        if not events:
            return
        for event in events:
            if isinstance(event, ExecutionReport) and is_first_fill(event):
                self.desk.limits.count_orders(event.account, -1, now_ms)
        for listener in self.listeners:
            listener.hear(events, now_ms)

    def beat(self, member: str, now_ms: int) -> list[str]:
        """Let time pass: once a second faults of state strike; return the codes that doors and flow must obey."""
        second = now_ms // SECOND_MS
        if second == self._second:
            return []
        self._second = second
        codes = self._interference.second(member, now_ms)
        if "R16" in codes:
            self.closed_until_ms = now_ms + MAINTENANCE_MS
        self.publish(now_ms)
        return codes

    def _handle(self, method: Method, ask: Ask, sent: Mapping[str, str]) -> Answer | Refusal:
        """Let the handler answer, with what faults do to orders around it."""
        if method.changes_orders or method.socket == "order.amend.keepPriority":
            self._interference.before_change(method.socket, self._target(ask, sent), ask.now_ms)
            if self._interference.refuses_replacement(method.socket):
                rules = self.desk.rules(sent.get("symbol", ""))
                beyond_means = text_of(rules.lot_size.highest) if rules is not None else "1"
                ask = Ask(Parameters({**sent, "quantity": beyond_means}), ask.key, ask.now_ms)
        outcome = method.handler(self.desk, ask)
        placed = self._placed(ask, outcome) if method.orders else []
        if method.socket == "order.place" and placed:
            self._interference.after_placing(placed[0], ask.now_ms)
        elif method.socket == "orderList.place.oco" and len(placed) > 1:
            self._interference.after_listing(placed, ask.now_ms)
        return outcome

    def _placed(self, ask: Ask, outcome: Answer | Refusal) -> list[OrderState]:
        """Return the orders of an answer that are open, of one order or of a list."""
        if not isinstance(outcome, Answer) or not isinstance(outcome.body, dict):
            return []
        numbers = [int(one["orderId"]) for one in outcome.body.get("orders", [outcome.body]) if "orderId" in one]
        symbol = str(outcome.body.get("symbol", ""))
        found = [self.desk.exchange.queries.order(ask.account, symbol, order_id=one) for one in numbers]
        return [one for one in found if isinstance(one, OrderState) and one.status in OPEN]

    def _target(self, ask: Ask, sent: Mapping[str, str]) -> OrderState | None:
        """Return the open order that a request would end or change, None where it names none that is."""
        number = sent.get("orderId") or sent.get("cancelOrderId") or ""
        own_id = sent.get("origClientOrderId") or sent.get("cancelOrigClientOrderId") or ""
        for state in self.desk.exchange.queries.open_orders(ask.account):
            if str(state.order_id) == number or (own_id and state.client_order_id == own_id):
                return state
        return None

    def _refused(self, refusal: Refusal, weight: int, address: str, now_ms: int) -> Reply:
        """Return the reply to a refused request, which costs its weight."""
        self.desk.limits.charge(address, weight, now_ms)
        self.publish(now_ms)
        status = 401 if refusal.code in UNAUTHORIZED else 400
        return Reply(status, refusal_shape(refusal), self.desk.limits.used_weight(address, now_ms))


def is_first_fill(report: ExecutionReport) -> bool:
    """Say whether a report is of an order's first fill, from which on it counts as unfilled no more."""
    return report.execution_type == "TRADE" and report.executed_quantity == report.last_quantity
