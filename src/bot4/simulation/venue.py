# SPDX-License-Identifier: Apache-2.0
"""The simulated venue: orders in, reports out, driven by bars.

What it assumes, each point decided against us where a bar does not tell:

- *No market impact.* Our orders change no price. In exchange all our orders in
  one instrument together get at most ``floor(volume * participation)`` lots of a
  bar, over its open and its inside; the rest goes on working. A bar without
  volume trades nothing and sets off nothing.
- *Latency* is one constant for every command and none for reports. What has
  arrived by a bar's open takes part in that bar; what arrives later waits for
  the next one. A cancel takes effect when it arrives: before the inside of a bar
  under way, not before what traded at its open.
- *Market orders* trade at the open of the next existing bar, moved against us by
  ``slippage`` and rounded against us to a tick. They do not expire: what a bar's
  volume leaves open trades at the following opens, at their prices.
- *Post-only* orders are decided at the first open they meet: better than it, they
  would take, and expire; else they rest, and whatever trades later is theirs as
  maker at their limit, a gap included. *Immediate-or-cancel* orders trade at the
  first open they meet, like limit orders there, and what is left expires;
  *fill-or-kill* orders likewise, but only if the bar's share is enough for all.
- *Stops* compare with every trade: reached at the open, they trade there (through
  a gap at the worse price), else at the trigger; plus slippage. What is left
  works on as a market order.
- *Limit orders* that rest trade at their limit, as maker, once the bar trades
  through it; a touch is no fill. One that is better than the open takes the
  open, as taker, with slippage but never beyond its limit.
- *Stop-limits* reached at the open are limit orders from there. Reached inside a
  bar they trade in it only if its close, the one price surely traded after, is
  better than the limit; then at the limit, as taker.
- *Inside one bar* every stop comes before every limit: a stop before its target.
  Otherwise orders come in order of arrival.
- *One cancels the other* at the trigger or the first fill of either leg, even a
  partial fill; the venue does it in the same moment.
- *Reduce-only* orders are cut to the position when they trade and end when there
  is nothing left to reduce.
- *Money.* One currency. Spot neither goes short nor spends more than the cash
  there is: named prices are judged on arrival, and everything is cut to the
  balance when it trades. A market order has no price of its own, so what needs
  one is judged at the first open it meets. A linear perpetual is accounted like
  spot that may go short: a short sale credits its notional to cash. Margin,
  funding and liquidation are not modelled, and its orders are not checked
  against cash.
- *Fees* are in quote money by the tier in force, rounded up.
"""

from collections import deque
from collections.abc import Sequence
from typing import final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

from bot4.domain.calm import Calm
from bot4.domain.errors import BadInput, OurFault
from bot4.domain.event import CANCEL, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar
from bot4.domain.order import OrderWord, Submit
from bot4.domain.ports import Gateway
from bot4.domain.values import RATE_ONE, Money, Nanos
from bot4.simulation.fees import FeeSchedule
from bot4.simulation.ledger import VenueLedger, VenueStatement
from bot4.simulation.matching import Matcher
from bot4.simulation.orders import InFlight


