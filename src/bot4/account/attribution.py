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

Whole lots that a fee in the base asset takes leave each strategy in proportion to what it holds, at cost. The fee,
and what paying it gained over the cost of what it took, fall on those whose fill it was.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.account.proportion import Part, apportion, largest_rest, part_of
from bot4.account.residue import Residue
from bot4.domain.event import FILL, INTENT, Event
from bot4.domain.fee import NO_PAYER, PaidInKind
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
    """Hold one strategy's part of one instrument: signed lots and cost, realised profit before fees, fees.

    ``moved`` is how many lots of the fill at hand are its own.
    """

    __slots__ = ("lots", "cost", "realised", "fees", "moved")

    def __init__(self) -> None:
        self.lots = 0
        self.cost = 0
        self.realised = 0
        self.fees = 0
        self.moved = 0


@final
@mypyc_attr(acyclic=True)
class Opening:
    """Divide what an intent opens: the weights of the slots, and what each was given so far.

    ``sole`` is the slot that has all of the weight, -1 where several have some.
    """

    __slots__ = ("weights", "whole", "sole", "given", "total")

    def __init__(self, weights: list[int], whole: int, sole: int) -> None:
        self.weights = weights
        self.whole = whole
        self.sole = sole
        self.given = [0] * len(weights)
        self.total = 0

    def take(self, lots: int, parts: list[Part]) -> None:
        """Divide further lots so that the sum given so far is as near to the weights as whole lots allow.

        Each partial fill settles what rounding owed before: ten fills of one lot
        go where one fill of ten would. Nothing given is taken back.
        """
        whole = self.whole
        self.total += lots
        left = lots
        for i, part in enumerate(parts):
            weight = self.weights[i]
            part.share = 0
            part.rest = 0
            if weight == whole:  # alone: nothing to divide
                part.share = lots
            elif weight:
                due = self.total * weight - whole * self.given[i]
                part.share = due // whole if due > 0 else 0
                part.rest = due - part.share * whole
            left -= part.share
        while left > 0:
            largest_rest(parts).take_one(whole)
            left -= 1
        while left < 0:
            least = min((part for part in parts if part.share), key=lambda part: part.rest)
            least.share -= 1
            least.rest += whole
            left += 1
        for i, part in enumerate(parts):
            if part.share:
                self.given[i] += part.share


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

    __slots__ = ("instruments", "slots", "holdings", "parts", "dust", "openings", "ids", "remembered")

    def __init__(self, instruments: Sequence[Instrument], *, slots: int) -> None:
        super().__init__((INTENT, FILL))
        self.instruments = list(instruments)
        self.slots = slots
        self.holdings = [[SlotHolding() for _ in range(slots + 1)] for _ in self.instruments]
        self.parts = [Part() for _ in range(slots + 1)]
        self.dust: dict[int, Residue] = {}
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
        """Write what each slot has of each instrument, each remembered intent with what it gave, and the dust."""
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
        for index, dust in self.dust.items():
            write_i64_le(out, i64(index))
            dust.write_state(out)

    def _remember(self, intent: Intent) -> None:
        weights = [0] * (self.slots + 1)
        whole = 0
        sole = -1
        for share in intent.shares:
            if share.fraction > 0.0:
                weight = int(share.fraction * WEIGHT_ONE)
                weights[share.slot] += weight
                whole += weight
                sole = int(share.slot) if weights[share.slot] == whole else -1
        if whole == 0:
            return
        place = self.remembered % INTENTS_MAX
        if self.remembered >= INTENTS_MAX:
            del self.openings[self.ids[place]]
        intent_id = int(intent.request.intent_id)
        self.ids[place] = intent_id
        self.remembered += 1
        self.openings[intent_id] = Opening(weights, whole, sole)

    def _divide(self, fill: Fill) -> None:
        """Split a fill into what it closes and what it opens, and each among the slots."""
        instrument = self.instruments[fill.instrument]
        row = self.holdings[fill.instrument]
        lots = int(fill.side) * int(fill.lots)
        if fill.in_kind is None and self._divide_whole(fill, row, lots):
            return
        held = 0
        for slot in row:
            held += slot.lots
            slot.moved = 0
        closing = 0
        if held * lots < 0:
            closing = lots if abs(lots) <= abs(held) else -held
        notional = int(instrument.notional(fill.price, Lots(lots)))
        closed = notional if closing == lots else int(instrument.notional(fill.price, Lots(closing)))
        if closing:
            reduce_slots(row, self.parts, lots=closing, notional=closed)
        if lots != closing:
            self._open(fill, abs(lots - closing))
            increase_slots(row, self.parts, side=int(fill.side), notional=notional - closed)
        for i, part in enumerate(self.parts):
            part.weight = row[i].moved
        apportion(int(fill.fee), self.parts)
        for i, part in enumerate(self.parts):
            row[i].fees += part.share
        if fill.in_kind is not None:
            self._pay(fill.in_kind, row)

    def _pay(self, fee: PaidInKind, row: list[SlotHolding]) -> None:
        """Let a fee in kind fall on those whose fill it was, and leave those who hold its asset."""
        moved = [slot.moved for slot in row]  # giving up lots overwrites it
        gain = 0 if fee.taken.payer == NO_PAYER else self._give(fee)
        for i, part in enumerate(self.parts):
            part.weight = moved[i]
        apportion(int(fee.taken.worth), self.parts)
        for i, part in enumerate(self.parts):
            row[i].fees += part.share
        apportion(gain, self.parts)
        for i, part in enumerate(self.parts):
            row[i].realised += part.share

    def _give(self, fee: PaidInKind) -> int:
        """Take a fee from what is held of its asset, at cost; return what that gained."""
        payer = int(fee.taken.payer)
        row, lots = self.holdings[payer], int(fee.lots)
        released = 0
        if lots:
            held = sum([slot.lots for slot in row])
            released = part_of(sum([slot.cost for slot in row]), lots, held)
            reduce_slots(row, self.parts, lots=-lots, notional=-released)
        dust = self.dust.setdefault(payer, Residue())
        brought = dust.move(lots * int(self.instruments[payer].lot_units), released)
        return brought + dust.move(-int(fee.taken.amount), -int(fee.taken.worth))

    def _divide_whole(self, fill: Fill, row: list[SlotHolding], lots: int) -> bool:
        """Give all of a fill to the one slot it closes or opens; False where it concerns several, or crosses zero.

        Most fills are of this kind, and then there is nothing to apportion.
        """
        holder: SlotHolding | None = None
        for slot in row:
            if slot.lots:
                if holder is not None:
                    return False
                holder = slot
        if holder is None:
            return self._open_whole(fill, row, lots)
        sign = 1 if lots > 0 else -1
        if not 0 < sign * lots <= -sign * holder.lots:
            return False
        notional = int(self.instruments[fill.instrument].notional(fill.price, Lots(lots)))
        cost = part_of(holder.cost, sign * lots, -sign * holder.lots)
        holder.lots += lots
        holder.cost -= cost
        holder.realised -= notional + cost
        holder.fees += int(fill.fee)
        return True

    def _open_whole(self, fill: Fill, row: list[SlotHolding], lots: int) -> bool:
        """Open all of a fill for the one slot that asked for it; False where several did, or nobody."""
        opening = self.openings.get(int(fill.intent_id))
        if opening is None or opening.sole < 0:
            return False
        size = lots if lots > 0 else -lots
        opening.total += size
        opening.given[opening.sole] += size
        slot = row[opening.sole]
        slot.lots += lots
        slot.cost += int(self.instruments[fill.instrument].notional(fill.price, Lots(lots)))
        slot.fees += int(fill.fee)
        return True

    def _open(self, fill: Fill, lots: int) -> None:
        """Say in the parts how many lots each slot opens in this fill."""
        opening = self.openings.get(int(fill.intent_id))
        if opening is not None:
            opening.take(lots, self.parts)
            return
        for part in self.parts:
            part.share = 0
        self.parts[fill.slot if 0 <= fill.slot < self.slots else self.slots].share = lots


