# SPDX-License-Identifier: Apache-2.0
"""Replay: a journal's inputs through the same engine again.

Market data comes from the data sets up to each watermark, the venue's reports
from the journal itself, so no venue is imagined here: whatever answered when the
journal was written, its words are inputs. What the engine writes is compared by
the journal it is given; this module only feeds.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import final

from bot4.domain.errors import BadInput
from bot4.domain.event import INPUTS, Event
from bot4.domain.marketdata import Bar
from bot4.domain.order import OrderWord
from bot4.domain.unsent import NOT_SENT
from bot4.insight.features import FeatureStage
from bot4.record.decode import decode, to_event
from bot4.record.format import RUN_END, WATERMARK, Record
from bot4.runtime.drive import PROGRESS_ROWS, Head, Stream
from bot4.runtime.engine import Engine


def known_bars(streams: Sequence[Stream], features: FeatureStage) -> Iterator[Event]:
    """Yield the bars of all streams in the order in which they became known."""
    heads = [Head(stream, features, ahead=True) for stream in streams]
    waiting: list[tuple[int, int, Bar]] = []
    for i, head in enumerate(heads):
        bar = head.next()
        if bar is not None:
            heapq.heappush(waiting, (int(bar.ts_known_ns), i, bar))
    while waiting:
        _, i, bar = heapq.heappop(waiting)
        yield bar
        following = heads[i].next()
        if following is not None:
            heapq.heappush(waiting, (int(following.ts_known_ns), i, following))


@final
class Replay:
    """Feed an engine from a journal's records and the data sets they refer to.

    Parameters
    ----------
    engine : Engine
        Wired as when the journal was written, with a gateway that drops commands.
    inputs : iterator of Event
        The market data of the data sets as it became known: :func:`known_bars`, or a
        tick feed's ``events``.
    advance : callable
        Told the rows consumed, every ``PROGRESS_ROWS`` rows.
    """

    def __init__(self, engine: Engine, inputs: Iterator[Event], advance: Callable[[int], None]) -> None:
        self.engine = engine
        self.advance = advance
        self.inputs = inputs
        self.rows = 0

    def run(self, records: Iterable[Record], place: str) -> None:
        """Feed every input of the journal, in its order.

        Raises
        ------
        BadInput
            If the data sets end before the journal says they were consumed.
        """
        for record in records:
            kind = record.kind
            if kind == WATERMARK:
                self._consume(int(str(decode(record)["row"])) + 1, place)
            elif kind in INPUTS:
                report = to_event(record)
                if isinstance(report, OrderWord) and report.reason == NOT_SENT:
                    continue  # the engine says it again by itself
                at = report.ts_known_ns if report.ts_known_ns > self.engine.now else self.engine.now
                self.engine.process(report, at)
            elif kind == RUN_END:
                self._consume(int(str(decode(record)["rows"])), place)

    def _consume(self, rows: int, place: str) -> None:
        """Feed market data until so many rows were consumed in all."""
        while self.rows < rows:
            event = next(self.inputs, None)
            if event is None:
                raise BadInput(
                    place,
                    f"refers to row {rows - 1}",
                    f"the {self.rows} rows of its data sets",
                    "Give the data the journal was written over (--bars or --ticks).",
                    "data_too_short",
                )
            self.engine.feed(event, self.rows, event.ts_known_ns)
            self.rows += 1
            if self.rows % PROGRESS_ROWS == 0:
                self.advance(self.rows)
