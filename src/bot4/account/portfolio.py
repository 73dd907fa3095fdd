# SPDX-License-Identifier: Apache-2.0
"""The account as a stage: it takes fills and bars, and says what we hold and what it is worth.

It trusts that each fill reaches it once (``trading`` sees to that) and knows no
order. A price is a mark, whether it is a bar's close or our own execution.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.account.ledger import Ledger
from bot4.account.positions import Positions
from bot4.domain.calm import Calm
from bot4.domain.event import BAR, FILL, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import Fill
from bot4.domain.position import DayClosed, Position
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import DAY_NS, Lots, Money, Nanos, day_of


@final
class Portfolio(Stage):
    """Keep the account: consume fills and bars, emit positions, equity and closed days.

    A fill emits ``Position`` and ``Equity``. A bar emits ``Equity`` only while its
    instrument is held. The first event of a new UTC day emits ``DayClosed`` before
    anything else, for the day that was open, at the marks of that day; days
    without a bar between the two are not told of one by one.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    capital : Money
        Cash at the start, in the account's currency.
    """

    __slots__ = ("ledger", "positions", "equity", "executions", "day", "day_end_ns")

    def __init__(self, instruments: Sequence[Instrument], *, capital: Money) -> None:
        super().__init__((FILL, BAR))
        self.ledger = Ledger(capital)
        self.positions = Positions(instruments)
        self.equity = capital
        self.executions: i64 = 0
        self.day: i64 = -1
        self.day_end_ns: i64 = -1

    @property
    def cash(self) -> Money:
        """Return the cash, in the account's currency."""
        return self.ledger.cash

    @property
    def unrealised(self) -> Money:
        """Return the profit not yet realised, at the last prices, before fees."""
        return Money(self.positions.worth - self.ledger.inventory)

    def lots(self, instrument: i64) -> Lots:
        """Return the signed lots held of an instrument."""
        return self.positions.holdings[instrument].lots

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take a bar or a fill."""
        if isinstance(event, Bar):
            if event.ts_known_ns > self.day_end_ns:
                self._open_day(event.ts_known_ns, now, out)
            holding = self.positions.holdings[event.instrument]
            if holding.lots == 0:
                holding.mark = event.close
                return
            self.positions.mark(holding, event.close)
            self._value(now, out)
        elif isinstance(event, Fill):
            self._apply(event, now, out)

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Bars of the open day only move the mark; tell the others what equity follows from it."""
        holding = self.positions.holdings[instrument]
        calm.value(holding.instrument, holding.lots, holding.mark, self.equity)
        calm.keep_until(Nanos(self.day_end_ns))
        return True

    def write_state(self, out: BytesWriter) -> None:
        """Write the ledger, the positions, the number of executions and the open day."""
        self.ledger.write_state(out)
        self.positions.write_state(out)
        write_i64_le(out, self.executions)
        write_i64_le(out, self.day)

    def _apply(self, fill: Fill, now: Nanos, out: Outbox) -> None:
        if fill.ts_known_ns > self.day_end_ns:
            self._open_day(fill.ts_known_ns, now, out)
        holding = self.positions.holdings[fill.instrument]
        effect = self.positions.apply(holding, lots=Lots(fill.side * fill.lots), price=fill.price, fee=fill.fee)
        self.ledger.post_fill(
            cash=Money(-effect.notional - fill.fee),
            inventory=effect.cost,
            fee=fill.fee,
            realised=effect.realised,
        )
        self.executions += 1
        out.put(Position(now, fill.instrument, holding.lots, holding.cost, holding.realised, holding.fees))
        self._value(now, out)

    def _value(self, now: Nanos, out: Outbox) -> None:
        self.ledger.prove()
        cash = self.ledger.cash
        self.equity = Money(cash + self.positions.worth)
        out.put(Equity(now, self.equity, cash))

    def _open_day(self, at: Nanos, now: Nanos, out: Outbox) -> None:
        """Close the open day, if there is one, and open that of ``at``."""
        if self.day >= 0:
            out.put(DayClosed(now, self.day, self.equity, self.ledger.cash, self.positions.exposure()))
        self.day = day_of(at)
        self.day_end_ns = (self.day + 1) * DAY_NS
