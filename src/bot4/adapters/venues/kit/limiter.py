# SPDX-License-Identifier: Apache-2.0
"""Who may send when: one limiter over the allowances of an address and of an account.

Ordinary requests may spend four fifths of each limit; the rest is for cancels and stops, which are asked for with
``Urgency.PROTECTIVE``. A 429 silences everything until the moment the venue names: going on is what earns
a ban. A ban (418) silences everything but protection, which may try at a slow pace, since a ban outlasts a
position's patience. Several connections share one address by sharing its allowance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from bot4.adapters.venues.kit.allowance import NEVER, RESERVE_PERCENT, Allowance, Cost, Limit, Unit
from bot4.adapters.venues.kit.answers import Answer, Remedy
from bot4.domain.order import ENTER, Submit

PROBE_MS: Final = 10_000
"""How often protection may try during a ban."""

LAPSE_MS: Final = 120_000
"""A request without a reply is counted as gone after this: twice the longest time for which a venue honours it."""


class Urgency(StrEnum):
    """Say whether a request may use what is kept back for cancels and stops."""

    ORDINARY = "ordinary"
    PROTECTIVE = "protective"


@dataclass(frozen=True, slots=True)
class Grant:
    """Let one request leave; to be settled with its reply."""

    number: int
    sent_ms: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a request back: until when by the venue's clock, by which rule, and for how long from now.

    ``until_ms`` is ``NEVER`` for more than a whole limit. Whoever waits, waits ``wait_ms``: no other clock is to be
    compared with the venue's.
    """

    until_ms: int
    rule: str
    wait_ms: int


@final
class Limiter:
    """Give out a venue's limits.

    Parameters
    ----------
    address, account : Allowance
        What the address and the account may spend; a limiter of another connection may share either.
    reserve_percent : int
        The part of each limit that is kept for protection, at least 20.
    """

    __slots__ = ("address", "account", "_reserve_percent", "_open", "_number", "_probe_at_ms")

    def __init__(self, address: Allowance, account: Allowance, *, reserve_percent: int = RESERVE_PERCENT) -> None:
        assert RESERVE_PERCENT <= reserve_percent < 100, "at least a fifth is kept for cancels and stops"
        self.address = address
        self.account = account
        self._reserve_percent = reserve_percent
        self._open: dict[int, Grant] = {}
        self._number = 0
        self._probe_at_ms = 0

    def ask(self, now_ms: int, cost: Cost, urgency: Urgency = Urgency.ORDINARY) -> Grant | Hold:
        """Return leave to send one request now, or until when to keep it back.

        Parameters
        ----------
        now_ms : int
            The venue's time as we know it.
        cost : Cost
            What the request costs at most.
        urgency : Urgency
            ``PROTECTIVE`` for cancels and stops alone.
        """
        self._lapse(now_ms)
        silenced = self._silenced(now_ms, cost, urgency)
        if silenced is not None:
            return silenced
        percent = self._reserve_percent if urgency is Urgency.ORDINARY else 0
        for rule, allowance in (("address", self.address), ("account", self.account)):
            free_at = allowance.free_at(now_ms, cost, reserve_percent=percent)
            if free_at > now_ms:
                rule = f"limit.{rule}" if free_at < NEVER else f"limit.{rule}_never"
                return Hold(free_at, rule, free_at - now_ms)
        self._number += 1
        grant = Grant(self._number, now_ms, cost)
        self._open[grant.number] = grant
        for allowance in (self.address, self.account):
            for gauge in allowance.gauges:
                gauge.spend(cost.of(gauge.limit.unit))
        return grant

    def settle(self, grant: Grant, now_ms: int, told: Mapping[Limit, int] | None = None) -> None:
        """Count a request whose reply came or will not come; ``told`` is the venue's count of each limit it named."""
        if self._open.pop(grant.number, None) is None:
            return
        for allowance in (self.address, self.account):
            for gauge in allowance.gauges:
                cost = grant.cost.of(gauge.limit.unit)
                if cost or (told and gauge.limit in told):
                    count = told.get(gauge.limit) if told else None
                    gauge.settle(grant.sent_ms, now_ms, cost=cost, told=count)

    def obey(self, answer: Answer) -> None:
        """Stop sending where an answer says so: too many orders silence the account, all else the address."""
        if answer.remedy is not Remedy.BACK_OFF:
            return
        spender = self.account if answer.rule == "too_many_orders" else self.address
        spender.silence(answer.until_ms, banned=answer.rule == "banned")

    def open_requests(self) -> int:
        """Return how many requests are on their way."""
        return len(self._open)

    def _silenced(self, now_ms: int, cost: Cost, urgency: Urgency) -> Hold | None:
        """Return the hold of a venue that has refused us, None where it has not."""
        backed_off = self.address.backed_off_until_ms
        if cost.orders:
            backed_off = max(backed_off, self.account.backed_off_until_ms)
        if now_ms < backed_off:
            return Hold(backed_off, "limit.backed_off", backed_off - now_ms)
        banned = max(self.address.banned_until_ms, self.account.banned_until_ms)
        if now_ms >= banned:
            return None
        if urgency is Urgency.ORDINARY:
            return Hold(banned, "limit.banned", banned - now_ms)
        if now_ms < self._probe_at_ms:
            until_ms = min(self._probe_at_ms, banned)
            return Hold(until_ms, "limit.banned", until_ms - now_ms)
        self._probe_at_ms = now_ms + PROBE_MS
        return None

    def _lapse(self, now_ms: int) -> None:
        """Count requests that nobody will answer any more as gone; the oldest stand first."""
        while self._open:
            oldest = next(iter(self._open.values()))
            if now_ms - oldest.sent_ms < LAPSE_MS:
                return
            self.settle(oldest, oldest.sent_ms + LAPSE_MS)


def limiter_of(limits: Sequence[Limit]) -> Limiter:
    """Return a limiter of a venue's limits: the address is held to weight and requests, the account to orders."""
    address = [limit for limit in limits if limit.unit is not Unit.ORDERS]
    return Limiter(Allowance(address), Allowance([limit for limit in limits if limit.unit is Unit.ORDERS]))


def urgency_of(submit: Submit) -> Urgency:
    """Return whether an order may use what is kept for protection: all that does not open a position."""
    return Urgency.ORDINARY if submit.purpose == ENTER else Urgency.PROTECTIVE
