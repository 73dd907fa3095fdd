# SPDX-License-Identifier: Apache-2.0
"""``bot4 status``: how a run stands, told from its folder alone, and nothing in it touched."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot4.apps.cli import main
from bot4.apps.output import RunFolder
from bot4.apps.standing import status_of, writer_of
from bot4.domain.event import Event
from bot4.domain.order import PROTECT_STOP, WORKING, OrderUpdate
from bot4.domain.position import Position
from bot4.domain.readiness import ALL_INSTRUMENTS, MARKET_STALE, RECONCILING, WARMING, Readiness
from bot4.domain.values import SELL, Lots, Money, Nanos, Ticks
from bot4.record.header import DataSet, JournalHeader, header_record
from bot4.record.journal import JournalWriter
from tests.unit.record.events import RUN, STATE, MemorySink

HEADER = JournalHeader(
    run=RUN,
    command="live",
    config={},
    data=(DataSet("BTCUSDT", "1h", 0, "", base="BTC", quote="USDT", tick_size="0.01", lot_size="0.001"),),
)
HELD = 40


def ready(at: int, reason: int, *, is_over: bool, instrument: int = ALL_INSTRUMENTS) -> Readiness:
    """A hold that begins, or one that is over."""
    return Readiness(Nanos(at), Nanos(at), reason=reason, instrument=instrument, ready=is_over, note="a cut")


def stop(at: int, leaves: int) -> OrderUpdate:
    """A stop that works at the venue."""
    return OrderUpdate(
        Nanos(at), order_id=7, intent_id=1, instrument=0, purpose=PROTECT_STOP, side=SELL, state=WORKING,
        filled=Lots(0), leaves=Lots(leaves), price=Ticks(0),
    )  # fmt: skip


def events(covered: int) -> list[Event]:
    """A run that is warm, found its books equal, holds something, and has lost its market since."""
    return [
        ready(10, WARMING, is_over=False),
        ready(20, RECONCILING, is_over=False),
        ready(30, WARMING, is_over=True),
        ready(40, RECONCILING, is_over=True),
        Position(Nanos(50), 0, Lots(HELD), Money(2 * 10**8), Money(0), Money(0)),
        stop(60, covered),
        ready(70, MARKET_STALE, is_over=False, instrument=0),
    ]


def written(folder: Path, covered: int = HELD, *, is_closed: bool = False) -> Path:
    """Write a journal into a folder, and return the folder."""
    sink = MemorySink(durable=True)
    writer = JournalWriter(sink, header_record(HEADER))
    for event in events(covered):
        writer.append(event)
    if is_closed:
        writer.close(0, STATE, interrupted=True)
    else:
        writer.commit()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journal").write_bytes(sink.data)
    return folder


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Ask the command; return its exit code and its answer."""
    code = main(["status", *words, "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(told, dict)
    return code, told


def test_a_run_that_goes_on_is_told_with_its_process_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock's holder is named; holds, positions, orders; not a byte, a file or a time of the folder changes."""
    folder = RunFolder(tmp_path, "live", RUN)
    written(folder.open())

    def look() -> list[tuple[str, int, bytes]]:
        return [(one.name, one.stat().st_mtime_ns, one.read_bytes()) for one in sorted(folder.path.iterdir())]

    before = look()
    entry = folder.path.stat().st_mtime_ns
    code, told = asked(capsys, str(folder.path))
    assert (code, told["state"], told["running"], told["process"], told["ok"]) == (
        0,
        "running",
        True,
        os.getpid(),
        True,
    )
    assert (told["live_since_ns"], told["reconciled_ns"], told["last_event_ns"]) == (30, 40, 70)
    assert told["holds"] == [{"reason": "market_stale", "instrument": 0, "note": "a cut", "since_ns": 70}]
    assert told["held"] == [{"symbol": "BTCUSDT", "quantity": "0.040 BTC", "cost": "2", "protected": True}]
    assert told["open_orders"] == [
        {"order": 7, "symbol": "BTCUSDT", "purpose": "stop", "state": "working", "open": "0.040 BTC"}
    ]
    assert (look(), folder.path.stat().st_mtime_ns) == (before, entry)
    folder.release()
    assert writer_of(folder.path) == 0


def test_what_somebody_should_look_at_is_an_answer_of_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was cut, and a position that a stop does not cover all of: exit 1, and the text says so."""
    code, told = asked(capsys, str(written(tmp_path / "live-1")))
    assert (code, told["state"], told["running"], told["ok"]) == (1, "cut", False, False)
    bare = written(tmp_path / "live-2", HELD - 1, is_closed=True)
    code, told = asked(capsys, str(bare))
    assert (code, told["state"], told["unprotected"]) == (1, "ended", 1)
    assert main(["status", str(bare)]) == 1
    text = capsys.readouterr().out
    assert "Held: 0.040 BTC, cost 2, WITHOUT A STOP at the venue." in text
    assert "no new risk in BTCUSDT: market stale (a cut)" in text


def test_a_run_that_ended_well_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped with its stop at the venue: exit 0; a torn tail and the machine's clock do no harm."""
    folder = written(tmp_path / "live-3", is_closed=True)
    assert asked(capsys, str(folder))[0] == 0
    written(folder)
    with (folder / "journal").open("ab") as file:
        file.write(b"\x01\x02\x03")
    found = status_of(folder, now_s=0.0)
    assert (found.state, found.quiet_s, found.standing.known_ns) == ("cut", 0.0, 70)


def test_where_there_is_no_run_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, as any other bad input."""
    code, told = asked(capsys, "--out", str(tmp_path))
    assert (code, told["error"]["code"]) == (2, "no_run")