@final
class SimulatedVenue(Gateway):
    """Answer commands with reports, given the bars: see the head of this module for what is assumed.

    The runtime drives it. While ``busy`` is false every call but :meth:`send`
    may be left out. For each bar of the merged stream: :meth:`open_bar` at the
    bar's ``open_ns``, :meth:`trade_bar` at its ``ts_known_ns``, and after either
    every report from :meth:`next_report` is handed on before the next call, so
    that an order caused by a fill at the open can work inside the same bar.
    :meth:`advance` delivers what has arrived when no bar does; while ``has_news`` is
    false, nothing is on its way or waits to be handed on.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    cash : Money
        What the account holds at the start, in quote money.
    fees : FeeSchedule, optional
        Default 0.10 % for maker and taker.
    slippage : int
        What a taker loses to the spread, in 1 / ``RATE_ONE`` of the price; default 1 bp.
    latency_ns : int
        From ``send`` to arrival.
    participation : int
        Largest share of a bar's volume that is ours, in 1 / ``RATE_ONE``; default 0.10.

    Raises
    ------
    BadInput
        If a rate or the latency is out of range.
    """

    __slots__ = (
        "busy",
        "has_news",
        "latency_ns",
        "ledger",
        "matcher",
        "in_flight",
    )

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        cash: Money,
        fees: FeeSchedule | None = None,
        slippage: i64 = 10_000,
        latency_ns: i64 = 0,
        participation: i64 = RATE_ONE // 10,
    ) -> None:
        if not 0 <= slippage < RATE_ONE or latency_ns < 0 or not 0 < participation <= RATE_ONE:
            raise BadInput(
                "simulated venue",
                f"slippage {int(slippage) / RATE_ONE:g}, latency {int(latency_ns)} ns, "
                f"participation {int(participation) / RATE_ONE:g}",
                "slippage from 0 and below 1, latency from 0, participation above 0 and at most 1",
                "Correct the simulation's settings.",
            )
        self.busy = False
        self.has_news = False
        self.latency_ns: i64 = latency_ns
        self.ledger = VenueLedger(cash, len(instruments), fees or FeeSchedule())
        self.matcher = Matcher(instruments, self.ledger, slippage=slippage, participation=participation)
        self.in_flight: deque[InFlight] = deque()

    def send(self, command: Event, now: Nanos) -> None:
        """Put a ``Submit`` or a cancel command on its way.

        Raises
        ------
        OurFault
            If the event is no command.
        """
        if not isinstance(command, Submit) and command.kind != CANCEL:
            raise OurFault(f"event kind {int(command.kind)} is no command")
        self.in_flight.append(InFlight(Nanos(now + self.latency_ns), command))
        self.has_news = True
        self.busy = True

    def advance(self, now: Nanos) -> None:
        """Deliver the commands that have arrived by ``now``, in order; each answer bears the moment of arrival."""
        if self.in_flight:
            self._deliver(Nanos(now + 1))
            self._settle()

    def open_bar(self, bar: Bar) -> None:
        """Trade what had arrived by the bar's open at the open."""
        if self.in_flight:
            self._deliver(Nanos(bar.open_ns + 1))
            self._settle()
        working = self.matcher.working[bar.instrument]
        if (working.below < bar.open < working.above) or bar.volume == 0:
            return
        self.matcher.trade_open(bar)
        self._settle()

    def trade_bar(self, bar: Bar) -> None:
        """Trade inside the bar what had arrived by its open: the stops, then the limits."""
        if self.in_flight:
            self._deliver(bar.ts_known_ns)
            self._settle()
        working = self.matcher.working[bar.instrument]
        if (working.below < bar.low and bar.high < working.above) or bar.volume == 0:
            return
        self.matcher.trade_inside(bar)
        self._settle()

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Nothing trades while nothing is on its way and no price reaches an order."""
        working = self.matcher.working[instrument]
        calm.keep_between(working.below, working.above)
        return not self.has_news

    def next_report(self) -> Event | None:
        """Return the oldest report not yet handed on, or None."""
        reports = self.matcher.clerk.reports
        if not reports:
            return None
        report = reports.popleft()
        if not reports:
            self._settle()
        return report

    def statement(self) -> VenueStatement:
        """Return what the venue holds to be true now."""
        return self.matcher.clerk.statement()

    def write_state(self, out: BytesWriter) -> None:
        """Write the ledger, each instrument's orders, what is in flight, and the reports not yet handed on."""
        self.ledger.write_state(out)
        for working in self.matcher.working:
            working.write_state(out)
        write_i64_le(out, len(self.in_flight))
        for item in self.in_flight:
            item.write_state(out)
        write_i64_le(out, len(self.matcher.clerk.reports))
        for report in self.matcher.clerk.reports:
            write_i64_le(out, report.kind)
            report.write(out)

    def _settle(self) -> None:
        self.has_news = bool(self.in_flight) or bool(self.matcher.clerk.reports)
        self.busy = self.has_news or bool(self.matcher.clerk.claims.open)

    def _deliver(self, before: Nanos) -> None:
        """Hand over the commands that arrive strictly before a moment."""
        while self.in_flight and self.in_flight[0].arrives_ns < before:
            item = self.in_flight.popleft()
            command = item.command
            if isinstance(command, Submit):
                self.matcher.take(command, item.arrives_ns)
            elif isinstance(command, OrderWord):
                self.matcher.take_cancel(command, item.arrives_ns)
