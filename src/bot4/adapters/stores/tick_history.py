# SPDX-License-Identifier: Apache-2.0
"""The recorded ticks of one symbol, and of all symbols of a run: files as one stream in the exchange's order.

Read twice, as bars are: :meth:`TickHistory.survey` counts, hashes and reports,
:class:`MergedTicks` gives the same messages again to the run.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, final

import numpy as np

from bot4.adapters.stores.bybit_ticks import BybitLines
from bot4.adapters.stores.columns import check_readable
from bot4.adapters.stores.history import FileNote, Survey
from bot4.adapters.stores.recorded_lines import numbered_lines
from bot4.adapters.stores.tick_parquet import OwnTicks, own_metadata
from bot4.adapters.stores.tick_trades import TableTicks
from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.tick_block import TickBlock
from bot4.market.faults import FaultLog
from bot4.market.quality import Fates
from bot4.market.rows import STAMP_MISSING
from bot4.market.tick_reader import TickReader, receive_stamp
from bot4.market.tick_tables import END, EVENT_NS, TickTable, cut_tables, merge_tables

HASHED: Final = (0, 2, 3, 4, 5)
"""The columns of messages that are hashed as they are: not the instrument's place, not where rows end in a piece."""

LINES_LOOKED_AT: Final = 16
"""What a file is may be told by any of so many: the first may be garbage, which a reader sets aside and counts."""

BYBIT: Final = b'{"topic":"orderbook'


@dataclass(frozen=True, slots=True)
class TickSurvey(Survey):
    """Sum up one full reading of ticks.

    ``rows`` counts the messages of the files, ``bars`` those of the stream; ``fates``
    tells by kind what became of each message, ``clocks`` what was done to the clocks
    of each file that needed it.
    """

    fates: dict[str, dict[str, int]]
    clocks: tuple[str, ...]


@final
class TickHistory:
    """Read the ticks of one symbol from one or more files, merged by the exchange's clock.

    Parameters
    ----------
    symbol : str
        The symbol of the run.
    readers : sequence of TickReader
        Its files.
    instrument : Instrument
        Its tick, lot and index.
    interval_ns : int
        The length of the bars that are built of its trades.
    strict : bool
        Whether a fault that changes or sets aside a message ends the reading.
    """

    def __init__(
        self,
        symbol: str,
        readers: Sequence[TickReader],
        instrument: Instrument,
        interval_ns: int,
        *,
        strict: bool = False,
    ) -> None:
        self.symbol = symbol
        self.instrument = instrument
        self.interval_ns = interval_ns
        self.strict = strict
        self._readers = list(readers)

    @property
    def is_inverse(self) -> bool:
        """Say whether these are contracts settled in coin."""
        return any(one.format == COIN_FORMAT for one in self._readers)

    def total_rows_hint(self) -> int:
        """Return about how many messages the files hold."""
        return sum(reader.rows_hint() for reader in self._readers)

    def survey(self, on_rows: Callable[[int], None] | None = None) -> TickSurvey:
        """Read everything once; return what was found.

        Raises
        ------
        BadInput
            If a file cannot be read, holds no ticks, or, reading strictly, at the first fault.
        """
        log, fates = self._log(), Fates()
        digest = _Digest(self)
        messages, first, last = 0, 0, 0
        for table in merge_tables(self._streams(log, fates)):
            if len(table) == 0:
                continue
            first = first if messages else int(table.messages[EVENT_NS, 0])
            last = int(table.messages[EVENT_NS, -1])
            messages += len(table)
            digest.update(table)
            if on_rows is not None:
                on_rows(sum(fates.counts.values()))
        log.settle()
        if messages == 0:
            raise BadInput(
                self._readers[0].name, "no tick that can be used", "at least one", "See bot4 data check.", "no_ticks"
            )
        return TickSurvey(
            symbol=self.symbol,
            interval_ns=self.interval_ns,
            source_interval_ns=0,
            rows=sum(fates.counts.values()),
            bars=messages,
            first_open_ns=first,
            last_known_ns=last,
            faults=log.report(),
            sha256=digest.hexdigest(),
            files=tuple(FileNote(one.name, one.format, one.rows_hint(), ()) for one in self._readers),
            fates=fates.table(),
            clocks=tuple(f"{one.name}: {one.clock_note}" for one in self._readers if one.clock_note),
        )

    def tables(self) -> Iterator[TickTable]:
        """Read everything again, in the order of the exchange's clock."""
        return merge_tables(self._streams(self._log(), Fates()))

    def _log(self) -> FaultLog:
        """Return a log for one reading."""
        return FaultLog([reader.name for reader in self._readers], strict=self.strict)

    def _streams(self, log: FaultLog, fates: Fates) -> list[Iterable[TickTable]]:
        """Return the messages of each file."""
        return [whole(one.tables(self.instrument, i, log, fates)) for i, one in enumerate(self._readers)]


