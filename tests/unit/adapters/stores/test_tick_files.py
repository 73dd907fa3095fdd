# SPDX-License-Identifier: Apache-2.0
"""Files of ticks: bot4's own there and back, and recordings whose every line is accounted for."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pytest

from bot4.adapters.stores.tick_history import MergedTicks, TickHistory, TickSurvey, steps_of, symbol_in
from bot4.adapters.stores.tick_parquet import write_ticks
from bot4.apps.tick_session import open_ticks
from bot4.domain.errors import BadInput
from bot4.domain.event import BOOK_SNAPSHOT
from bot4.domain.instrument import Instrument
from bot4.domain.values import SECOND_NS
from bot4.market.tick_tables import END, EVENT_NS, KIND, KNOWN_NS, TickTable, join_tables
from tests.simulation.engine_run import coin
from tests.unit.adapters.stores.ticks_written import (
    BEHIND_NS,
    SYMBOL,
    line,
    tape_tables,
    trade_line,
    write_lines,
    write_tape,
)

T0 = 1_700_000_000_000

pytestmark = pytest.mark.requirement("DATA_001/validation")


def history(*paths: Path, instrument: Instrument | None = None, strict: bool = False) -> TickHistory:
    """Open files as one symbol's ticks."""
    readers = [open_ticks(path, SYMBOL) for path in paths]
    return TickHistory(SYMBOL, readers, instrument or coin(symbol=SYMBOL), SECOND_NS, strict=strict)


def whole(held: TickHistory) -> TickTable:
    """Read everything."""
    return join_tables(list(held.tables()))


def survey(*paths: Path, instrument: Instrument | None = None) -> TickSurvey:
    """Read everything once."""
    return history(*paths, instrument=instrument).survey()


def test_ticks_come_back_as_they_were_written(tmp_path: Path) -> None:
    """Every column of every message and row, the snapshot of nothing too; the file names its symbol and steps."""
    tables = list(tape_tables(2_500))
    lost = TickTable(tables[-1].messages[:, -1:].copy(), tables[-1].rows[:, :0])
    lost.messages[KIND] = BOOK_SNAPSHOT
    lost.messages[END] = 0
    path = tmp_path / "own.parquet"
    wanted = join_tables([*tables, lost])
    assert write_ticks(path, coin(symbol=SYMBOL), [*tables, lost]) == len(wanted)
    read = whole(history(path))
    assert (read.messages == wanted.messages).all()
    assert (read.rows == wanted.rows).all()
    assert symbol_in(path) == SYMBOL
    assert steps_of([open_ticks(path, SYMBOL)]) == {"tick_size": "0.01", "lot_size": "0.0001"}
    assert open_ticks(path, SYMBOL).first_price() == Decimal("1000.00")
    assert [one.name for one in tmp_path.iterdir()] == ["own.parquet"]


def test_the_same_ticks_have_one_hash_and_others_another(tmp_path: Path) -> None:
    """However the stream was cut; not for another seed or bar length."""
    one = survey(write_tape(tmp_path / "a.parquet", 1_500))
    again = survey(write_tape(tmp_path / "b.parquet", 1_500))
    other = survey(write_tape(tmp_path / "c.parquet", 1_500, seed=2))
    longer = TickHistory(SYMBOL, [open_ticks(tmp_path / "a.parquet", SYMBOL)], coin(symbol=SYMBOL), 2 * SECOND_NS)
    assert one.sha256 == again.sha256
    assert len({one.sha256, other.sha256, longer.survey().sha256}) == 3
    assert one.fates == {
        "delta": {"applied": 1_500},
        "quote": {"applied": 1_500},
        "snapshot": {"applied": 1},
        "trade": {"applied": 1_500},
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ts_event = ts_event - 1000000000000 WHERE message = 900", "steps back"),
        ("price = 0 WHERE message = 900", "price or quantity"),
        ("lots = -1 WHERE message = 900", "price or quantity"),
        ("kind = 9 WHERE message = 900", "kind"),
        ("message = message + 1 WHERE message >= 900", "follow"),
        ("ts_known = ts_event - 1 WHERE message = 900", "known before"),
        ("price = price + 1000 WHERE message = 903 AND side = 1 AND kind = 2", "crossed quote"),
    ],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, change: str, said: str) -> None:
    """What can be seen from its columns is looked at."""
    path = write_tape(tmp_path / "own.parquet", 400)
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t AS FROM read_parquet('{path}')")
    noted = "format: 'bot4 ticks 1', symbol: 'AAAUSDT', tick_size: '0.01', lot_size: '0.0001'"
    connection.execute(f"UPDATE t SET {change}")
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet, KV_METADATA {{{noted}}})")
    with pytest.raises(BadInput, match=said) as told:
        survey(path)
    assert told.value.code == "ticks_damaged"


