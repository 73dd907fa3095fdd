# SPDX-License-Identifier: Apache-2.0
"""Recorded traffic through the pipeline again: what it makes of the files is what it made of the sockets."""

from pathlib import Path

import msgspec

from bot4.adapters.stores.columns import cannot_read
from bot4.adapters.stores.raw_traffic import TrafficFile, traffic_files
from bot4.adapters.venues.binance.wire.instruments import listings
from bot4.adapters.venues.binance.wire.replies import ExchangeInfo
from bot4.apps.record.pipeline import FEED, TrafficPipeline
from bot4.market.live.book import Receiver


def rules_path(folder: Path) -> Path:
    """Return where the rules stand that the instruments of a recording are read from."""
    return folder / f"{FEED}-instruments.json"


def replay(folder: Path, receiver: Receiver) -> TrafficPipeline:
    """Read a recording from its begin; return the pipeline it went through.

    Raises
    ------
    BadInput
        If the folder holds no recording, or a broken one.
    """
    path = rules_path(folder)
    try:
        info = msgspec.json.decode(path.read_bytes(), type=ExchangeInfo)
    except OSError as error:
        raise cannot_read(str(path), error.strerror or str(error), "file_unreadable") from None
    except msgspec.DecodeError as error:
        raise cannot_read(str(path), str(error), "no_traffic") from None
    pipeline = TrafficPipeline({symbol: one.instrument for symbol, one in listings(info).of.items()}, receiver)
    for file in traffic_files(folder, FEED):
        for received_ns, frame in TrafficFile(file).frames():
            pipeline.take(received_ns, frame)
    return pipeline
