# SPDX-License-Identifier: Apache-2.0
"""The simulated venue over trades, quotes and books: orders in, reports out, at the exchange's time.

What it assumes, each point decided against us where the recording does not tell:

- *No market impact.* Our orders change nothing that others do. But no lot is given
  twice: see consumption.
- *Time.* A command arrives at the exchange its entry latency after we sent it, a
  report reaches us its response latency after it was written, and nothing
  overtakes on either way. What arrives at the very moment of a market event comes
  after it.
- *The market* of an instrument is its book if the feed has one; quotes of such an
  instrument change nothing. Else it is the last quote, a book of one level a side.
  Else it is the last trade: a taker gets its price moved against him by
  ``slippage`` and rounded against him to a tick, and of its volume what no other
  order of ours had.
- *Market orders* walk the book, level by level. What finds no lots waits and tries
  again at each following event; it does not expire. They have no price of their
  own: what needs one is judged at the first price they meet.
- *Consumption.* Lots that we took of a level stay taken as long as the feed goes
  on showing them: of a level that shows ``n`` lots of which we took ``t``, ``n - t``
  are left, and ``t`` falls only where ``n`` falls under it. So lots that the feed
  adds can be taken, and a level that vanished and came back is new. A snapshot
  speaks of every level, a delta of those it names; a quote of the level it names
  and of every better price, where nothing is left.
- *A late book.* Trades come before the delta that shows what they did. Until the
  feed speaks of the book again, no bid above a sale's price is there any more, no
  ask under a purchase's, and at that price as many lots less as were traded. A
  trade of unknown side may have met either.
- *A crossed book*, best bid at or above best ask, gives nothing to takers until it
  uncrosses; it is counted. Trades still fill what rested.
- *Limit orders* take what is within their limit at the levels' prices, as taker;
  the rest joins the queue at the limit behind all that is displayed there. In
  front of it stands nobody at a price better than the best or at an empty price
  that the snapshot covers; where nobody can tell, it counts as the end of an
  endless queue until the feed shows the level. The queue model says how
  cancellations move it up; nobody joins ahead.
- *Post-only* orders that could take on arrival expire; else they rest.
  *Immediate-or-cancel* orders take what one draw of the fill model grants, and the
  rest expires. *Fill-or-kill* orders take all, whatever the fill model grants, if
  their limit reaches so many lots; else they expire.
- *Passive fills* come from trades. A sale under our bid fills it whatever its
  queue; one at our bid first serves those ahead, then us; at the same price our
  orders come by arrival. All together get at most the trade's volume. Trades of
  the other side do nothing. Also, lots that the book shows at or through our limit
  on the other side meet us: they would have met our order on arrival. Either way
  the price is our limit, as maker.
- *Stops* are set off by trades at or through the trigger, the nearest trigger
  first; by the price they would have to take while the instrument has not traded
  at all. A stop that arrives after its trigger was reached goes off at once. From
  there it is a market or limit order, under the rule of the late book: it gets no
  price better than the trade that set it off.
- *At one trade* resting orders come before stops, for they were in the book.
- *Pieces.* The fill model may grant an order fewer lots than there are, in several
  executions; what it leaves works on. What a limit order left of its crossing of
  the book rests, and later trades as maker.
- *One cancels the other*, *reduce-only*, *money* and *fees* are as in
  ``simulation/venue.py``. Our own orders do not trade with each other.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from bot4.domain.errors import BadInput, OurFault
from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT, CANCEL, TRADE, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import BookLevels, Quote, Trade
from bot4.domain.order import OrderWord, Submit
from bot4.domain.ports import Gateway
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import RATE_ONE, Lots, Money, Nanos, Ticks
from bot4.simulation.book.fills import FillModel, Pieces
from bot4.simulation.book.latency import ENTRY, RESPONSE, Latency, Line
from bot4.simulation.book.matching import BookMatcher
from bot4.simulation.book.queues import QueueModel, RiskAverse
from bot4.simulation.book.shelf import first_met
from bot4.simulation.book.side import WINDOW
from bot4.simulation.fees import FeeSchedule
from bot4.simulation.ledger import VenueLedger, VenueStatement
from bot4.simulation.orders import InFlight

NEVER: Final = (1 << 63) - 1
"""The moment of no report."""


@final
class TickVenue(Gateway):
    """Answer commands with reports, given trades, quotes and books: see the head of this module.

    The runtime drives it by the exchange's clock: :meth:`observe` for every market
    event in the exchange's order or :meth:`read` for a stretch of them,
    :meth:`advance` to let commands arrive when no event does, :meth:`next_report`
    by our own clock.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    cash : Money
        What the account holds at the start, in quote money.
    fees : FeeSchedule, optional
        Default 0.10 % for maker and taker.
    latency : Latency, optional
        Default none. The feed's part is for whoever stamps the market events.
    queue : QueueModel, optional
        Default :class:`RiskAverse`.
    fill : FillModel, optional
        Default one piece of everything.
    slippage : int
        What a taker loses where only trades are known, in 1 / ``RATE_ONE``; default 1 bp.
    seed : int
        Of the draws of latency and pieces; each has a stream of its own.
    window : int
        Ticks around the best that the ladders keep at hand: speed only.

    Attributes
    ----------
    busy : bool
        Whether a command is under way to the venue or a report from it. Where none
        is, only a market event can bring the next.

    Raises
    ------
    BadInput
        If the slippage is out of range.
    """

    __slots__ = ("busy", "ledger", "matcher", "in_flight", "entry", "response", "reports", "now")

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        cash: Money,
        fees: FeeSchedule | None = None,
        latency: Latency | None = None,
        queue: QueueModel | None = None,
        fill: FillModel | None = None,
        slippage: i64 = 10_000,
        seed: int = 0,
        window: i64 = WINDOW,
    ) -> None:
        if not 0 <= slippage < RATE_ONE:
            raise BadInput(
                "tick venue",
                f"slippage {int(slippage) / RATE_ONE:g}",
                "from 0 and below 1",
                "Correct the simulation's settings.",
            )
        latency = latency or Latency()
        self.busy = False
        self.ledger = VenueLedger(cash, len(instruments), fees or FeeSchedule())
        self.matcher = BookMatcher(
            instruments,
            self.ledger,
            queue=queue or RiskAverse(),
            pieces=Pieces(fill or FillModel(), seed),
            slippage=slippage,
            window=window,
        )
        self.in_flight: deque[InFlight] = deque()
        self.entry = Line(latency.entry, seed, ENTRY)
        self.response = Line(latency.response, seed, RESPONSE)
        self.reports: deque[Event] = deque()
        self.now = Nanos(0)

    def send(self, command: Event, now: Nanos) -> None:
        """Put a ``Submit`` or a cancel command on its way.

        Raises
        ------
        OurFault
            If the event is no command.
        """
        if not isinstance(command, Submit) and command.kind != CANCEL:
            raise OurFault(f"event kind {int(command.kind)} is no command")
        self.in_flight.append(InFlight(self.entry.carry(now), command))
        self.busy = True

    def observe(self, event: Event) -> None:
        """Take in one market event at its exchange time, after every command that arrived before it.

        Raises
        ------
        OurFault
            If the event is no trade, quote or book.
        """
        at = event.ts_event_ns
        if self.in_flight:
            self._deliver(at)
        if at > self.now:
            self.now = at
        else:
            at = self.now
        self._take_in(event, at)
        if self.busy or self.matcher.clerk.reports:
            self._settle()

    def read(self, block: TickBlock, begin: i64, *, through: i64, before: Nanos) -> i64:
        """Take in the messages of a block from ``begin`` on: as :meth:`observe`, without an event for any.

        It ends after the message at which the venue wrote a report, if there is one.

        Parameters
        ----------
        through : int
            Messages up to this one, whatever their time; and after it
        before : Nanos
            those that happened before this moment.

        Returns
        -------
        int
            The first message not taken in.

        Raises
        ------
        OurFault
            If a command or a report is under way: then messages are observed one by one.
        """
        if self.busy:
            raise OurFault("read() while a command or a report is under way")
        matcher = self.matcher
        written = matcher.clerk.reports
        kinds, instruments, stamps, ends = block.kinds, block.instruments, block.event_ns, block.ends
        sides, prices, sizes = block.sides, block.prices, block.lots
        now = self.now
        k = begin
        start: i64 = read_i64_le(ends, 8 * k - 8) if k > 0 else 0
        size = block.size
        while k < size:
            at = read_i64_le(stamps, 8 * k)
            if k > through and at >= before:
                break
            if at > now:
                now = Nanos(at)
            kind = read_i64_le(kinds, 8 * k)
            index = read_i64_le(instruments, 8 * k)
            end = read_i64_le(ends, 8 * k)
            row = 8 * start
            if kind == BOOK_DELTA or kind == BOOK_SNAPSHOT:
                has_met = matcher.read_book(kind, index, sides, prices, sizes, start, end, now)
            elif kind == TRADE:
                side, price = read_i64_le(sides, row), Ticks(read_i64_le(prices, row))
                has_met = matcher.read_trade(index, side, price, Lots(read_i64_le(sizes, row)), now)
            else:
                has_met = self._take_in(block.event(k, now), now)
            k += 1
            start = end
            if has_met and written:
                self._settle()
                break
        self.now = now
        return k

    def silent_until(self, block: TickBlock, begin: i64, end: i64) -> i64:
        """Return the first message of a stretch of a block that may bring a report, ``end`` where none can.

        It holds for the messages that the venue reads next, while no command is under
        way: up to there it need not have read a message before the engine is fed it.
        """
        return first_met(self.matcher.shelves, block, begin, end)

    def advance(self, at: Nanos) -> None:
        """Let the exchange's time move on: what has arrived by ``at`` is taken, each at its own moment."""
        if self.in_flight:
            self._deliver(Nanos(at + 1))
            self._settle()

    def next_report(self, now: Nanos) -> Event | None:
        """Return the oldest report that has reached us by ``now``, or None."""
        reports = self.reports
        if not reports or reports[0].ts_known_ns > now:
            return None
        report = reports.popleft()
        if not reports:
            self._settle()
        return report

    def next_known_ns(self) -> Nanos:
        """Return when the oldest report reaches us, the largest int64 where there is none."""
        return self.reports[0].ts_known_ns if self.reports else Nanos(NEVER)

    def statement(self) -> VenueStatement:
        """Return what the venue holds to be true now."""
        return self.matcher.clerk.statement()

    def write_state(self, out: BytesWriter) -> None:
        """Write ledger, markets, orders, what is in flight, the reports not handed on, and the place in each stream."""
        self.ledger.write_state(out)
        for market in self.matcher.markets:
            market.write_state(out)
        for shelf in self.matcher.shelves:
            shelf.write_state(out)
        write_i64_le(out, len(self.in_flight))
        for item in self.in_flight:
            item.write_state(out)
        write_i64_le(out, len(self.reports))
        for report in self.reports:
            write_i64_le(out, report.kind)
            write_i64_le(out, report.ts_known_ns)
            report.write(out)
        write_i64_le(out, self.now)
        self.entry.write_state(out)
        self.response.write_state(out)
        self.matcher.pieces.write_state(out)

    def _take_in(self, event: Event, at: Nanos) -> bool:
        """Let the matcher read one event; say whether any order met it."""
        matcher = self.matcher
        if isinstance(event, BookLevels):
            sides, prices, lots = event.sides, event.prices, event.lots
            return matcher.read_book(event.kind, event.instrument, sides, prices, lots, event.begin, event.end, at)
        if isinstance(event, Trade):
            return matcher.read_trade(event.instrument, event.side, event.price, event.lots, at)
        if isinstance(event, Quote):
            return matcher.read_quote(event.instrument, event.bid, event.bid_lots, event.ask, event.ask_lots, at)
        raise OurFault(f"event kind {int(event.kind)} is no tick")

    def _deliver(self, before: Nanos) -> None:
        """Hand over the commands that arrive strictly before a moment."""
        while self.in_flight and self.in_flight[0].arrives_ns < before:
            item = self.in_flight.popleft()
            command = item.command
            at = item.arrives_ns if item.arrives_ns > self.now else self.now
            self.now = at
            if isinstance(command, Submit):
                self.matcher.take(command, at)
            elif isinstance(command, OrderWord):
                self.matcher.take_cancel(command, at)

    def _settle(self) -> None:
        """Put what the clerk wrote on its way to us, and see whether anything is under way either way."""
        written = self.matcher.clerk.reports
        while written:
            report = written.popleft()
            report.ts_known_ns = self.response.carry(report.ts_event_ns)
            self.reports.append(report)
        self.busy = bool(self.in_flight) or bool(self.reports)