def depth(ms: int, first: int, last: int, previous: int, bids: list[list[str]], asks: list[list[str]]) -> bytes:
    """One change of the book of a futures recording."""
    return line(ms, "x@depth@0ms", e="depthUpdate", E=ms, T=ms, s=SYMBOL, U=first, u=last, pu=previous, b=bids, a=asks)


def futures_recording() -> list[bytes]:
    """A recording with every kind of trouble once or more."""
    snapshot = {
        "lastUpdateId": 11,
        "E": T0 + 5,
        "T": T0 + 4,
        "bids": [["999.99", "5"], ["999.98", "1"]],
        "asks": [["1000.00", "5"]],
    }
    stamped = f"{(T0 + 6) * 1_000_000 - BEHIND_NS} {json.dumps(snapshot)}\n".encode()
    best = {"s": SYMBOL, "b": "999.99", "B": "5", "a": "1000.00", "A": "5", "T": T0 + 22, "E": T0 + 22}
    return [
        depth(T0, 5, 9, 4, [["999.00", "1"]], []),
        depth(T0 + 2, 10, 12, 9, [["999.97", "0.5"]], []),
        stamped,
        trade_line(T0 + 7, 100, "1000.00", "0.0005"),
        trade_line(T0 + 8, 100, "1000.00", "0.0005"),
        trade_line(T0 + 9, 101, "1000.005", "0.00005"),
        trade_line(T0 + 10, 102, "-1", "1"),
        trade_line(T0 + 11, 103, "1000.00", "1", symbol="BBBUSDT"),
        trade_line(T0 + 12, 104, "1000.00", "1", X="INSURANCE_FUND"),
        trade_line(T0 + 13, 105, "many", "1"),
        b"not a line\n",
        depth(T0 + 14, 13, 14, 12, [["999.99", "0"]], []),
        depth(T0 + 15, 16, 17, 15, [["999.96", "1"]], []),
        depth(T0 + 16, 18, 18, 17, [["999.95", "1"]], []),
        line(T0 + 20, "x@markPrice", e="markPriceUpdate", E=T0 + 20, T=T0 + 30, s=SYMBOL, p="1"),
        line(T0 + 22, "x@bookTicker", e="bookTicker", u=18, **best),
        line(T0 + 23, "x@bookTicker", e="bookTicker", u=19, **(best | {"b": "1000.00"})),
    ]


def test_every_line_of_a_troubled_recording_has_one_fate(tmp_path: Path) -> None:
    """Applied or counted under a name; the book ends unknown, which an empty snapshot says."""
    path = write_lines(tmp_path / "AAAUSDT.jsonl.gz", futures_recording())
    told = survey(path)
    assert told.fates == {
        "delta": {"applied": 2, "covered": 1, "no_book": 2},
        "line": {"unreadable": 1},
        "mark_price": {"other_stream": 1},
        "quote": {"applied": 1, "crossed_quote": 1},
        "snapshot": {"applied": 1},
        "trade": {
            "applied": 2,
            "no_market_trade": 1,
            "not_positive": 1,
            "repeated_trade": 1,
            "unknown_symbol": 1,
            "unreadable": 1,
        },
    }
    assert sum(sum(row.values()) for row in told.fates.values()) == len(futures_recording()) == told.rows
    faults = told.faults.counts
    assert (faults["sequence_gap"], faults["off_tick"], faults["off_lot"]) == (1, 1, 1)
    table = whole(history(path))
    books = [k for k, kind in enumerate(table.messages[KIND].tolist()) if kind == BOOK_SNAPSHOT]
    assert len(books) == 2
    assert int(table.messages[END, books[-1]]) == int(table.begins()[books[-1]])


