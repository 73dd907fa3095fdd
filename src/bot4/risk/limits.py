# SPDX-License-Identifier: Apache-2.0
"""The limits an entry is measured against, each in its unit, each written down.

A limit returns a :class:`Check` with what was measured and the bound, and the judge
compares. Equal to the limit is allowed; above is refused. Money is compared as
integers; the floats in a check are for people.
"""

from typing import final

from mypy_extensions import i64, mypyc_attr

from bot4.domain.instrument import SPOT
from bot4.domain.order import OrderRequest
from bot4.domain.values import BUY, MONEY_ONE, VALUE_MAX, Lots, Money
from bot4.domain.verdict import Check
from bot4.risk.exposure import Exposure


@final
class Limits:
    """Hold the bounds.

    Parameters
    ----------
    position_mille : int
        Largest notional of one position, in thousandths of equity; 20 is the
        house's ceiling of 2 %.
    gross_mille : int
        Largest sum of notionals, in thousandths of equity.
    fee_mille : int
        Cash kept for fees and slippage of a purchase, in thousandths of its notional.
    """

    __slots__ = ("position_mille", "gross_mille", "fee_mille")

    def __init__(self, position_mille: i64, gross_mille: i64, fee_mille: i64) -> None:
        self.position_mille = position_mille
        self.gross_mille = gross_mille
        self.fee_mille = fee_mille


@final
@mypyc_attr(acyclic=True)
class Measured:
    """Hold one check and whether it held."""

    __slots__ = ("check", "holds")

    def __init__(self, check: Check, holds: bool) -> None:
        self.check = check
        self.holds = holds


def units(money: Money) -> float:
    """Return money in units of its currency, for the eye."""
    return float(money) / MONEY_ONE


def share_of(equity: Money, mille: i64) -> Money:
    """Return so many thousandths of equity, rounded down; nothing of an equity that is gone."""
    return Money(equity // 1000 * mille + equity % 1000 * mille // 1000) if equity > 0 else Money(0)


def wished(request: OrderRequest, exposure: Exposure) -> Money:
    """Return the notional of a wish at its reference; ``VALUE_MAX`` where it cannot be counted: above every bound."""
    instrument = exposure.holdings[request.instrument].instrument
    if not instrument.counts(request.reference, request.lots):
        return Money(VALUE_MAX)
    return instrument.notional(request.reference, request.lots)


def mandatory_stop(request: OrderRequest) -> Measured:
    """Require a stop on the losing side of the reference price."""
    if request.side == BUY:
        holds = 0 < request.stop < request.reference
    else:
        holds = request.stop > request.reference
    return Measured(Check("risk.stop", float(request.stop), float(request.reference)), holds)


def position_cap(request: OrderRequest, exposure: Exposure, equity: Money, limits: Limits) -> Measured:
    """Bound the notional of held, open and wished together, at the price the wish was made at.

    It is measured before the order is sent. What is held may come to be worth more
    than the bound afterwards, by slippage, a gap to the fill, or a rising price.
    """
    holding = exposure.holdings[request.instrument]
    lots = Lots(holding.worst_lots() + request.lots)
    instrument = holding.instrument
    bound = share_of(equity, limits.position_mille)
    if not instrument.fits(request.reference, lots):
        return Measured(Check("risk.position_cap", float(lots), units(bound)), False)
    notional = instrument.notional(request.reference, lots)
    return Measured(Check("risk.position_cap", units(notional), units(bound)), notional <= bound)


def gross_cap(request: OrderRequest, exposure: Exposure, equity: Money, limits: Limits) -> Measured:
    """Bound the sum of all worst-case notionals with this wish added."""
    added = wished(request, exposure)
    gross = Money(exposure.gross() + added)
    bound = share_of(equity, limits.gross_mille)
    return Measured(Check("risk.gross_cap", units(gross), units(bound)), gross <= bound)


def cash(request: OrderRequest, exposure: Exposure, available: Money, limits: Limits) -> Measured:
    """Require cash for a spot purchase, its fees and slippage, and every purchase still open."""
    holding = exposure.holdings[request.instrument]
    needed: i64 = 0
    if request.side == BUY and holding.instrument.instrument_type == SPOT:
        needed = wished(request, exposure) + exposure.purchases()
        if needed >= VALUE_MAX:
            needed = VALUE_MAX  # more than any cash, whatever comes on top
        needed += share_of(Money(needed), limits.fee_mille)
    return Measured(Check("risk.cash", units(Money(needed)), units(available)), needed <= available or needed == 0)
