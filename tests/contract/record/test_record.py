# SPDX-License-Identifier: Apache-2.0
"""Traffic recorded over real sockets, troubled and not, replays to the same events and the same counts."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from bot4.adapters.net.endpoints import Endpoint, allowed
from bot4.adapters.stores.raw_traffic import TrafficFile
from bot4.apps.cli import main
from bot4.apps.cli.durations import seconds_of
from bot4.apps.record.replay import replay
from bot4.apps.record.run import Recorder, RecordRequest
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.domain.errors import BadInput, OutsideFault
from bot4.domain.event import Event
from bot4.domain.marketdata import BookDelta, BookSnapshot
from bot4.domain.values import SECOND_NS
from tests.contract.venue_server.running import asked, at_a_venue

STREAMS = ("trade", "bookTicker", "depth")


def plan(folder: Path, ws: str, rest: str, seconds: float) -> RecordRequest:
    """A request for both symbols."""
    places: list[Endpoint] = [allowed(url, ["127.0.0.1"]) for url in (ws, rest)]
    return RecordRequest(
        symbols=("BTCUSDT", "ETHUSDT"), streams=STREAMS, folder=folder, ws=places[0], rest=places[1], seconds=seconds
    )


def recorded(folder: Path, faults: str, seconds: float) -> tuple[Recorder, list[Event], dict[str, Any]]:
    """Record some seconds at a venue with faults."""
    events: list[Event] = []
    kept: list[Any] = []

    async def visit(ready: Any, _server: Any) -> None:
        recorder = Recorder(plan(folder, ready["ws"], ready["rest"], seconds), lambda _: None, events.append)
        kept.extend((recorder, await recorder.run(asyncio.Event())))

    at_a_venue(asked(has_flow=True, faults=tuple(parse_rules(faults))), visit)
    return kept[0], events, kept[1]


def fields(event: Event) -> tuple[object, ...]:
    """Everything that an event holds."""
    names = (name for kind in type(event).__mro__ for name in getattr(kind, "__slots__", ()))
    return (type(event), *((name, getattr(event, name)) for name in names))


def unbroken(events: list[Event]) -> bool:
    """Whether no change of a book was handed on over a gap."""
    last: dict[int, int] = {}
    for one in events:
        if isinstance(one, BookSnapshot):
            last[one.instrument] = one.last_id
        elif isinstance(one, BookDelta):
            if one.first_id > last[one.instrument] + 1:
                return False
            last[one.instrument] = one.last_id
    return True


@pytest.mark.parametrize("faults", ["", "W04:0.05", "W05:0.05", "W06@40", "W11@3", "N05@1"])
def test_a_recording_replays_to_the_same(tmp_path: Path, faults: str) -> None:
    """Equal events and counts, whole books, nothing applied over a gap; what was cut is healed and counted."""
    recorder, events, summary = recorded(tmp_path, faults, 5.0)
    assert recorder.pipeline is not None
    again: list[Event] = []
    replayed = replay(tmp_path, again.append)
    assert [fields(one) for one in again] == [fields(one) for one in events]
    assert any(isinstance(one, BookDelta) for one in events)
    assert replayed.board.figures() == recorder.pipeline.board.figures()
    assert summary["books_whole"] == 2 == replayed.sums()["books_whole"]
    assert unbroken(events)
    assert replayed.sums()["resync_ns_max"] <= 5 * SECOND_NS
    if faults.startswith("W11"):
        assert summary["connections"] >= 2


def test_a_recording_is_told_of_message_by_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command's counts are those of the recorder, and every frame has one fate."""
    recorder, _, summary = recorded(tmp_path, "W04:0.05", 3.0)
    assert main(["data", "replay", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert recorder.pipeline is not None
    assert told["feeds"] == [one for one in recorder.pipeline.board.figures() if one["messages"]]
    assert {key: told[key] for key in ("fates", "gaps", "resyncs")} == {
        key: summary[key] for key in ("fates", "gaps", "resyncs")
    }
    lines = sum(1 for file in summary["files"] for _ in TrafficFile(Path(file)).frames())
    assert sum(sum(row.values()) for row in told["fates"].values()) == lines
    assert main(["data", "replay", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "BTCUSDT, binance-spot" in out and "lag_p99_ns" in out
    assert main(["data", "replay", str(tmp_path / "none")]) == 2


@pytest.mark.requirement("P-07", "I-13")
def test_a_recorded_stream_is_expected_to_speak_as_often_as_its_kind_does(tmp_path: Path) -> None:
    """What is expected of it rests on the two seconds that were heard, not on a guess of a quarter of a minute."""
    recorder, _, _ = recorded(tmp_path, "", 2.0)
    assert recorder.pool is not None
    topics = recorder.pool.session.topics
    assert len(topics) == 2 * len(STREAMS)
    for name, topic in topics.items():
        assert topic.pace.usual_gap_ns * (1 + recorder.frames[name]) < 8 * SECOND_NS, name


def test_a_venue_that_is_never_reached_is_an_outside_fault(tmp_path: Path) -> None:
    """It keeps trying, says so, and ends as a fault outside."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port = plug.getsockname()[1]
    said: list[str] = []
    request = plan(tmp_path, f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}", 2.5)
    with pytest.raises(OutsideFault):
        asyncio.run(Recorder(request, said.append).run(asyncio.Event()))
    assert len(said) >= 2


def test_durations_are_read() -> None:
    """With a unit or without; anything else is refused."""
    assert [seconds_of(text) for text in ("60s", "5m", "2h", "7", "0.5s")] == [60, 300, 7200, 7, 0.5]
    with pytest.raises(BadInput):
        seconds_of("soon")