def test_the_recorders_clock_is_moved_by_one_constant(tmp_path: Path) -> None:
    """The smallest by which nothing was received before it was sent; it is told, and stamps of events are untouched."""
    path = write_lines(tmp_path / "AAAUSDT.jsonl.gz", futures_recording())
    (note,) = survey(path).clocks
    assert f"{BEHIND_NS / 1e6:+.3f} ms" in note
    table = whole(history(path))
    assert (table.messages[KNOWN_NS] >= table.messages[EVENT_NS]).all()
    assert int(table.messages[EVENT_NS, -1]) == (T0 + 22) * 1_000_000


def test_strict_refuses_at_the_first_fault(tmp_path: Path) -> None:
    """With the line, the value and what would be done without --strict."""
    path = write_lines(tmp_path / "AAAUSDT.jsonl.gz", futures_recording())
    with pytest.raises(BadInput, match=r"AAAUSDT\.jsonl\.gz:5") as told:
        history(path, strict=True).survey()
    assert told.value.code == "strict_fault"


FUTURE_MS = b"9223372036854775807"
GARBAGE = {
    "no stamp": (b"garbage\n", "unreadable", "no receive stamp in ns before the message: b'garbage"),
    "an empty line": (b"\n", "unreadable", "no receive stamp"),
    "digits with strokes": (b'1_700_000_000_000_000_000 {"e":"trade"}\n', "unreadable", "no receive stamp"),
    "before 1970": (b'-5 {"e":"trade"}\n', "unreadable", "no receive stamp"),
    "behind int64": (b"9" * 30 + b' {"e":"trade"}\n', "unreadable", "no receive stamp"),
    "more digits than Python reads": (b"9" * 5_000 + b' {"e":"trade"}\n', "unreadable", "no receive stamp"),
    "no UTF-8": (trade_line(T0, 99, "1", "1").replace(b"AAA", b"A\xffA"), "not_json", "no UTF-8: b'\\xff"),
    "sent behind int64": (
        trade_line(T0, 99, "1", "1").replace(b'"E": %d' % T0, b'"E": ' + FUTURE_MS),
        "field_type",
        "$.E",
    ),
    "brackets without end": (b"%d " % (T0 * 1_000_000) + b'{"b":' + b"[" * 100_000 + b"\n", "not_json", "without end"),
}


@pytest.mark.parametrize("place", [1, 5])
@pytest.mark.parametrize("name", GARBAGE)
def test_a_garbage_line_is_counted_by_its_number_and_in_words(tmp_path: Path, name: str, place: int) -> None:
    """Wherever it stands, the first line included, it costs itself alone: not the file, its clock or the command."""
    bad, kind, said = GARBAGE[name]
    lines = futures_recording()
    whole_file = survey(write_lines(tmp_path / "AAAUSDT.jsonl.gz", lines))
    told = survey(write_lines(tmp_path / "bad-AAAUSDT.jsonl.gz", [*lines[: place - 1], bad, *lines[place - 1 :]]))
    (fault,) = (one for one in told.faults.examples[kind] if one.row == place)
    assert said in fault.value
    assert "invalid literal" not in fault.value
    assert f"moved by {BEHIND_NS / 1e6:+.3f} ms" in told.clocks[0]
    assert told.bars == whole_file.bars
    assert told.faults.counts[kind] == whole_file.faults.counts.get(kind, 0) + 1


