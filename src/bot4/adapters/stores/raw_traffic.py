# SPDX-License-Identifier: Apache-2.0
"""Raw traffic on disk: every frame of a connection with the moment it was received, one a line, as it was sent.

A line is ``<receive time in ns> <JSON>``. Lines are packed in batches, each a gzip
member of its own: any reader of gzip takes such a file as one. A batch is written
whole and synced, so that a crash costs what was not flushed yet and at most tears
the last member; a reader gives every line before the tear, and the next writer cuts
it off. Files are closed at a size and named by their first moment; where a bound on
their number is set the oldest go, and are counted.

What the frames mean is a venue's dialect. Nothing here reads a clock: a moment comes
with each frame.
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from bot4.adapters.stores.columns import cannot_read
from bot4.adapters.stores.journal_file import disk_fault, sync_folder
from bot4.adapters.stores.recorded_lines import LINE_BYTES_MAX
from bot4.domain.errors import BadInput, Corrupt
from bot4.market.tick_reader import STAMP_DIGITS

BATCH_BYTES: Final = 256 << 10
FILE_BYTES: Final = 512 << 20
"""Unpacked bytes of one file: some hours of a busy market, about 60 MB packed."""

READ_BYTES: Final = 1 << 20
ENDING: Final = ".jsonl.gz"
GZIP_WINDOW: Final = 31
"""Tells zlib that a member has gzip's head and sum."""

LEVEL: Final = 3


