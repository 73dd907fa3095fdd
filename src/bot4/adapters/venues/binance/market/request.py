# SPDX-License-Identifier: Apache-2.0
"""What of a market is to be heard, as checked values."""

from dataclasses import dataclass
from typing import Final

from bot4.domain.errors import BadInput

INTERVALS: Final = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
"""The venue's bars that begin at whole multiples since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRequest:
    """Hold what is to be heard.

    Attributes
    ----------
    symbols : tuple of str
        The venue's own; an instrument's index is its place here.
    interval : str
        Of the bars, one of ``INTERVALS``.
    trades, books : bool
        Prints, and changes of the book, besides bars and quotes.
    time_scale : float
        Seconds of the venue in one of ours: 1 but for a simulated venue that runs faster.

    Raises
    ------
    BadInput
        If the venue has no such bars, or a symbol stands twice or none at all.
    """

    symbols: tuple[str, ...]
    interval: str
    trades: bool = False
    books: bool = False
    time_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.interval not in INTERVALS:
            raise BadInput("interval", self.interval, ", ".join(INTERVALS), "Choose one of them.", "interval_unknown")
        if not self.symbols or len(set(self.symbols)) < len(self.symbols):
            raise BadInput(
                "symbols", " ".join(self.symbols) or "none", "at least one, each once", "Correct them.", "symbols"
            )
