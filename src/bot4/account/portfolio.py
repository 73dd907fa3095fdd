# SPDX-License-Identifier: Apache-2.0
"""The account as a stage: it takes fills and bars, and says what we hold and what it is worth.

It trusts that each fill reaches it once (``trading`` sees to that) and knows no
order. A price is a mark, whether it is a bar's close or our own execution. A fee is an expense of its worth in
quote money, whatever paid it: cash, the base asset, or an asset that the books hold nothing else of.
"""

from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.account.ledger import Ledger
from bot4.account.positions import Holding, Positions
from bot4.account.residue import Residue
from bot4.domain.calm import Calm
from bot4.domain.event import BAR, FILL, Event, write_text
from bot4.domain.fee import NO_PAYER, PaidInKind
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

    __slots__ = ("ledger", "positions", "others", "equity", "executions", "day", "day_end_ns")

    def __init__(self, instruments: Sequence[Instrument], *, capital: Money) -> None:
        super().__init__((FILL, BAR))
        self.ledger = Ledger(capital)
        self.positions = Positions(instruments)
        self.others: dict[str, Residue] = {}
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
        return Money(self.positions.worth + self._others_worth() - self.ledger.inventory)

    def lots(self, instrument: i64) -> Lots:
        """Return the signed lots held of an instrument."""
        return self.positions.holdings[instrument].lots

    def units(self, instrument: i64) -> int:
        """Return by how much fills have changed the venue's balance of an instrument's base asset, in 1e-8 of it."""
        return self.positions.holdings[instrument].units()

    def dust(self, instrument: i64) -> int:
        """Return what of that is no whole lot."""
        dust = self.positions.holdings[instrument].dust
        return 0 if dust is None else dust.units

    def paid_in(self, asset: str) -> int:
        """Return what fees have taken of an asset that no instrument of the run trades, in 1e-8 of it."""
        other = self.others.get(asset)
        return 0 if other is None else -other.units

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take a bar or a fill."""
        if isinstance(event, Bar):
            if event.ts_known_ns > self.day_end_ns:
                self._open_day(event.ts_known_ns, now, out)
            holding = self.positions.holdings[event.instrument]
            if holding.lots == 0 and holding.dust is None:
                holding.mark = event.close
                return
            self.positions.mark(holding, event.close)
            self._value(now, out)
        elif isinstance(event, Fill):
            self._apply(event, now, out)

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Bars of the open day only move the mark; tell the others what equity follows from it."""
        holding = self.positions.holdings[instrument]
        if holding.dust is not None:
            return False  # its worth moves with the price, and is not the lots'
        calm.value(holding.instrument, holding.lots, holding.mark, self.equity)
        calm.keep_until(Nanos(self.day_end_ns))
        return True

    def write_state(self, out: BytesWriter) -> None:
        """Write the ledger, the positions, the number of executions, the open day, and what fees in kind have left."""
        self.ledger.write_state(out)
        self.positions.write_state(out)
        write_i64_le(out, self.executions)
        write_i64_le(out, self.day)
        self.positions.write_dust(out)
        for asset, other in self.others.items():
            write_i64_le(out, NO_PAYER)
            other.write_state(out)
            write_text(out, asset)

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
        if fill.in_kind is not None:
            self._pay(fill.in_kind, holding, now, out)
        out.put(Position(now, fill.instrument, holding.lots, holding.cost, holding.realised, holding.fees))
        self._value(now, out)

    def _pay(self, fee: PaidInKind, traded: Holding, now: Nanos, out: Outbox) -> None:
        """Enter a fee that cash did not pay: as an expense of what was traded, out of what its payer holds."""
        taken = fee.taken
        amount, worth = int(taken.amount), int(taken.worth)
        if taken.payer == NO_PAYER:
            gain = self.others.setdefault(taken.asset, Residue()).move(-amount, -worth)
        else:
            payer = self.positions.holdings[taken.payer]
            gain = self.positions.pay(payer, lots=fee.lots, units=amount, worth=worth)
            if fee.lots > 0 and payer is not traded:
                out.put(Position(now, taken.payer, payer.lots, payer.cost, payer.realised, payer.fees))
        traded.fees = Money(traded.fees + taken.worth)
        traded.realised = Money(int(traded.realised) + gain)
        self.ledger.post_fill(cash=Money(0), inventory=Money(gain - worth), fee=taken.worth, realised=Money(gain))

    def _others_worth(self) -> Money:
        """Return what all other assets are worth, at what they were worth when they paid: nobody marks them."""
        return Money(sum([other.cost for other in self.others.values()])) if self.others else Money(0)

    def _value(self, now: Nanos, out: Outbox) -> None:
        self.ledger.prove()
        cash = self.ledger.cash
        self.equity = Money(cash + self.positions.worth + self._others_worth())
        out.put(Equity(now, self.equity, cash))

    def _open_day(self, at: Nanos, now: Nanos, out: Outbox) -> None:
        """Close the open day, if there is one, and open that of ``at``."""
        if self.day >= 0:
            out.put(DayClosed(now, self.day, self.equity, self.ledger.cash, self.positions.exposure()))
        self.day = day_of(at)
        self.day_end_ns = (self.day + 1) * DAY_NS