@final
class TrafficWriter:
    """Write the traffic of one connection into files of a folder.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    name : str
        The begin of the files' names, such as ``binance-spot``.
    files_max : int
        Files kept, the one being written included; 0 for all.
    file_bytes, batch_bytes : int
        Unpacked sizes at which a file and a batch end.

    Attributes
    ----------
    lines : int
        Frames written.
    refused : int
        Frames longer than a line may be.
    dropped : int
        Files deleted for the bound.

    Raises
    ------
    OutsideFault
        If the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        files_max: int = 0,
        file_bytes: int = FILE_BYTES,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self.lines = 0
        self.refused = 0
        self.dropped = 0
        self._folder = folder
        self._name = name
        self._files_max = files_max
        self._file_bytes = file_bytes
        self._batch_bytes = batch_bytes
        self._batch: list[bytes] = []
        self._waiting = 0
        self._written = 0
        self._file = -1
        self._path = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_fault(folder, "opening", error) from None
        for path in traffic_files(folder, name)[-1:]:
            cut_torn_tail(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, receive_ns: int, frame: bytes | str) -> bool:
        """Take one frame; return whether it was taken.

        A line break in it, which JSON has only between its parts, becomes a blank.

        Raises
        ------
        OutsideFault
            If the disk refuses.
        """
        data = frame.encode() if isinstance(frame, str) else bytes(frame)
        if b"\n" in data:
            data = data.replace(b"\n", b" ")
        line = b"%d %b\n" % (receive_ns, data)
        if len(line) >= LINE_BYTES_MAX:
            self.refused += 1
            return False
        if self._file < 0:
            self._begin(receive_ns)
        self._batch.append(line)
        self._waiting += len(line)
        self.lines += 1
        if self._waiting >= self._batch_bytes:
            self.flush()
        return True

    def flush(self) -> None:
        """Return when everything taken is on the disk.

        Raises
        ------
        OutsideFault
            If the disk refuses.
        """
        if not self._batch:
            return
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        data = memoryview(packer.compress(b"".join(self._batch)) + packer.flush())
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise disk_fault(self._path, "writing", error) from None
        self._written += self._waiting
        self._batch.clear()
        self._waiting = 0
        if self._written >= self._file_bytes:
            self._end()

    def close(self) -> None:
        """Flush, and close the file.

        Raises
        ------
        OutsideFault
            If the disk refuses.
        """
        try:
            self.flush()
        finally:
            self._end()

    def _begin(self, receive_ns: int) -> None:
        """Open the next file; one more than the moment where it is there already."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            while True:
                self._path = self._folder / f"{self._name}-{receive_ns:020d}{ENDING}"
                if not self._path.exists():
                    break
                receive_ns += 1
            self._file = os.open(self._path, flags, 0o644)
            self._written = 0
            if self._files_max:
                for path in traffic_files(self._folder, self._name)[: -self._files_max]:
                    path.unlink()
                    self.dropped += 1
            sync_folder(self._folder)
        except OSError as error:
            raise disk_fault(self._path, "opening", error) from None

    def _end(self) -> None:
        """Close the file that is open."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@final
class TrafficFile:
    """Read one file of traffic, from its begin, as often as asked.

    Attributes
    ----------
    is_torn : bool
        Whether the last reading ended in the midst of a member: a crash of the writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_torn = False

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield each frame with the moment it was received; what is behind a tear is not there.

        Raises
        ------
        BadInput
            If the file cannot be read, or a line has no moment; :class:`Corrupt` names the byte that is wrong.
        """
        for number, line in enumerate(self._lines(), start=1):
            moment, _, frame = line.partition(b" ")
            if not moment.isdigit() or len(moment) > STAMP_DIGITS:
                raise BadInput(
                    f"{self.path}:{number}",
                    f"a line that begins with {moment[:24]!r}",
                    "a receive time in ns and a message",
                    "Give a file that bot4 record wrote.",
                    "no_traffic",
                )
            yield int(moment), frame

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines, without their ends."""
        rest = b""
        for piece in self._pieces():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            yield from lines
        if rest:
            self.is_torn = True

    def _pieces(self) -> Iterator[bytes]:
        """Yield the unpacked bytes."""
        self.is_torn = False
        offset = 0
        packed = b""
        unpacker = zlib.decompressobj(GZIP_WINDOW)
        has_begun = False
        try:
            with self.path.open("rb") as file:
                while packed := file.read(READ_BYTES):
                    offset += len(packed)
                    while packed:
                        has_begun = True
                        yield unpacker.decompress(packed)
                        packed = unpacker.unused_data
                        if unpacker.eof:
                            unpacker, has_begun = zlib.decompressobj(GZIP_WINDOW), False
                        else:
                            break
        except OSError as error:
            raise cannot_read(str(self.path), error.strerror or str(error), "file_unreadable") from None
        except zlib.error as error:
            place = offset - len(packed)
            mend = "Read the files before it; a file torn by a crash is mended by the next bot4 record."
            raise Corrupt(str(self.path), place, str(error), "whole members of gzip", mend) from None
        self.is_torn = has_begun


def traffic_files(folder: Path, name: str) -> list[Path]:
    """Return the files of one connection, the earliest first."""
    return sorted(folder.glob(f"{name}-{'[0-9]' * 20}{ENDING}"))


def cut_torn_tail(path: Path) -> int:
    """Cut what stands behind the last whole member of a file; return how many bytes that was.

    A file without one whole member is left as it is: nothing in it is proven to be traffic.

    Raises
    ------
    OutsideFault
        If the file cannot be read or cut.
    """
    try:
        whole, size = _whole_bytes(path), path.stat().st_size
        if not 0 < whole < size:
            return 0
        os.truncate(path, whole)
    except OSError as error:
        raise disk_fault(path, "cutting a torn tail", error) from None
    return size - whole


def _whole_bytes(path: Path) -> int:
    """Return where the last whole member of a file ends, 0 where there is none."""
    whole = at = 0
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    with path.open("rb") as file:
        try:
            while packed := file.read(READ_BYTES):
                while packed:
                    unpacker.decompress(packed)
                    at += len(packed) - len(unpacker.unused_data)
                    packed = unpacker.unused_data
                    if not unpacker.eof:
                        break
                    whole = at
                    unpacker = zlib.decompressobj(GZIP_WINDOW)
        except zlib.error:
            return whole  # not whole from here on, which is what was looked for
    return whole
