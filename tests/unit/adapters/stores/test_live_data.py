# SPDX-License-Identifier: Apache-2.0
"""Market data beside a journal: on the disk before what refers to it, sealed by count, one writer."""

from hashlib import sha256
from pathlib import Path

import pytest

from bot4.adapters.stores.journal_file import FileCalls, JournalFile
from bot4.adapters.stores.live_data import DataFirst, LiveData, live_data_path, open_data, read_rows, recover_data
from bot4.domain.errors import Corrupt, OutsideFault
from bot4.domain.marketdata import Trade
from bot4.domain.values import Lots, Nanos, Ticks
from bot4.record.reader import read_records

RUN = "ab" * 32


class Noted(FileCalls):
    """Makes the calls, and notes each with the name of its file."""

    def __init__(self, name: str, notes: list[tuple[str, str]]) -> None:
        self.name = name
        self.notes = notes

    def write(self, file: int, data: memoryview) -> int:
        """Write and note it."""
        self.notes.append((self.name, "write"))
        return super().write(file, data)

    def sync(self, file: int) -> None:
        """Sync and note it."""
        self.notes.append((self.name, "sync"))
        super().sync(file)


def trade(number: int) -> Trade:
    """Return one print."""
    return Trade(Nanos(number), Nanos(number + 1), 0, number, 1, Ticks(100), Lots(5))


@pytest.mark.requirement("I-5", "I-10")
def test_the_rows_are_on_the_disk_before_the_bytes_that_refer_to_them(tmp_path: Path) -> None:
    """Written and synced first; a commit without new rows costs no sync of theirs."""
    notes: list[tuple[str, str]] = []
    data = LiveData(JournalFile(tmp_path / "market.data", durable=True, calls=Noted("data", notes)), RUN)
    journal = DataFirst(data, JournalFile(tmp_path / "journal", durable=True, calls=Noted("journal", notes)))
    data.append(trade(0))
    assert not notes
    journal.write(b"refers to row 0")
    journal.sync()
    assert notes == [("data", "write"), ("data", "sync"), ("journal", "write"), ("journal", "sync")]
    notes.clear()
    journal.write(b"refers to row 0 again")
    assert notes == [("journal", "write")]
    journal.close()


@pytest.mark.requirement("I-14")
def test_a_seal_is_the_hash_of_the_records_of_its_batch(tmp_path: Path) -> None:
    """Full after so many rows; the next batch begins behind it; the record that names the run is in none."""
    data = LiveData(JournalFile(tmp_path / "market.data", durable=False), RUN, batch_rows=3)
    seals = []
    for number in range(7):
        assert data.append(trade(number)) == number
        if data.is_full:
            seals.append(data.seal(Nanos(number)))
    seals.append(data.seal(Nanos(9)))
    data.close()
    raws = [record.raw for record in read_records([(tmp_path / "market.data").read_bytes()], "data")][1:]
    assert [(seal.first_row, seal.rows) for seal in seals] == [(0, 3), (3, 3), (6, 1)]
    for seal in seals:
        assert seal.sha256 == sha256(b"".join(raws[seal.first_row : seal.first_row + seal.rows])).digest()


@pytest.mark.requirement("I-10")
def test_a_torn_tail_is_cut_by_the_writer_and_by_no_reader(tmp_path: Path) -> None:
    """Recovery says what stands; the file is what it was until it is opened to go on with."""
    path = live_data_path(tmp_path / "journal")
    data = open_data(path, RUN, None, durable=False)
    for number in range(5):
        data.append(trade(number))
    data.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    standing = recover_data(path, RUN, 3)
    assert standing.rows == 4
    assert standing.prefix_bytes + standing.torn_bytes == len(whole) - 3
    assert path.read_bytes() == whole[:-3]
    with pytest.raises(Corrupt, match="row 4 is missing or damaged") as refused:
        recover_data(path, RUN, 4)
    assert refused.value.offset == standing.prefix_bytes
    again = open_data(path, RUN, standing, durable=False)
    with pytest.raises(OutsideFault, match="another process"):
        open_data(path, RUN, standing, durable=False)
    assert path.stat().st_size == standing.prefix_bytes
    for number in range(5):
        again.append(trade(number))
    again.close()
    assert path.read_bytes() == whole
    assert [int(event.ts_event_ns) for event in read_rows(path)] == list(range(5))