def reduce_slots(row: list[SlotHolding], parts: list[Part], *, lots: int, notional: int) -> None:
    """Close signed ``lots`` of what the slots hold together, worth signed ``notional``.

    All slots hold in the direction of the sum, and ``lots`` are against it and
    not more than it.
    """
    sign = 1 if lots > 0 else -1
    size = sign * lots
    held = cost = released = 0
    for i, part in enumerate(parts):
        slot = row[i]
        part.weight = -sign * slot.lots
        held += part.weight
        cost += slot.cost
    apportion(size, parts)
    for i, part in enumerate(parts):
        taken = part.share
        if taken:
            slot = row[i]
            amount = part_of(slot.cost, taken, part.weight)
            released += amount
            give_up(slot, amount)
            slot.lots += sign * taken
            slot.moved = taken
        part.weight = taken
    apportion(notional, parts)
    for i, part in enumerate(parts):
        row[i].realised -= part.share
    borne = part_of(cost, size, held) - released
    if borne:
        for i, part in enumerate(parts):
            part.weight = -sign * row[i].lots
        apportion(borne, parts)
        for i, part in enumerate(parts):
            give_up(row[i], part.share)


def give_up(slot: SlotHolding, cost: int) -> None:
    """Release some cost: what it brings counts against it."""
    slot.cost -= cost
    slot.realised -= cost


def increase_slots(row: list[SlotHolding], parts: list[Part], *, side: int, notional: int) -> None:
    """Open for each slot the lots that its part says, at its share of a signed notional."""
    for i, part in enumerate(parts):
        slot = row[i]
        lots = part.share
        slot.lots += side * lots
        slot.moved += lots
        part.weight = lots
    apportion(notional, parts)
    for i, part in enumerate(parts):
        row[i].cost += part.share