def whole(tables: Iterable[TickTable]) -> Iterator[TickTable]:
    """Yield the pieces that hold something."""
    return (table for table in tables if len(table))


@final
class MergedTicks:
    """Give the ticks of all symbols of a run as one stream of blocks; equal stamps in the order of symbols."""

    def __init__(self, histories: Sequence[TickHistory]) -> None:
        self._histories = list(histories)

    def blocks(self) -> Iterator[TickBlock]:
        """Return the blocks from the first on."""
        merged = merge_tables([whole(history.tables()) for history in self._histories])
        return (table.block() for table in cut_tables(merged))


@final
class _Digest:
    """Hash messages and rows column by column, so that the cuts between pieces leave no trace."""

    def __init__(self, history: TickHistory) -> None:
        tick, lot = history.instrument.tick_size.normalize(), history.instrument.lot_size.normalize()
        self._header = f"ticks {history.symbol} {history.interval_ns} {tick} {lot}"
        self._columns = [sha256() for _ in range(len(HASHED) + 4)]

    def update(self, table: TickTable) -> None:
        """Take the next messages."""
        sizes = np.diff(table.messages[END], prepend=0)
        columns = [*(table.messages[place] for place in HASHED), sizes, *table.rows]
        for column, hasher in zip(columns, self._columns, strict=True):
            hasher.update(np.ascontiguousarray(column, dtype="<i8").data)

    def hexdigest(self) -> str:
        """Return the hash of all messages taken."""
        told = sha256(self._header.encode())
        for hasher in self._columns:
            told.update(hasher.digest())
        return told.hexdigest()


def is_raw_traffic(path: Path) -> bool:
    """Say whether a file is raw traffic: lines of a local time in ns and a message. Which venue's, its dialect says.

    Raises
    ------
    BadInput
        If it is missing or unreadable.
    """
    check_readable(path)
    return any(_is_traffic(line) for _, line in islice(numbered_lines(path), LINES_LOOKED_AT))


def _is_traffic(line: bytes) -> bool:
    """Say whether a line is one of raw traffic."""
    stamp, _, message = line.partition(b" ")
    return message.startswith(b"{") and receive_stamp(stamp) != STAMP_MISSING


def open_tick_file(path: Path, symbol: str) -> TickReader:
    """Return the reader for a file of ticks that is no raw traffic, by what is in it.

    Raises
    ------
    BadInput
        If it is missing, unreadable or empty, or holds no ticks of a known kind.
    """
    check_readable(path)
    with path.open("rb") as file:
        magic = file.read(4)
    if not magic:
        raise BadInput(str(path), "an empty file", "a file of ticks", "Give a file that holds ticks.", "empty")
    if magic == b"PAR1":
        noted = own_metadata(str(path))
        return OwnTicks(path, noted) if noted else TableTicks(path, is_parquet=True)
    if any(line.lstrip().startswith(BYBIT) for _, line in islice(numbered_lines(path), LINES_LOOKED_AT)):
        return BybitLines(path, symbol)
    return TableTicks(path, is_parquet=False)


def symbol_in(path: Path) -> str:
    """Return the symbol a file of bot4's own ticks names, empty for any other file."""
    if not path.is_file() or path.stat().st_size < 8:
        return ""
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return ""
    return own_metadata(str(path)).get("symbol", "")


def steps_of(readers: Sequence[TickReader]) -> dict[str, object]:
    """Return what a symbol's files say of its instrument, as keys of a configuration.

    Raises
    ------
    BadInput
        If two files were written with other steps.
    """
    told = [steps for one in readers if (steps := one.steps()) is not None]
    if any(one != told[0] for one in told):
        raise BadInput(
            readers[0].name, "other ticks or lots than another file", "one tick and lot", "Write them again.", "steps"
        )
    for tick, lot in told:
        return {"tick_size": f"{tick:f}", "lot_size": f"{lot:f}"}
    if any(one.format == COIN_FORMAT for one in readers):
        return COIN_FUTURES
    return {}


COIN_FORMAT: Final = "binance_cm_l2"
COIN_FUTURES: Final[dict[str, object]] = {"base": "BTC", "quote": "USD", "tick_size": "0.1", "lot_size": "0.01"}
"""Enough to look at a recording of coin futures, in hundredths of a contract; no run may trade them."""
