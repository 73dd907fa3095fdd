# SPDX-License-Identifier: Apache-2.0
"""The log of a run: lines of JSON in a file that rotates, bounded in size and rate, for whoever looks for a cause.

A line holds fields of a closed list, cut to a length, and passes a last mask before it is written: a field that nobody
thought of is left out, and what looks like a signature or a key is starred. A log never stops a run: a line that the
disk does not take is counted and lost.
"""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

import structlog

from bot4.domain.errors import TheirFault

LOG: Final = "run.log"
FILE_BYTES_MAX: Final = 2 * 1024 * 1024
FILES_MAX: Final = 4
"""The file that grows, and so many before it."""

LINES_MAX: Final = 50
"""So many lines in a second at most; the next line tells how many were left out."""

TEXT_MAX: Final = 400
SECOND_NS: Final = 1_000_000_000
STARS: Final = "***"

FIELDS: Final = frozenset(
    {
        "account", "at", "command", "dropped", "event", "fault", "fills", "gross", "holds", "instrument", "line",
        "market", "mode", "open_orders", "orders", "ready", "refused", "run", "text", "unprotected", "venue_ns",
    }
)  # fmt: skip
"""Every field that a line may hold."""

SECRETS: Final = re.compile(
    r"(?i)((?:signature|api_?key|x-mbx-apikey|secret|passphrase)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+"
    r"|-----BEGIN[^-]*PRIVATE KEY-----.*?(?:-----END[^-]*PRIVATE KEY-----|$)",
    re.DOTALL,
)


@final
class SteadyHandler(RotatingFileHandler):
    """Write and rotate; count what the disk does not take instead of telling it on stderr."""

    failed = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Count a line that is lost."""
        self.failed += 1

    def info(self, line: str) -> None:
        """Write one line, as structlog hands it on."""
        self.emit(logging.makeLogRecord({"msg": line}))


@final
class RunLog:
    """Write lines.

    Parameters
    ----------
    folder : Path
        That of the run: a log that is there is gone on with.
    now_ns : callable
        The machine's UTC time.
    known : sequence of str
        Texts to be starred wherever they stand, such as the name of a key.
    file_bytes : int
        How large a file may grow.
    """

    def __init__(
        self,
        folder: Path,
        now_ns: Callable[[], int],
        known: tuple[str, ...] = (),
        *,
        file_bytes: int = FILE_BYTES_MAX,
    ) -> None:
        self._handler = SteadyHandler(
            folder / LOG, maxBytes=file_bytes, backupCount=FILES_MAX, encoding="utf-8", delay=True
        )
        self._log = structlog.wrap_logger(
            self._handler,
            processors=[allowed, structlog.processors.JSONRenderer(default=str)],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )
        self._now_ns = now_ns
        self._known = tuple(one for one in known if one)
        self._second = 0
        self._lines = 0
        self._dropped = 0

    @property
    def failed(self) -> int:
        """Return how many lines the disk has not taken."""
        return self._handler.failed

    def say(self, event: str, **fields: object) -> None:
        """Write one line, unless this second has had its share."""
        now_ns = self._now_ns()
        if now_ns // SECOND_NS != self._second:
            self._second, self._lines = now_ns // SECOND_NS, 0
        self._lines += 1
        if self._lines > LINES_MAX:
            self._dropped += 1
            return
        if self._dropped:
            fields["dropped"], self._dropped = self._dropped, 0
        told = {name: self._masked(value) for name, value in fields.items()}
        self._log.info(event, at=stamp(now_ns), **told)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell how the run ended, and close the file; of a bug only the name: its text may hold anything."""
        fault = "" if kind is None else kind.__name__
        self.say("end", fault=fault, text=str(error) if isinstance(error, TheirFault) else "")
        self._handler.close()

    def _masked(self, value: object) -> object:
        """Return a value as it may be written."""
        if isinstance(value, bool | int | float) or value is None:
            return value
        text = str(value)
        for one in self._known:
            text = text.replace(one, STARS)
        return SECRETS.sub(lambda found: f"{found[1] or ''}{STARS}", text)[:TEXT_MAX]


def allowed(_logger: object, _method: str, fields: Any) -> Any:
    """Leave out every field that is not on the list."""
    return {name: fields[name] for name in ("at", "event", *fields) if name in FIELDS}


def stamp(now_ns: int) -> str:
    """Return a moment in UTC, to the millisecond."""
    seconds, rest = divmod(now_ns, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"
