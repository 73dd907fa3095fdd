# SPDX-License-Identifier: Apache-2.0
"""Whose profit it was: each fill divided among the strategies, without losing a unit.

One net position is held for all strategies. What opens goes to the strategies of
the intent by their shares; what closes is taken from each in proportion to what
it holds. Lots, notional, fees and profit are split into whole units that add up
to the account's own, at every fill.

Cost is the account's average. A strategy that gives up all it holds releases all
of its cost; where its own average differs from the account's, those that go on
holding bear the difference, which moves their profit between realised and not
yet realised and leaves its sum as it was.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.account.proportion import apportion, part_of, sole_of
from bot4.domain.event import FILL, INTENT, Event
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, Fill
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Lots, Nanos
from bot4.domain.verdict import Intent

WEIGHT_ONE: Final = 1 << 40
"""A share of 1.0 as an integer weight."""

INTENTS_MAX: Final = 1024
"""How many of the latest entering intents are remembered; an older one's fill goes to its largest share."""


@final
class SlotHolding:
    """Hold one strategy's part of one instrument: signed lots and cost, realised profit before fees, fees."""

    __slots__ = ("lots", "cost", "realised", "fees")

    def __init__(self) -> None:
        self.lots = 0
        self.cost = 0
        self.realised = 0
        self.fees = 0


