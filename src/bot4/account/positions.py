# SPDX-License-Identifier: Apache-2.0
"""What is held of each instrument: lots, cost, and worth at the last price.

Average cost. Increasing a position adds the notional to its cost; reducing it
releases cost in proportion, rounded half to even, so that a flat position has a
cost of exactly 0. A fill that crosses zero closes everything and opens the rest.
Long lots and their cost are positive, short ones negative. A fee in the base asset takes whole lots at cost, and
what is left of the last of them is kept beside the lots, at cost and marked like them.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.account.proportion import part_of
from bot4.account.residue import Residue
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.values import VALUE_MAX, Lots, Money, Ticks


@final
class Holding:
    """Hold one instrument's position.

    ``mark`` is its last price (0: none yet), ``worth`` what is held at that price; ``dust`` is what of the base
    asset is no whole lot, None while no fee has left any.
    """

    __slots__ = ("instrument", "lots", "cost", "realised", "fees", "mark", "worth", "dust")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.lots = Lots(0)
        self.cost = Money(0)
        self.realised = Money(0)
        self.fees = Money(0)
        self.mark = Ticks(0)
        self.worth = Money(0)
        self.dust: Residue | None = None

    def units(self) -> int:
        """Return by how many 1e-8 of the base asset the fills have changed the venue's balance of it."""
        dust = self.dust
        return int(self.lots) * int(self.instrument.lot_units) + (0 if dust is None else dust.units)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class FillEffect:
    """Hold what one fill does: signed notional, cost added (negative: released), profit realised."""

    __slots__ = ("notional", "cost", "realised")

    def __init__(self, notional: Money, cost: Money, realised: Money) -> None:
        self.notional = notional
        self.cost = cost
        self.realised = realised


def effect_of(holding: Holding, *, lots: Lots, price: Ticks) -> FillEffect:
    """Return what a fill of signed ``lots`` at a price would do to a holding.

    Where a fill crosses zero, the notional of the opening part is the rest of the
    whole notional, so that the parts add up to what the venue reckons.
    """
    notional = holding.instrument.notional(price, lots)
    held = holding.lots
    if held == 0 or (held > 0) == (lots > 0):
        return FillEffect(notional, notional, Money(0))
    if abs(int(lots)) <= abs(int(held)):
        released = Money(part_of(int(holding.cost), abs(int(lots)), abs(int(held))))
        return FillEffect(notional, Money(-released), Money(-notional - released))
    closing = holding.instrument.notional(price, Lots(-held))
    opened = notional - closing
    return FillEffect(notional, Money(opened - holding.cost), Money(-closing - holding.cost))


@final
class Positions:
    """Keep every holding, and the sum of their worth."""

    __slots__ = ("holdings", "worth")

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.holdings = [Holding(instrument) for instrument in instruments]
        self.worth = Money(0)

    def apply(self, holding: Holding, *, lots: Lots, price: Ticks, fee: Money) -> FillEffect:
        """Apply a fill of signed ``lots``, mark the holding at its price, and return what it did."""
        effect = effect_of(holding, lots=lots, price=price)
        holding.lots = Lots(holding.lots + lots)
        holding.cost = Money(holding.cost + effect.cost)
        holding.realised = Money(holding.realised + effect.realised)
        holding.fees = Money(holding.fees + fee)
        assert holding.lots != 0 or holding.cost == 0, "a flat position has no cost"
        self.mark(holding, price)
        return effect

    def pay(self, holding: Holding, *, lots: Lots, units: int, worth: int) -> int:
        """Let a fee of so many units leave a holding, whole lots with it; return what was gained over their cost."""
        dust = holding.dust
        if dust is None:
            dust = Residue()
            holding.dust = dust
        released = part_of(int(holding.cost), int(lots), int(holding.lots)) if lots > 0 else 0
        holding.lots = Lots(holding.lots - lots)
        holding.cost = Money(int(holding.cost) - released)
        gain = dust.move(int(lots) * int(holding.instrument.lot_units), released) + dust.move(-units, -worth)
        assert holding.lots != 0 or holding.cost == 0, "a flat position has no cost"
        assert dust.units < holding.instrument.lot_units, "a whole lot is no dust"
        self.mark(holding, holding.mark)
        return gain

    def mark(self, holding: Holding, price: Ticks) -> None:
        """Value a holding at a price.

        Raises
        ------
        BadInput
            If all that is held is worth more than can be counted.
        """
        holding.mark = price
        worth = holding.instrument.notional(price, holding.lots)
        if holding.dust is not None:
            worth = Money(worth + i64(holding.dust.worth(holding.instrument, price)))
        total = self.worth + worth - holding.worth  # each below VALUE_MAX: this cannot wrap
        if not -VALUE_MAX < total < VALUE_MAX:
            raise BadInput(
                "account", f"holdings worth {int(total)}", "below 2**61 units of money", "Trade less.", "value_bounds"
            )
        self.worth = Money(total)
        holding.worth = worth

    def exposure(self) -> Money:
        """Return the gross notional held, at the last prices; at most ``VALUE_MAX``."""
        gross: i64 = 0
        for holding in self.holdings:
            gross += holding.worth if holding.worth > 0 else -holding.worth
            if gross >= VALUE_MAX:
                return Money(VALUE_MAX)
        return Money(gross)

    def write_state(self, out: BytesWriter) -> None:
        """Write lots, cost, realised, fees and mark of each holding, by instrument index."""
        for holding in self.holdings:
            write_i64_le(out, holding.lots)
            write_i64_le(out, holding.cost)
            write_i64_le(out, holding.realised)
            write_i64_le(out, holding.fees)
            write_i64_le(out, holding.mark)

    def write_dust(self, out: BytesWriter) -> None:
        """Write index, units and cost of each holding that a fee has left dust of; nothing where none has."""
        for holding in self.holdings:
            if holding.dust is not None:
                write_i64_le(out, holding.instrument.index)
                holding.dust.write_state(out)
