# SPDX-License-Identifier: Apache-2.0
"""A live run replayed is the same run; cut anywhere, it is taken up where it stood; damage is found at its byte."""

import random
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_audit import verify
from bot4.adapters.stores.journal_key import load_or_create_key
from bot4.adapters.stores.journal_reader import open_journal
from bot4.adapters.stores.journal_recovery import recover
from bot4.adapters.stores.live_data import recover_data
from bot4.apps import replay
from bot4.apps.live_recording import live_recording
from bot4.apps.progress import Silent
from bot4.domain.errors import BadInput, Corrupt, OurFault
from bot4.domain.event import ACCEPTED, EXPIRED, HALTED, INPUTS, INQUIRE, INTENT, READINESS, REFUSED, SUBMIT, Event
from bot4.domain.order import ENTER, Inquire, Submit, accepted
from bot4.domain.ports import Gateway
from bot4.domain.readiness import READINESS_REASONS, RECONCILING
from bot4.domain.values import HOUR_NS, Nanos
from bot4.record.decode import decode
from bot4.record.explain import explain
from bot4.record.format import WATERMARK, Record, frame_record
from bot4.record.phrases import explanation_lines
from bot4.record.reader import read_records
from bot4.runtime.live import NEVER_SENT, RESTARTED, LiveLoop
from tests.replay.live_runs import Lived, bars_of, live, plan, take_up
from tests.replay.runs import REPOSITORY, environment
from tests.replay.test_kill import killed_at
from tests.simulation.engine_run import walk

BARS = 700
BEGIN_BYTES = 28 + 32
BAR_BYTES = 28 + 7 * 8


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One run with many trades."""
    return live(tmp_path_factory.mktemp("live") / "run", BARS, 5)


def copied(lived: Lived, folder: Path) -> Path:
    """Copy a run."""
    shutil.copytree(lived.folder, folder)
    return folder


def cut(path: Path, size: int) -> None:
    """Leave so many bytes of a file."""
    path.write_bytes(path.read_bytes()[:size])


def rows_in(data: bytes) -> int:
    """Return how many whole rows bytes hold, the record that names the run left out."""
    return (len(data) - BEGIN_BYTES) // BAR_BYTES


def records_of(journal: bytes) -> list[Record]:
    """Return every record."""
    return list(read_records([journal], "journal"))


@pytest.mark.requirement("I-10", "prod_005", "I-14")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_live_run_replays_to_the_same_bytes_and_verifies(tmp_path: Path, seed: int) -> None:
    """Reports and readiness interleaved at random: every byte and the state's hash come out again."""
    lived = live(tmp_path / "run", 400, seed)
    assert lived.fills > 15
    kinds = [record.kind for record in records_of(lived.journal)]
    assert READINESS in kinds
    again = replay.run(lived.folder / "journal", (), Silent())
    assert again.equal, again.first_difference
    assert again.state_hash == lived.state.hex()
    assert again.rows == sum(type(event).__name__ == "Bar" for event in lived.inputs)
    result = verify(lived.folder / "journal")
    assert result.ok, result.reason
    assert result.closed


