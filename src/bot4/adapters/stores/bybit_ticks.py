# SPDX-License-Identifier: Apache-2.0
"""Read recordings of Bybit's book: a snapshot and its changes, one message a line, the JSON alone."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Annotated, final

import msgspec

from bot4.adapters.net.undecodable import FAULTS, complaint
from bot4.adapters.stores.recorded_lines import Levels, numbered_lines
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.market.bars import SOURCE_SHIFT
from bot4.market.books.rules import PLAIN_RULE
from bot4.market.faults import UNKNOWN_SYMBOL, FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import MILLI_NS, MILLI_RANGE, STAMP_MISSING
from bot4.market.tick_reader import HEAD_LINES, PIECE_MESSAGES, TextTicks, TickReader
from bot4.market.tick_tables import TickTable
from bot4.market.tick_validation import TickCheck

Millis = Annotated[int, msgspec.Meta(ge=0, lt=MILLI_RANGE[1])]
Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class BybitData(msgspec.Struct, gc=False):
    """Read the book of a Bybit message."""

    symbol: str = msgspec.field(name="s")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")
    update_id: Number = msgspec.field(name="u")


class BybitMessage(msgspec.Struct, gc=False):
    """Read a line of Bybit."""

    type: str
    data: BybitData
    sent_ms: Millis = msgspec.field(name="ts")
    at_ms: Millis = msgspec.field(default=0, name="cts")


@final
class BybitLines(TickReader):
    """Read one recording of Bybit's book: a snapshot and its changes, the JSON alone.

    ``cts`` is the matching engine's stamp, ``ts`` when it was sent: the recorder's clock is not in the file.
    """

    def __init__(self, path: Path, symbol: str) -> None:
        self.name = str(path)
        self.format = "bybit_l2"
        self.venue = "bybit"
        self.clock_note = "no receive clock in the file: known when the venue sent it"
        self._path = path
        self._symbol = symbol.upper()
        self._decoder = msgspec.json.Decoder(BybitMessage)

    def rows_hint(self) -> int:
        """Return the number of lines."""
        return sum(1 for _ in numbered_lines(self._path))

    def steps(self) -> tuple[Decimal, Decimal] | None:
        """Return None: a websocket does not tell its steps."""
        return None

    def first_price(self) -> Decimal:
        """Return the best bid of the first message.

        Raises
        ------
        BadInput
            If there is none.
        """
        for _, line in islice(numbered_lines(self._path), HEAD_LINES):
            try:
                return Decimal(self._decoder.decode(line).data.bids[0][0])
            except (IndexError, InvalidOperation, *FAULTS):
                continue
        raise BadInput(self.name, "no price in its first lines", "messages of a book", "Give another file.", "empty")

    def tables(self, instrument: Instrument, file: int, log: FaultLog, fates: Fates) -> Iterator[TickTable]:
        """Read the file from its begin."""
        check = TickCheck(int(instrument.index), PLAIN_RULE, log, fates)
        ticks = TextTicks(instrument, check)
        for number, line in numbered_lines(self._path):
            source = file << SOURCE_SHIFT | number
            try:
                message = self._decoder.decode(line)
            except FAULTS as error:
                ticks.unreadable("line", source, STAMP_MISSING, f"no message of a book: {complaint(error)}")
                continue
            what = "snapshot" if message.type == "snapshot" else "delta"
            data = message.data
            at_ns = (message.at_ms or message.sent_ms) * MILLI_NS
            if data.symbol.upper() != self._symbol:
                ticks.check.aside(what, UNKNOWN_SYMBOL, source, at_ns, f"symbol {data.symbol!r}")
                continue
            ids = (data.update_id, data.update_id, -1)
            ticks.levels(what, source, (at_ns, message.sent_ms * MILLI_NS), ids, data.bids, data.asks)
            if number % PIECE_MESSAGES == 0:
                log.settle()
                yield check.ready()
        log.settle()
        yield check.finish()
