# SPDX-License-Identifier: Apache-2.0
"""What is to be fetched: the words of the command as checked values. Nothing here asks a venue or opens a file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot4.adapters.venues.binance.wire.asker import utc_text
from bot4.domain.errors import BadInput
from bot4.market.intervals import parse_interval
from bot4.market.rows import MILLI_NS

BARS: Final = "bars"
TRADES: Final = "trades"
INTERVALS: Final = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
"""The venue's bars that begin at whole multiples since 1970; those of three days, weeks and months do not."""

SYMBOL_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """Hold what is to be fetched.

    Attributes
    ----------
    what : str
        ``BARS`` or ``TRADES``.
    interval : str
        Of bars, one of ``INTERVALS``; empty of trades.
    begin_ms, end_ms : int
        UTC ms, the end not included.
    out : Path
        The file to make.
    rest : str
        The venue's address.
    """

    venue: str
    symbol: str
    what: str
    interval: str
    begin_ms: int
    end_ms: int
    out: Path
    rest: str

    @property
    def step_ms(self) -> int:
        """Return the length of a bar."""
        return parse_interval(self.interval) // MILLI_NS

    def noted(self) -> dict[str, str | int]:
        """Return what the parts of a cut fetch are compared by; the address is not part of it."""
        return {
            "venue": self.venue,
            "symbol": self.symbol,
            "what": self.what,
            "interval": self.interval,
            "begin_ms": self.begin_ms,
            "end_ms": self.end_ms,
        }


def checked(request: FetchRequest) -> FetchRequest:
    """Return a request that makes sense.

    Raises
    ------
    BadInput
        If a symbol, an interval, the span or the file's name cannot be used.
    """
    symbol = request.symbol
    if not (symbol.isascii() and symbol.isalnum() and symbol == symbol.upper() and len(symbol) <= SYMBOL_MAX):
        raise BadInput("--symbol", repr(symbol), "the venue's own name, such as BTCUSDT", "Write it so.", "symbol")
    if request.what == BARS and request.interval not in INTERVALS:
        mend = "Fetch a shorter one: bot4 makes longer bars of it (--interval of backtest)."
        raise BadInput("--interval", repr(request.interval), ", ".join(INTERVALS), mend, "interval_text")
    if request.begin_ms >= request.end_ms:
        value = f"{utc_text(request.begin_ms)}, and --to is {utc_text(request.end_ms)}"
        raise BadInput("--from", value, "a moment before --to", "Correct one of them.", "span")
    if request.out.suffix != ".parquet":
        raise BadInput("--out", str(request.out), "FILE.parquet", "Write --out FILE.parquet.", "out_name")
    return request


def parse_moment(text: str, place: str) -> int:
    """Return the UTC ms of a date or a moment; without a zone it is UTC.

    Raises
    ------
    BadInput
        If it is neither.
    """
    try:
        said = datetime.fromisoformat(text)
        at = said if said.tzinfo is not None else said.replace(tzinfo=UTC)
        at_ms = round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        at_ms = -1
    if at_ms < 0:
        allowed = "a date or a moment since 1970 in UTC: 2024-01-31 or 2024-01-31T12:00"
        raise BadInput(place, repr(text), allowed, "Write it so.", "moment")
    return at_ms
