# SPDX-License-Identifier: Apache-2.0
"""Ticks for tests, on disk: a made-up tape as bot4's own file, and recordings written by hand."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from bot4.adapters.stores.tick_parquet import write_ticks
from bot4.domain.instrument import Instrument
from bot4.kernels.synthetic_ticks import TapeConfig, TapeMaker
from bot4.market.tick_tables import TickTable
from tests.simulation.engine_run import coin

SYMBOL = "AAAUSDT"
BEHIND_NS = 1_270_000_000


def tape_tables(ticks: int, *, seed: int = 1, config: TapeConfig | None = None) -> Iterator[TickTable]:
    """Yield a made-up tape in pieces."""
    maker = TapeMaker(seed, config or TapeConfig(first_bid=100_000))
    head = maker.head()
    yield TickTable(head.messages, head.rows)
    while ticks:
        piece = maker.next(min(ticks, 1_000))
        yield TickTable(piece.messages, piece.rows)
        ticks -= min(ticks, 1_000)


def write_tape(path: Path, ticks: int, *, seed: int = 1, instrument: Instrument | None = None) -> Path:
    """Write a made-up tape as a file of ticks."""
    write_ticks(path, instrument or coin(symbol=SYMBOL), tape_tables(ticks, seed=seed))
    return path


def line(ms: int, stream: str, **data: object) -> bytes:
    """One line of a recording of Binance, received as it was sent by a clock that runs behind."""
    local = ms * 1_000_000 - BEHIND_NS
    return f"{local} {json.dumps({'stream': stream, 'data': data})}\n".encode()


def trade_line(ms: int, trade_id: int, price: str, quantity: str, *, symbol: str = SYMBOL, **more: object) -> bytes:
    """One trade, the buyer its maker."""
    body = {"e": "trade", "E": ms, "T": ms, "s": symbol, "t": trade_id, "p": price, "q": quantity, "m": True}
    return line(ms, "x@trade", **(body | more))


def write_lines(path: Path, lines: list[bytes]) -> Path:
    """Write a packed recording."""
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path