def test_a_strict_reading_names_the_garbage_line_and_the_way_out(tmp_path: Path) -> None:
    """File and line, what stands there, what is wanted, and what happens without --strict."""
    lines = futures_recording()
    path = write_lines(tmp_path / "AAAUSDT.jsonl.gz", [*lines[:2], b"garbage\n", *lines[2:]])
    with pytest.raises(BadInput) as told:
        history(path, strict=True).survey()
    assert told.value.place.endswith("AAAUSDT.jsonl.gz:3")
    assert "no receive stamp" in told.value.value
    assert "without --strict" in told.value.mend


@pytest.mark.parametrize("bad", [b"garbage\n", b'{"ts":"\xff"}\n', b'{"data":' + b"[" * 100_000 + b"\n"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_garbage_line_of_a_book_of_bybit_is_set_aside(tmp_path: Path, bad: bytes, place: int) -> None:
    """It is counted, and the messages around it are read."""
    sides = {"b": [["1000.00", "1"]], "a": [["1000.01", "1"]]}
    good = [
        {"topic": "orderbook.50.AAAUSDT", "type": kind, "ts": T0 + 1, "data": {"s": SYMBOL, "u": number, **sides}}
        for number, kind in ((1, "snapshot"), (2, "delta"))
    ]
    lines = [json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in good]
    told = survey(write_lines(tmp_path / "AAAUSDT.jsonl.gz", [*lines[:place], bad, *lines[place:]]))
    assert told.fates == {"delta": {"applied": 1}, "line": {"unreadable": 1}, "snapshot": {"applied": 1}}
    assert "no message of a book" in told.faults.examples["unreadable"][0].value


def test_a_recording_cut_in_the_midst_is_refused(tmp_path: Path) -> None:
    """Half a gzip is not taken for a whole recording."""
    path = write_lines(tmp_path / "AAAUSDT.jsonl.gz", futures_recording() * 50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadInput, match=r"end-of-stream|ended"):
        survey(path)


def test_trades_of_tables_are_read_by_their_columns(tmp_path: Path) -> None:
    """Seconds or milliseconds, with or without ids and sides; text exactly."""
    headed = tmp_path / "AAAUSDT.csv"
    headed.write_text(
        "timestamp,id,side,price,amount\n1700000000000,1,buy,1000.01,0.0003\n1700000000001,2,sell,1000.00,0.0001\n",
        encoding="ascii",
    )
    bare = tmp_path / "BBB.csv"
    bare.write_text("1700000000,1000.00,1.5\n1700000007,1000.02,0.0001\n", encoding="ascii")
    table = whole(history(headed))
    assert table.rows.T.tolist() == [[1, 100_001, 3], [-1, 100_000, 1]]
    assert table.messages[EVENT_NS].tolist() == [T0 * 1_000_000, (T0 + 1) * 1_000_000]
    kraken = whole(history(bare))
    assert kraken.rows.T.tolist() == [[0, 100_000, 15_000], [0, 100_002, 1]]
    assert np.diff(kraken.messages[EVENT_NS]).tolist() == [7 * SECOND_NS]


def test_a_table_of_neither_is_refused(tmp_path: Path) -> None:
    """With its columns, and what was wanted."""
    path = tmp_path / "AAAUSDT.csv"
    path.write_text("a,b\n1,2\n", encoding="ascii")
    with pytest.raises(BadInput, match="columns a, b"):
        open_ticks(path, SYMBOL)


def test_symbols_are_merged_by_the_exchanges_clock(tmp_path: Path) -> None:
    """Two instruments, one stream, each message with its instrument's index."""
    held = []
    for index, seed in enumerate((1, 2)):
        listed = coin(index, symbol=f"{'AB'[index] * 3}USDT")
        path = write_tape(tmp_path / f"{index}.parquet", 300, seed=seed, instrument=listed)
        held.append(TickHistory(listed.symbol, [open_ticks(path, listed.symbol)], listed, SECOND_NS))
    stamps: list[int] = []
    seen: Counter[int] = Counter()
    for block in MergedTicks(held).blocks():
        stamps += [int(block.at_ns(k)) for k in range(len(block))]
        seen.update(np.frombuffer(block.instruments, dtype="<i8").tolist())
    assert stamps == sorted(stamps)
    assert seen == {0: 901, 1: 901}