@final
class Opening:
    """Divide what an intent opens: the weights of the slots, and what each was given so far."""

    __slots__ = ("weights", "given")

    def __init__(self, weights: list[int]) -> None:
        self.weights = weights
        self.given = [0] * len(weights)

    def take(self, lots: int) -> list[int]:
        """Divide further lots so that the sum given so far is as near to the weights as whole lots allow.

        Each partial fill settles what rounding owed before: ten fills of one lot
        go where one fill of ten would. Nothing given is taken back.
        """
        sole = sole_of(self.weights)
        if sole >= 0:
            shares = [0] * len(self.weights)
            shares[sole] = lots
            self.given[sole] += lots
            return shares
        whole = sum(self.weights)
        total = sum(self.given) + lots
        due = [total * weight - whole * given for weight, given in zip(self.weights, self.given, strict=True)]
        shares = [max(0, amount // whole) for amount in due]
        rests = [amount - share * whole for amount, share in zip(due, shares, strict=True)]
        for _ in range(lots - sum(shares)):
            index = rests.index(max(rests))
            shares[index] += 1
            rests[index] -= whole
        for _ in range(sum(shares) - lots):
            index = min((i for i, share in enumerate(shares) if share), key=lambda i: rests[i])
            shares[index] -= 1
            rests[index] += whole
        self.given = [given + share for given, share in zip(self.given, shares, strict=True)]
        return shares


@final
class Attribution(Stage):
    """Divide fills among strategies: consume intents and fills, emit nothing.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    slots : int
        Number of strategies. One more slot, with this number, holds what nobody asked for.
    """

    __slots__ = ("instruments", "slots", "holdings", "openings", "ids", "remembered")

    def __init__(self, instruments: Sequence[Instrument], *, slots: int) -> None:
        super().__init__((INTENT, FILL))
        self.instruments = list(instruments)
        self.slots = slots
        self.holdings = [[SlotHolding() for _ in range(slots + 1)] for _ in self.instruments]
        self.openings: dict[int, Opening] = {}
        self.ids = [0] * INTENTS_MAX
        self.remembered: i64 = 0

    def holding(self, slot: int, instrument: int) -> SlotHolding:
        """Return one strategy's part of one instrument."""
        return self.holdings[instrument][slot]

    def realised(self, slot: int) -> int:
        """Return a strategy's realised profit over all instruments, in money, before fees."""
        return sum(row[slot].realised for row in self.holdings)

    def fees(self, slot: int) -> int:
        """Return the fees that fell on a strategy, in money."""
        return sum(row[slot].fees for row in self.holdings)

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take an intent or a fill."""
        if isinstance(event, Fill):
            self._divide(event)
        elif isinstance(event, Intent) and event.request.purpose == ENTER:
            self._remember(event)

    def write_state(self, out: BytesWriter) -> None:
        """Write lots, cost, realised and fees by instrument and slot, then each remembered intent with what it gave."""
        for row in self.holdings:
            for part in row:
                write_i64_le(out, i64(part.lots))
                write_i64_le(out, i64(part.cost))
                write_i64_le(out, i64(part.realised))
                write_i64_le(out, i64(part.fees))
        write_i64_le(out, len(self.openings))
        for intent_id, opening in self.openings.items():
            write_i64_le(out, i64(intent_id))
            for weight, given in zip(opening.weights, opening.given, strict=True):
                write_i64_le(out, i64(weight))
                write_i64_le(out, i64(given))

    def _remember(self, intent: Intent) -> None:
        weights = [0] * (self.slots + 1)
        for share in intent.shares:
            if share.fraction > 0.0:
                weights[share.slot] += int(share.fraction * WEIGHT_ONE)
        if sum(weights) == 0:
            return
        place = self.remembered % INTENTS_MAX
        if self.remembered >= INTENTS_MAX:
            del self.openings[self.ids[place]]
        intent_id = int(intent.request.intent_id)
        self.ids[place] = intent_id
        self.remembered += 1
        self.openings[intent_id] = Opening(weights)

    def _divide(self, fill: Fill) -> None:
        """Split a fill into what it closes and what it opens, and each among the slots."""
        instrument = self.instruments[fill.instrument]
        row = self.holdings[fill.instrument]
        lots = int(fill.side) * int(fill.lots)
        if self._divide_whole(fill, row, lots):
            return
        held = sum(part.lots for part in row)
        closing = 0
        if held * lots < 0:
            closing = lots if abs(lots) <= abs(held) else -held
        notional = int(instrument.notional(fill.price, Lots(lots)))
        closed = notional if closing == lots else int(instrument.notional(fill.price, Lots(closing)))
        moved = [0] * len(row)
        if closing:
            moved = reduce_slots(row, lots=closing, notional=closed)
        if lots != closing:
            shares = self._opened_by(fill, abs(lots - closing))
            increase_slots(row, shares, side=int(fill.side), notional=notional - closed)
            moved = [a + b for a, b in zip(moved, shares, strict=True)]
        for part, fee in zip(row, apportion(int(fill.fee), moved), strict=True):
            part.fees += fee

    def _divide_whole(self, fill: Fill, row: list[SlotHolding], lots: int) -> bool:
        """Give all of a fill to the one slot it concerns; False where it concerns several, or crosses zero.

        Almost every fill is of this kind, and then there is nothing to apportion.
        """
        holder = sole_of([part.lots for part in row])
        if holder < 0:
            return False
        part = row[holder]
        if part.lots * lots > 0 or abs(lots) > abs(part.lots):
            return False
        notional = int(self.instruments[fill.instrument].notional(fill.price, Lots(lots)))
        cost = part_of(part.cost, abs(lots), abs(part.lots))
        part.lots += lots
        part.cost -= cost
        part.realised -= notional + cost
        part.fees += int(fill.fee)
        return True

    def _opened_by(self, fill: Fill, lots: int) -> list[int]:
        """Return the lots that each slot opens in this fill."""
        opening = self.openings.get(int(fill.intent_id))
        if opening is not None:
            return opening.take(lots)
        shares = [0] * (self.slots + 1)
        shares[fill.slot if 0 <= fill.slot < self.slots else self.slots] = lots
        return shares


def reduce_slots(row: list[SlotHolding], *, lots: int, notional: int) -> list[int]:
    """Close signed ``lots`` of what the slots hold together, worth signed ``notional``; return the lots of each.

    All slots hold in the direction of the sum, and ``lots`` are against it and
    not more than it.
    """
    held = [abs(part.lots) for part in row]
    taken = apportion(abs(lots), held)
    proceeds = apportion(notional, taken)
    released = [part_of(part.cost, t, h) if h else 0 for part, t, h in zip(row, taken, held, strict=True)]
    whole = part_of(sum(part.cost for part in row), abs(lots), sum(held))
    if whole != sum(released):
        borne = apportion(whole - sum(released), [h - t for h, t in zip(held, taken, strict=True)])
        released = [a + b for a, b in zip(released, borne, strict=True)]
    sign = 1 if lots > 0 else -1
    for part, t, amount, cost in zip(row, taken, proceeds, released, strict=True):
        part.lots += sign * t
        part.cost -= cost
        part.realised -= amount + cost
    return taken


def increase_slots(row: list[SlotHolding], shares: list[int], *, side: int, notional: int) -> None:
    """Open the given lots for each slot at its part of a signed notional."""
    for part, lots, amount in zip(row, shares, apportion(notional, shares), strict=True):
        part.lots += side * lots
        part.cost += amount
