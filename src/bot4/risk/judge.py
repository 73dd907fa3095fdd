# SPDX-License-Identifier: Apache-2.0
"""The judge: every intent becomes Approved or Refused, with rule, measured and limit.

Entries are refused while anything says that we are not ready, then measured against
every limit, cheapest first; the first that fails refuses. Exits pass: reducing risk is
never denied. In emergency the judge itself orders every position closed, one order at a
time, and keeps doing so should one reappear (a late fill of an entry that was being
canceled) or an exit come to nothing.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.calm import Calm
from bot4.domain.event import BAR, EQUITY, INTENT, MODE, ORDER_UPDATE, POSITION, READINESS, REFUSED, Event, write_flag
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, EXIT, MARKET, OrderRequest, OrderUpdate
from bot4.domain.position import Position
from bot4.domain.readiness import Readiness
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import EMERGENCY, PAUSED, REDUCED, Approved, Check, Intent, Mode, Refused
from bot4.risk.drawdown import Ladder
from bot4.risk.exposure import Exposure, Holding, has_ended
from bot4.risk.holds import Holds
from bot4.risk.limits import Limits, Measured, cash, gross_cap, mandatory_stop, position_cap

MODE_RULES = ("risk.drawdown.recovered", "risk.drawdown.reduce", "risk.drawdown.pause", "risk.drawdown.emergency")

NOTHING_TO_EXIT: Final = "trading.nothing_to_exit"
"""The rule under which trading says that an exit found nothing held."""


@final
class Judge(Stage):
    """Answer every intent, follow the drawdown ladder, and close everything in an emergency.

    Parameters
    ----------
    instruments : sequence of Instrument
        In the order of their index.
    limits : Limits
        The bounds of an entry.
    ladder : Ladder
        The drawdown ladder, started at the account's equity.
    cash : Money
        Cash at the start.
    """

    def __init__(self, instruments: Sequence[Instrument], limits: Limits, ladder: Ladder, cash: Money) -> None:
        super().__init__((BAR, INTENT, EQUITY, POSITION, ORDER_UPDATE, REFUSED, MODE, READINESS))
        self.limits = limits
        self.ladder = ladder
        self.exposure = Exposure(instruments)
        self.holds = Holds()
        self.cash = cash
        self.emergency_exits: i64 = 0
        self.closing = [False for _ in instruments]

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Judge intents; keep equity, positions and open entries current."""
        if isinstance(event, Bar):
            self.exposure.priced(event.instrument, event.close)
        elif isinstance(event, Equity):
            self._mark(event, now, out)
        elif isinstance(event, OrderUpdate):
            self.exposure.updated(event)
            if event.purpose == EXIT and has_ended(event):
                self.closing[event.instrument] = False
        elif isinstance(event, Position):
            self._moved(event, now, out)
        elif isinstance(event, Intent):
            self._judge(event, now, out)
        elif isinstance(event, Refused):
            if event.intent_id >= 0:
                self.exposure.denied(event.instrument, event.intent_id)
            if event.rule == NOTHING_TO_EXIT:
                self.closing[event.instrument] = False
        elif isinstance(event, Mode):
            self.ladder.tighten(event.mode, now)
        elif isinstance(event, Readiness):
            self.holds.hear(event)

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Prices are kept, the last of each; equity causes nothing while it stays on its step of the ladder."""
        return calm.keep_equity(self.ladder.step_above(), self.ladder.step_most())

    def _mark(self, event: Equity, now: Nanos, out: Outbox) -> None:
        """Follow the ladder; in an emergency see to it that nothing stays held."""
        self.cash = event.cash
        before = self.ladder.mode
        if self.ladder.mark(event.equity, now):
            self._mode_changed(before, now, out)
        elif before == EMERGENCY:
            self._close_held(now, out)

    def _judge(self, intent: Intent, now: Nanos, out: Outbox) -> None:
        """Approve or refuse one intent."""
        request = intent.request
        holding = self.exposure.holdings[request.instrument]
        self.exposure.priced(request.instrument, request.reference)
        mode = self.ladder.mode
        if request.purpose != ENTER:
            out.put(Approved(now, request, mode, [Check("risk.reduces", float(request.lots), float(holding.lots))]))
            return
        not_ready = self.holds.refusing(request.instrument)
        if not_ready is not None:
            self._refuse(request, not_ready, now, out)
            return
        checks: list[Check] = []
        for measured in self._measure(request):
            checks.append(measured.check)
            if not measured.holds:
                self._refuse(request, measured.check, now, out)
                return
        if mode == REDUCED:
            half = halved(request, holding.worst_lots())
            checks.append(Check("risk.reduced_size", float(half.lots), float(request.lots)))
            if not tradable(half, holding.instrument):
                self._refuse(request, checks[-1], now, out)
                return
            request = half
        self.exposure.approved(request)
        out.put(Approved(now, request, mode, checks))

    def _measure(self, request: OrderRequest) -> list[Measured]:
        """Measure an entry against every limit."""
        ladder = self.ladder
        paused = Measured(Check("risk.mode", float(ladder.mode), float(REDUCED)), ladder.mode < PAUSED)
        return [
            paused,
            mandatory_stop(request),
            position_cap(request, self.exposure, ladder.equity, self.limits),
            gross_cap(request, self.exposure, ladder.equity, self.limits),
            cash(request, self.exposure, self.cash, self.limits),
        ]

    def _refuse(self, request: OrderRequest, check: Check, now: Nanos, out: Outbox) -> None:
        """Say no, with the limit that said it."""
        out.put(
            Refused(
                now,
                intent_id=request.intent_id,
                slot=request.slot,
                instrument=request.instrument,
                rule=check.rule,
                measured=check.measured,
                limit=check.limit,
            )
        )

    def _mode_changed(self, before: i64, now: Nanos, out: Outbox) -> None:
        """Record the step, and in an emergency close everything."""
        ladder = self.ladder
        limit = float(ladder.steps[max(int(ladder.mode), 1) - 1]) / 1000.0
        rule = MODE_RULES[ladder.mode] if ladder.mode > before else MODE_RULES[0]
        out.put(Mode(now, ladder.mode, before, rule=rule, measured=ladder.drawdown(), limit=limit))
        if ladder.mode == EMERGENCY:
            for holding in self.exposure.holdings:
                if holding.is_sellable() or holding.open_lots != 0:
                    self._close(holding, now, out)

    def _moved(self, event: Position, now: Nanos, out: Outbox) -> None:
        """Take over a position; in an emergency see to it that it is closed."""
        self.exposure.moved(event)
        if event.lots == 0:
            self.closing[event.instrument] = False
        elif self.ladder.mode == EMERGENCY and self.exposure.holdings[event.instrument].is_sellable():
            self._close(self.exposure.holdings[event.instrument], now, out)

    def _close_held(self, now: Nanos, out: Outbox) -> None:
        """Close what is still held, or held again, in an emergency."""
        for holding in self.exposure.holdings:
            if holding.is_sellable():
                self._close(holding, now, out)

    def _close(self, holding: Holding, now: Nanos, out: Outbox) -> None:
        """Order one position closed at the market, whatever its size turns out to be."""
        i = holding.instrument.index
        if self.closing[i]:
            return
        self.closing[i] = True
        self.emergency_exits += 1
        held = holding.lots if holding.lots >= 0 else -holding.lots
        worst = holding.worst_lots()
        request = OrderRequest(
            intent_id=-1 - self.emergency_exits,
            instrument=i,
            slot=-1,
            purpose=EXIT,
            order_type=MARKET,
            side=SELL if holding.lots >= 0 else BUY,
            lots=Lots(worst if worst > held else held),
            reference=holding.price,
            limit=Ticks(0),
            trigger=Ticks(0),
            stop=Ticks(0),
            target=Ticks(0),
        )
        check = Check("risk.drawdown.emergency", self.ladder.drawdown(), float(self.ladder.steps[2]) / 1000.0)
        out.put(Approved(now, request, EMERGENCY, [check]))

    def write_state(self, out: BytesWriter) -> None:
        """Write ladder, exposure, cash, which emergency exits are under way, and the holds where there are any."""
        self.ladder.write_state(out)
        self.exposure.write_state(out)
        write_i64_le(out, self.cash)
        write_i64_le(out, self.emergency_exits)
        for closing in self.closing:
            write_flag(out, closing)
        self.holds.write_state(out)


def tradable(request: OrderRequest, instrument: Instrument) -> bool:
    """Say whether the venue's smallest quantity and notional allow this size."""
    if request.lots < instrument.min_lots:
        return False
    return instrument.notional(request.reference, request.lots) >= instrument.min_notional


def halved(request: OrderRequest, held: Lots) -> OrderRequest:
    """Return the same request, so that with what is held or open already it makes half of what was wished.

    Half of the whole, not of each order: many small wishes must not add up to the full size.
    """
    half = (held + request.lots) // 2 - held
    return OrderRequest(
        intent_id=request.intent_id,
        instrument=request.instrument,
        slot=request.slot,
        purpose=request.purpose,
        order_type=request.order_type,
        side=request.side,
        lots=Lots(half if half > 0 else 0),
        reference=request.reference,
        limit=request.limit,
        trigger=request.trigger,
        stop=request.stop,
        target=request.target,
    )
