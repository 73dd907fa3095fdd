# SPDX-License-Identifier: Apache-2.0
"""What carrying out decisions cost: the price paid against the price decided at, order by order.

An entry and an approved exit are measured against the price their decision was made at (``reference``), a stop
against its trigger, a target against its limit. An exit that nobody decided, forced where no stop can be had, has no
such price and is not measured. The *slippage* is that of the mean price; the *shortfall* has the fees in it. Both are
in basis points of what was traded at the reference: positive is worse for us. Each order is measured once, at its end,
in exact integers until the one division; what fills after its end is left out.
"""

from typing import Final, final

from librt.strings import BytesWriter

from bot4.domain.event import APPROVED, FILL, ORDER_UPDATE, REFUSED, SUBMIT, Event
from bot4.domain.instrument import Instrument
from bot4.domain.order import EXIT, FILLED, ORDER_REJECTED, Fill, OrderUpdate, Submit
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos
from bot4.domain.verdict import Approved, Refused

BP: Final = 10_000
PENDING_MAX: Final = 1024
"""So many decisions without an order yet are remembered."""


@final
class Measured:
    """Hold what one order has done so far, against its reference."""

    __slots__ = ("reference", "lots", "cost", "fees")

    def __init__(self, reference: int) -> None:
        self.reference = reference
        self.lots = 0
        self.cost = 0
        self.fees = 0


def slippage_bp(side: int, reference: int, *, lots: int, cost: int) -> float:
    """Return how much worse than a reference so many lots traded, in basis points of it.

    Parameters
    ----------
    side : int
        ``BUY`` or ``SELL``.
    reference : int
        Ticks; positive.
    lots : int
        Positive.
    cost : int
        Sum of ticks times lots.
    """
    return BP * side * (cost - reference * lots) / (reference * lots)


@final
class Shortfalls(Stage):
    """Measure each order against the price it was decided at.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.

    Attributes
    ----------
    orders : int
        How many were measured.
    """

    def __init__(self, instruments: list[Instrument]) -> None:
        super().__init__((APPROVED, REFUSED, SUBMIT, FILL, ORDER_UPDATE))
        self.orders = 0
        self._instruments = instruments
        self._decided: dict[int, tuple[int, int]] = {}
        self._open: dict[int, Measured] = {}
        self._slippage = 0.0
        self._shortfall = 0.0

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Take note of a decision, an order, a fill, or an order's end."""
        if isinstance(event, Fill):
            self._fill(event)
        elif isinstance(event, OrderUpdate):
            if FILLED <= event.state <= ORDER_REJECTED + 1:
                self._end(event)
        elif isinstance(event, Submit):
            self._submit(event)
        elif isinstance(event, Approved):
            request = event.request
            self._decided[int(request.intent_id)] = (int(request.purpose), int(request.reference))
            if len(self._decided) > PENDING_MAX:
                del self._decided[next(iter(self._decided))]
        elif isinstance(event, Refused):
            self._decided.pop(int(event.intent_id), None)

    def mean_slippage_bp(self) -> float | None:
        """Return the mean over the orders measured, None where there are none."""
        return self._slippage / self.orders if self.orders else None

    def mean_shortfall_bp(self) -> float | None:
        """Return the mean with fees over the orders measured, None where there are none."""
        return self._shortfall / self.orders if self.orders else None

    def _submit(self, event: Submit) -> None:
        """Begin to measure an order that has a reference."""
        if event.purpose > EXIT:
            reference = int(event.trigger or event.limit)
        else:
            purpose, reference = self._decided.get(int(event.intent_id), (-1, 0))
            if purpose != event.purpose:
                return
            del self._decided[int(event.intent_id)]
        if reference > 0:
            self._open[int(event.order_id)] = Measured(reference)

    def _fill(self, event: Fill) -> None:
        """Add an execution to its order."""
        one = self._open.get(int(event.order_id))
        if one is not None:
            one.lots += int(event.lots)
            one.cost += int(event.price) * int(event.lots)
            one.fees += int(event.fee)

    def _end(self, event: OrderUpdate) -> None:
        """Measure an order that has ended, if any of it traded."""
        one = self._open.pop(int(event.order_id), None)
        if one is None or one.lots == 0:
            return
        instrument = self._instruments[event.instrument]
        slippage = slippage_bp(int(event.side), one.reference, lots=one.lots, cost=one.cost)
        traded = one.reference * one.lots * int(instrument.factor_num)
        self.orders += 1
        self._slippage += slippage
        self._shortfall += slippage + BP * one.fees * int(instrument.factor_den) / traded

    def write_state(self, out: BytesWriter) -> None:
        """Write nothing: no decision rests on a figure of this."""
