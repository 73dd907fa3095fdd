# SPDX-License-Identifier: Apache-2.0
"""What was held and what stops stood for it, moment by moment, read from the venue's ledger alone.

It knows orders, trades and their times, and nothing of the engine. What happened at one moment happened together.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.contract.orders.checker import BASE, LOT

STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")
ALIVE = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
LEAST = 10
"""Lots below what the venue takes as an order: dust, which no stop can stand for."""

NEVER = 1 << 62

When = Callable[[str, int, int], int]
"""Returns the moment at which something counts, given what (``fill``, ``placed``, ``ended``), its number, and when it
happened at the venue."""


def at_the_venue(_what: str, _number: int, happened: int) -> int:
    """Let everything count when it happened."""
    return happened


@dataclass(frozen=True)
class Moment:
    """From when on so many lots were held, and stops for so many stood."""

    at: int
    held: int
    covered: int


@dataclass(frozen=True)
class Spell:
    """A stretch of time, in the unit of the moments; ``end`` is ``NEVER`` where it goes on."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        """How long it lasted."""
        return self.end - self.begin


def moments(ledger: Any, when: When = at_the_venue) -> list[Moment]:
    """Return the story of one account in one market, oldest first; a fee in coins makes the holding smaller."""
    held: dict[int, int] = defaultdict(int)
    covered: dict[int, int] = defaultdict(int)
    stops = {one.order_id: one for one in ledger.orders if one.type in STOPS and one.status != "REJECTED"}
    for one in stops.values():
        covered[when("placed", one.order_id, one.created_ms)] += one.quantity
        if one.status not in ALIVE:
            covered[when("ended", one.order_id, one.updated_ms)] -= one.quantity - one.executed_quantity
    for fill in ledger.fills:
        at = when("fill", fill.trade_id, fill.at_ms)
        fee = fill.commission if fill.commission_asset == BASE else 0
        held[at] += (fill.quantity if fill.is_buyer else -fill.quantity) - fee
        if fill.order_id in stops:
            covered[at] -= fill.quantity
    found: list[Moment] = []
    units = stood = 0
    for at in sorted({*held, *covered}):
        units += held[at]
        stood += covered[at]
        found.append(Moment(at, units // LOT, stood // LOT))
    return found


def spells(story: Sequence[Moment], is_so: Callable[[Moment], bool]) -> list[Spell]:
    """Return each stretch for which something is so."""
    found: list[Spell] = []
    begin: int | None = None
    for moment in story:
        if begin is None and is_so(moment):
            begin = moment.at
        elif begin is not None and not is_so(moment):
            found.append(Spell(begin, moment.at))
            begin = None
    return [*found, *([] if begin is None else [Spell(begin, NEVER)])]


def bare(story: Sequence[Moment]) -> list[Spell]:
    """Return when more was held than stops stood for, dust apart."""
    return spells(story, lambda one: one.held - one.covered >= LEAST)


def orphaned(story: Sequence[Moment]) -> list[Spell]:
    """Return when a stop stood and nothing but dust was held."""
    return spells(story, lambda one: one.held < LEAST and one.covered > 0)


def too_large(story: Sequence[Moment]) -> list[Spell]:
    """Return when stops stood for more than was held, and something was held."""
    return spells(story, lambda one: LEAST <= one.held < one.covered)


def quantile(lengths: Sequence[int], part: float) -> int:
    """Return the length that so great a part of them does not exceed."""
    ranked = sorted(lengths)
    return ranked[min(int(part * len(ranked)), len(ranked) - 1)]
