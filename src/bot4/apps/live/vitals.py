# SPDX-License-Identifier: Apache-2.0
"""What a running loop tells of itself: health, exposure and mode. Never profit or loss: it would only be watched."""

from dataclasses import dataclass

from bot4.domain.order import CANCEL_UNKNOWN, SUBMIT_UNKNOWN
from bot4.domain.verdict import SAFETY_MODES
from bot4.record.tally import Tally
from bot4.runtime.wiring import Wired


@dataclass(frozen=True, slots=True)
class Held:
    """Hold what is held of an instrument: how much, its share of equity at the last price, whether a stop covers it."""

    symbol: str
    quantity: str
    share: float
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Vitals:
    """Hold everything the view shows.

    ``holds`` are the reasons for which no new risk is taken, empty when trading;
    ``market`` and ``account`` say how each connection is; ``doubtful`` counts orders of
    unknown fate. Times are UTC ns of the venue's clock.
    """

    now_ns: int
    bar_ns: int
    mode: str
    holds: tuple[str, ...]
    market: str
    account: str
    held: tuple[Held, ...]
    gross: float
    open_orders: int
    doubtful: int
    orders: int
    fills: int
    refused: int
    note: str = ""


def vitals_of(
    wired: Wired,
    tally: Tally,
    *,
    now_ns: int,
    bar_ns: int,
    holds: tuple[str, ...],
    market: str,
    account: str,
    note: str = "",
) -> Vitals:
    """Return what stages and connections say at a moment."""
    equity = max(int(wired.portfolio.equity), 1)
    exposure = wired.judge.exposure
    held = []
    gross = 0.0
    for holding in exposure.holdings:
        instrument = holding.instrument
        lots = int(holding.lots)
        share = abs(int(instrument.notional(holding.price, holding.lots))) / equity if holding.price > 0 else 0.0
        gross += share
        if lots:
            desk = wired.trading.desks[int(instrument.index)]
            held.append(
                Held(instrument.symbol, instrument.quantity_text(holding.lots), share, desk.pair.stop is not None)
            )
    orders = wired.trading.open_orders()
    return Vitals(
        now_ns=now_ns,
        bar_ns=bar_ns,
        mode=SAFETY_MODES[int(wired.judge.ladder.mode)],
        holds=holds,
        market=market,
        account=account,
        held=tuple(held),
        gross=gross,
        open_orders=len(orders),
        doubtful=sum(order.state in (SUBMIT_UNKNOWN, CANCEL_UNKNOWN) for order in orders),
        orders=tally.orders,
        fills=tally.fills,
        refused=sum(tally.refused_by_rule().values()),
        note=note,
    )