@pytest.mark.requirement("I-10")
def test_a_replay_differs_where_the_market_was_another(lived: Lived, tmp_path: Path) -> None:
    """A row with a whole CRC that is not the one received: the replay says where, and the audit does too."""
    folder = copied(lived, tmp_path / "run")
    row = next(each for each in read_records([lived.data], "data") if each.offset > len(lived.data) // 2)
    lower = row.payload[:-8] + (1).to_bytes(8, "little")  # the bar's volume
    false = frame_record(row.kind, lower, row.ts_event_ns, row.ts_known_ns)
    (folder / "market.data").write_bytes(lived.data[: row.offset] + false + lived.data[row.end :])
    result = verify(folder / "journal")
    assert not result.ok
    assert "not those that were sealed" in result.reason
    assert not replay.run(folder / "journal", (), Silent()).equal


@pytest.mark.requirement("I-1", "I-10", "P-06")
def test_a_run_cut_at_any_byte_of_both_files_ends_in_the_same_bytes(lived: Lived, tmp_path: Path) -> None:
    """Whatever stands is compared and gone on with; rows that the journal needs and are not there are refused."""
    chance = random.Random(11)
    taken = 0
    for number in range(24):
        folder = copied(lived, tmp_path / str(number))
        journal = chance.randrange(len(lived.journal) + 1)
        data = chance.randrange(journal * len(lived.data) // len(lived.journal), len(lived.data) + 1)
        cut(folder / "journal", journal)
        cut(folder / "market.data", data)
        stands = recover(folder / "journal")
        if rows_in(lived.data[:data]) <= stands.row:
            with pytest.raises((Corrupt, BadInput), match="to which the journal refers") as missing:
                take_up(folder, lived.inputs)
            assert getattr(missing.value, "offset", 0) <= data
            assert (folder / "market.data").stat().st_size == data, "a refusal cuts nothing"
            continue
        taken += 1
        assert take_up(folder, lived.inputs) == lived.state
        assert (folder / "journal").read_bytes() == lived.journal, f"cut at {journal}, {data}"
        assert (folder / "market.data").read_bytes() == lived.data
        assert verify(folder / "journal").ok
    assert 8 <= taken < 24


@pytest.mark.requirement("I-14")
def test_a_damaged_row_is_found_at_its_offset(lived: Lived, tmp_path: Path) -> None:
    """One byte changed: recovery, replay and audit refuse, and the offset is that of its record."""
    chance = random.Random(3)
    begins = [record.offset for record in read_records([lived.data], "data")]
    for number in range(8):
        folder = copied(lived, tmp_path / str(number))
        at = chance.randrange(len(lived.data))
        data = bytearray(lived.data)
        data[at] ^= 0x10
        (folder / "market.data").write_bytes(data)
        row = recover(folder / "journal").row
        with pytest.raises(Corrupt) as found:
            recover_data(folder / "market.data", plan().header.run, row)
        assert found.value.offset == max(begin for begin in begins if begin <= at)
        with pytest.raises(Corrupt):
            replay.run(folder / "journal", (), Silent())
        assert not verify(folder / "journal").ok


def test_market_data_of_another_run_or_none_is_refused(lived: Lived, tmp_path: Path) -> None:
    """The file names its run."""
    folder = copied(lived, tmp_path / "run")
    with pytest.raises(BadInput, match="market data of run"):
        recover_data(folder / "market.data", "ab" * 32, -1)
    (folder / "market.data").unlink()
    with pytest.raises(BadInput, match="no such file"):
        replay.run(folder / "journal", (), Silent())


class Taken(Gateway):
    """A venue that takes commands and says nothing."""

    def __init__(self) -> None:
        self.commands: list[Event] = []

    def send(self, command: Event, now: Nanos) -> None:
        """Keep a command."""
        self.commands.append(command)


def submit_unanswered(lived: Lived) -> tuple[Record, dict[str, object]]:
    """Return a submit in the middle of a run, and its fields."""
    submits = [record for record in records_of(lived.journal) if record.kind == SUBMIT]
    found = submits[len(submits) // 2]
    return found, decode(found)


@pytest.mark.requirement("I-1", "I-2", "P-06")
def test_an_order_without_an_answer_is_asked_about_once(lived: Lived, tmp_path: Path) -> None:
    """Cut right behind a submit: it is never sent again; the engine asks."""
    record, fields = submit_unanswered(lived)
    folder = copied(lived, tmp_path / "run")
    cut(folder / "journal", record.end)
    venue = Taken()
    key = load_or_create_key(tmp_path / "keys")
    with live_recording(folder, plan(), durable=True, resume=True, key=key) as recording:
        loop = recording.loop()
        resume = recording.repeat(loop)
        restart = max(event.ts_known_ns for event in lived.inputs) + 60_000_000_000
        standing = recording.rows
        assert standing is not None
        resume.take_in()
        resume.go_live(venue, restart)
        assert loop.data.rows == standing.rows, "rows received before the kill are taken in"
        loop.finish(recording.journal)
    asked = [each.order_id for each in venue.commands if isinstance(each, Inquire)]
    assert fields["order_id"] in asked
    assert len(asked) == len(set(asked))
    assert not [each for each in venue.commands if isinstance(each, Submit) and each.purpose == ENTER]
    again = replay.run(folder / "journal", (), Silent())
    assert again.equal, again.first_difference
    assert verify(folder / "journal").ok
    lines = explanation_lines(explain(open_journal(folder / "journal"), str(fields["order_id"])))
    assert any(RESTARTED in line for line in lines)


@pytest.mark.requirement("I-11", "P-06")
def test_rows_that_nothing_refers_to_are_taken_in_under_the_hold(lived: Lived, tmp_path: Path) -> None:
    """Cut before the first order: hundreds of rows are fed under the hold; once it is over, entries leave again."""
    first = next(record for record in records_of(lived.journal) if record.kind == INTENT)
    folder = copied(lived, tmp_path / "run")
    cut(folder / "journal", first.offset)
    venue = Taken()
    with live_recording(folder, plan(), durable=True, resume=True, key=None) as recording:
        loop = recording.loop()
        resume = recording.repeat(loop)
        before = loop.data.rows
        restart = max(int(event.ts_known_ns) for event in lived.inputs) + HOUR_NS // 2
        resume.take_in()
        resume.go_live(venue, restart)
        assert before < loop.data.rows == rows_in(lived.data)
        assert not any(isinstance(each, Submit) for each in venue.commands)
        assert not loop.wired.trading.open_orders()
        for reason in range(len(READINESS_REASONS)):
            loop.readiness(reason, restart, ready=True, note="equal")
        later = walk(78, 300)
        later[0] += restart // HOUR_NS * HOUR_NS + HOUR_NS - later[0][0]
        for bar in bars_of(later):
            loop.market(bar)
        loop.finish(recording.journal)
    assert any(isinstance(each, Submit) and each.purpose == ENTER for each in venue.commands)
    told = records_of((folder / "journal").read_bytes())
    assert "risk.not_ready.reconciling" in [decode(each)["rule"] for each in told if each.kind == REFUSED]
    assert HALTED not in [each.kind for each in told]
    again = replay.run(folder / "journal", (), Silent())
    assert again.equal, again.first_difference


@pytest.mark.requirement("I-1", "I-2", "I-5")
def test_an_order_whose_record_did_not_reach_the_disk_was_never_sent(lived: Lived, tmp_path: Path) -> None:
    """Cut right before a submit: the repeated run makes it again, and closes it without asking anyone."""
    record, fields = submit_unanswered(lived)
    folder = copied(lived, tmp_path / "run")
    cut(folder / "journal", record.offset)
    venue = Taken()
    key = load_or_create_key(tmp_path / "keys")
    with live_recording(folder, plan(), durable=True, resume=True, key=key) as recording:
        loop = recording.loop()
        resume = recording.repeat(loop)
        resume.take_in()
        resume.go_live(venue, int(loop.engine.now) + 1)
        loop.finish(recording.journal)
    of_it = [
        each
        for each in records_of((folder / "journal").read_bytes())
        if each.kind in (SUBMIT, EXPIRED, INQUIRE) and decode(each)["order_id"] == fields["order_id"]
    ]
    assert [each.kind for each in of_it] == [SUBMIT, EXPIRED]
    assert decode(of_it[1])["reason"] == NEVER_SENT
    assert all(getattr(each, "order_id", None) != fields["order_id"] for each in venue.commands)
    assert replay.run(folder / "journal", (), Silent()).equal


@pytest.mark.requirement("I-1", "I-10", "P-06")
def test_a_watermark_whose_record_was_torn_does_not_bind_what_comes_next(lived: Lived, tmp_path: Path) -> None:
    """Cut right behind watermarks: another record may come next, at another time, and the run still replays."""
    pairs = pairwise(records_of(lived.journal))
    marks = [mark for mark, cause in pairs if mark.kind == WATERMARK and cause.kind in INPUTS]
    key = load_or_create_key(tmp_path / "keys")
    for number, record in enumerate(random.Random(3).sample(marks, 6)):
        folder = copied(lived, tmp_path / str(number))
        cut(folder / "journal", record.end)
        with live_recording(folder, plan(), durable=False, resume=True, key=key) as recording:
            loop = recording.loop()
            resume = recording.repeat(loop)
            loop.readiness(RECONCILING, int(loop.engine.now) + 1, ready=False, note="later than what was torn")
            resume.again.rest()
            loop.finish(recording.journal)
        again = replay.run(folder / "journal", (), Silent())
        assert again.equal, again.first_difference
        assert verify(folder / "journal").ok


@pytest.mark.requirement("I-10")
def test_a_stopped_run_is_gone_on_with_and_stopped_again(lived: Lived, tmp_path: Path) -> None:
    """What a stop wrote as the end is taken back; the second end stands, and its bytes are those of one run."""
    folder = copied(lived, tmp_path / "run")
    assert take_up(folder, lived.inputs) == lived.state
    assert (folder / "journal").read_bytes() == lived.journal


def test_the_loop_is_never_entered_from_within(tmp_path: Path) -> None:
    """A gateway that answers at once is a fault of ours, and nothing of its answer is kept."""

    def everything(loop: LiveLoop) -> None:
        for bar in bars_of(walk(5, BARS)):
            loop.market(bar)

    class Hasty(Gateway):
        def send(self, command: Event, now: Nanos) -> None:
            loop.report(accepted(now, now, 1, 0))

    with live_recording(tmp_path, plan(), durable=False, resume=False, key=None) as recording:
        loop = recording.loop()
        recording.switch.turn_to(Hasty())
        with pytest.raises(OurFault, match="within itself"):
            everything(loop)
        recording.journal.commit()
    assert not any(record.kind == ACCEPTED for record in records_of((tmp_path / "journal").read_bytes()))


def test_what_is_no_input_is_refused(tmp_path: Path) -> None:
    """Neither a bar by the door of reports nor a decision of ours."""
    with live_recording(tmp_path, plan(), durable=False, resume=False, key=None) as recording:
        loop = recording.loop()
        [bar] = bars_of(walk(5, 1))
        with pytest.raises(OurFault, match="no input"):
            loop.report(bar)
        loop.readiness(RECONCILING, 1, ready=False)
        with pytest.raises(OurFault, match="no market data"):
            loop.market(accepted(Nanos(1), Nanos(1), 1, 0))
        assert INTENT not in loop.wired.trading.consumes


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.requirement("P-06", "I-1", "I-2", "I-10", "I-14")
def test_a_live_run_killed_at_random_instants_is_taken_up(lived: Lived, tmp_path: Path) -> None:
    """Kill -9 of a process that waits for the disk: what it left needs no mending, and ends as the whole run."""
    chance = random.Random(29)
    stood = 0
    for number in range(4):
        folder = tmp_path / str(number) / "run"
        size = chance.randrange(int(0.9 * len(lived.journal)))
        command = [sys.executable, "-m", "tests.replay.live_runs", str(folder), str(BARS), "5"]
        with subprocess.Popen(command, cwd=REPOSITORY, env=environment(tmp_path)) as process:
            killed_at(process, folder / "journal", size, chance.uniform(0, 0.01))
        stood += 0 < recover(folder / "journal").prefix_bytes < len(lived.journal)
        assert take_up(folder, lived.inputs) == lived.state
        assert (folder / "journal").read_bytes() == lived.journal
        assert (folder / "market.data").read_bytes() == lived.data
        assert verify(folder / "journal").ok
    assert stood >= 2
