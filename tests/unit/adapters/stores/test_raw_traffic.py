# SPDX-License-Identifier: Apache-2.0
"""Raw traffic comes back as it was written: over rotated files, behind a torn tail, from files of others."""

import gzip
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.stores.raw_traffic import TrafficFile, TrafficWriter, cut_torn_tail, traffic_files
from bot4.adapters.stores.recorded_lines import LINE_BYTES_MAX, numbered_lines
from bot4.domain.errors import BadInput, Corrupt, OutsideFault

pytestmark = pytest.mark.requirement("FLOW_001")

T0 = 1_700_000_000_000_000_000
NAME = "binance-spot"


def frames(count: int, first: int = 0) -> list[tuple[int, bytes]]:
    """Frames with their moments."""
    return [(T0 + n, b'{"stream":"a@trade","data":{"t":%d}}' % n) for n in range(first, first + count)]


def write(folder: Path, given_: list[tuple[int, bytes]], **bounds: int) -> TrafficWriter:
    """Write frames and close."""
    with TrafficWriter(folder, NAME, **bounds) as writer:
        for moment, frame in given_:
            assert writer.write(moment, frame)
    return writer


def read(folder: Path) -> list[tuple[int, bytes]]:
    """Everything in a folder, in order."""
    return [one for path in traffic_files(folder, NAME) for one in TrafficFile(path).frames()]


@given(
    st.lists(st.binary(max_size=40).filter(lambda frame: b"\n" not in frame), max_size=60),
    st.integers(1, 400),
    st.integers(1, 2_000),
)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], batch_bytes: int, file_bytes: int
) -> None:
    """Frame by frame, whatever the sizes of batches and files; any reader of gzip agrees."""
    folder = tmp_path_factory.mktemp("traffic")
    told = [(T0 + n, body) for n, body in enumerate(bodies)]
    writer = write(folder, told, batch_bytes=batch_bytes, file_bytes=file_bytes)
    assert read(folder) == told
    assert writer.lines == len(told)
    plain = b"".join(gzip.decompress(path.read_bytes()) for path in traffic_files(folder, NAME))
    assert plain == b"".join(b"%d %b\n" % one for one in told)


def test_files_are_the_format_of_recordings(tmp_path: Path) -> None:
    """A reader of recordings reads them; a line break between the parts of a JSON becomes a blank."""
    write(tmp_path, [(T0, b'{"a":\n 1}')])
    (path,) = traffic_files(tmp_path, NAME)
    assert list(numbered_lines(path)) == [(1, b'%d {"a":  1}\n' % T0)]
    assert path.name == f"{NAME}-{T0:020d}.jsonl.gz"


def test_rotated_files_are_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    """So many files are kept, and what went is counted."""
    told = frames(200)
    writer = write(tmp_path, told, batch_bytes=200, file_bytes=1_000, files_max=3)
    assert len(traffic_files(tmp_path, NAME)) == 3
    assert writer.dropped > 0
    kept = read(tmp_path)
    assert kept == told[-len(kept) :]
    other = tmp_path / f"other-{T0:020d}.jsonl.gz"
    other.write_bytes(b"")
    write(tmp_path, frames(10, 500), files_max=1)
    assert read(tmp_path) == frames(10, 500)
    assert other.exists(), "the bound is of one connection's files"


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_a_torn_tail_costs_what_was_not_whole(tmp_path: Path, cut: int) -> None:
    """Every frame before the tear is read; the next writer cuts it off, and then any reader takes the file."""
    told = frames(100)
    write(tmp_path, told, batch_bytes=1_000)
    (path,) = traffic_files(tmp_path, NAME)
    os.truncate(path, path.stat().st_size - cut)
    torn = TrafficFile(path)
    left = list(torn.frames())
    assert torn.is_torn
    assert left == told[: len(left)] and len(left) >= 60
    with pytest.raises(BadInput):
        list(numbered_lines(path))
    write(tmp_path, frames(5, 1_000))
    assert len(list(numbered_lines(path))) >= 60
    mended = read(tmp_path)
    assert mended[-5:] == frames(5, 1_000)
    assert mended[:-5] == told[: len(mended) - 5]


def test_a_tail_that_is_no_traffic_is_cut(tmp_path: Path) -> None:
    """Zeros that a power cut left behind the last whole batch; a whole file is left alone."""
    write(tmp_path, frames(10))
    (path,) = traffic_files(tmp_path, NAME)
    whole = path.stat().st_size
    assert cut_torn_tail(path) == 0
    with path.open("ab") as file:
        file.write(bytes(500))
    with pytest.raises(Corrupt):
        read(tmp_path)
    assert cut_torn_tail(path) == 500
    assert path.stat().st_size == whole
    assert read(tmp_path) == frames(10)


def test_a_file_without_a_whole_batch_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing in it is proven to be ours to cut."""
    path = tmp_path / f"{NAME}-{T0:020d}.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(b"%d %b\n" % one for one in frames(1_000)))[:-20])
    size = path.stat().st_size
    assert cut_torn_tail(path) == 0
    assert path.stat().st_size == size
    assert len(read(tmp_path)) >= 900


def test_a_byte_that_is_wrong_is_named(tmp_path: Path) -> None:
    """Damage in the midst is refused, not read over."""
    write(tmp_path, frames(500), batch_bytes=1_000)
    (path,) = traffic_files(tmp_path, NAME)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises((Corrupt, BadInput)):
        read(tmp_path)


def test_a_line_without_a_moment_is_refused(tmp_path: Path) -> None:
    """With its number."""
    path = tmp_path / f"{NAME}-{T0:020d}.jsonl.gz"
    path.write_bytes(gzip.compress(b"1 {}\nnot so\n"))
    with pytest.raises(BadInput, match=r"gz:2"):
        read(tmp_path)


def test_a_frame_longer_than_a_line_is_refused_and_counted(tmp_path: Path) -> None:
    """A reader of lines would not take it either."""
    with TrafficWriter(tmp_path, NAME) as writer:
        assert not writer.write(T0, b"x" * LINE_BYTES_MAX)
        assert writer.write(T0, b"{}")
    assert (writer.refused, writer.lines) == (1, 1)
    assert read(tmp_path) == [(T0, b"{}")]


def test_two_files_of_one_moment_do_not_meet(tmp_path: Path) -> None:
    """The later one takes the next name, in order still."""
    for n in range(3):
        write(tmp_path, [(T0, b"%d" % n)])
    assert [frame for _, frame in read(tmp_path)] == [b"0", b"1", b"2"]


def test_what_is_flushed_is_on_the_disk(tmp_path: Path) -> None:
    """A process that dies afterwards loses nothing of it."""
    writer = TrafficWriter(tmp_path, NAME)
    for moment, frame in frames(7):
        writer.write(moment, frame)
    writer.flush()
    writer.write(T0 + 99, b"lost with the process")
    assert read(tmp_path) == frames(7)
    writer.close()


def test_a_folder_that_cannot_be_made_is_the_worlds_fault(tmp_path: Path) -> None:
    """Said plainly."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutsideFault):
        TrafficWriter(tmp_path / "file" / "inside", NAME)


def test_members_are_what_zlib_calls_whole(tmp_path: Path) -> None:
    """Each batch is a gzip member of its own."""
    write(tmp_path, frames(100), batch_bytes=1_000)
    (path,) = traffic_files(tmp_path, NAME)
    rest, members = path.read_bytes(), 0
    while rest:
        unpacker = zlib.decompressobj(31)
        assert unpacker.decompress(rest).endswith(b"\n")
        assert unpacker.eof
        rest, members = unpacker.unused_data, members + 1
    assert members >= 4
