# SPDX-License-Identifier: Apache-2.0
"""The log of a run: one JSON object a line, bounded, of listed fields alone, and no secret in it."""

import json
from pathlib import Path

import pytest

from bot4.adapters.observability.run_log import FILES_MAX, LINES_MAX, LOG, SECOND_NS, TEXT_MAX, RunLog
from bot4.domain.errors import OutsideFault

FILE_BYTES = 20_000
NOW = 1_700_000_000 * SECOND_NS + 123_000_000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        """Return the time."""
        return self.now


def lines(folder: Path) -> list[dict[str, object]]:
    """Every line of the log."""
    return [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]


@pytest.mark.requirement("I-12", "P-24")
def test_a_line_holds_listed_fields_and_no_secret(tmp_path: Path) -> None:
    """An unknown field is left out; signatures, keys and what is known by its text are starred; long texts are cut."""
    with RunLog(tmp_path, Clock(), ("the-name-of-a-key",)) as log:
        log.say("note", line="x" * 1_000, password="open sesame", orders=3)
        log.say("note", line='GET /order?symbol=X&signature=abc123&x=1 {"apiKey": "k-9", "id": 7} of the-name-of-a-key')
        log.say("note", line="-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY----- rest")
    first, second, third, end = lines(tmp_path)
    assert first == {"at": "2023-11-14T22:13:20.123Z", "event": "note", "line": "x" * TEXT_MAX, "orders": 3}
    assert second["line"] == 'GET /order?symbol=X&signature=***&x=1 {"apiKey": "***", "id": 7} of ***'
    assert third["line"] == "*** rest"
    assert (end["event"], end["fault"]) == ("end", "")


def test_size_and_rate_are_bounded(tmp_path: Path) -> None:
    """A flood leaves a count of what was left out; files rotate, and only so many are kept."""
    clock = Clock()
    with RunLog(tmp_path, clock, file_bytes=FILE_BYTES) as log:
        for _ in range(LINES_MAX + 20):
            log.say("note", line="again")
        clock.now += SECOND_NS
        log.say("note", line="later")
        assert lines(tmp_path)[-1]["dropped"] == 20
        assert len(lines(tmp_path)) == LINES_MAX + 1
        for _ in range((FILES_MAX + 2) * FILE_BYTES // TEXT_MAX):
            clock.now += SECOND_NS
            log.say("note", line="x" * TEXT_MAX)
    files = sorted(tmp_path.iterdir())
    assert [one.name for one in files] == [LOG, *(f"{LOG}.{number}" for number in range(1, FILES_MAX + 1))]
    assert all(one.stat().st_size <= FILE_BYTES for one in files)


def test_how_a_run_ended_is_the_last_line_and_a_log_is_gone_on_with(tmp_path: Path) -> None:
    """A fault outside with its words; of a bug only the name, since its text may hold anything."""
    with pytest.raises(OutsideFault), RunLog(tmp_path, Clock()):
        raise OutsideFault("the venue", "gone", "a venue", "Look for it.")
    with pytest.raises(ValueError, match="private"), RunLog(tmp_path, Clock()):
        raise ValueError("private")
    first, second = lines(tmp_path)
    assert first["fault"] == "OutsideFault"
    assert "the venue" in str(first["text"])
    assert (second["fault"], second["text"]) == ("ValueError", "")


def test_a_disk_that_takes_nothing_does_not_stop_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line is lost and counted, and nothing is told on stderr."""
    log = RunLog(tmp_path / "missing", Clock())
    log.say("note", line="lost")
    assert log.failed == 1
    assert capsys.readouterr().err == ""
