# SPDX-License-Identifier: Apache-2.0
"""The journal's first record: everything a run is a function of, as JSON that a person can read.

Nothing of wall time or of the machine may enter: two runs of the same input
write the same header.
"""

import json

import msgspec

from bot4.domain.errors import BadInput
from bot4.domain.ids import ENGINE_FORMAT
from bot4.record.format import HEADER, PAYLOAD_BYTES_MAX, SCHEMA, Record, frame_record

FORMAT = "bot4 journal"


class DataSet(msgspec.Struct, frozen=True):
    """Name one data set the run consumed: by its hash, and what its integers mean.

    ``tick_size`` and ``lot_size`` are decimals as text, in ``quote`` and ``base``:
    with them a reader of the journal can tell prices and quantities. Where the
    data lies is not told: equal data under another name is the same run.
    """

    symbol: str
    interval: str
    rows: int
    sha256: str
    base: str = ""
    quote: str = ""
    tick_size: str = ""
    lot_size: str = ""


class JournalHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Say what the run is.

    Parameters
    ----------
    run : str
        The run's identity, 64 hex characters.
    command : str
        ``"backtest"``, ``"paper"`` and so on.
    config : dict
        The whole configuration as plain JSON values.
    data : tuple of DataSet
        In the order of the command line.
    seed : int
        The run's seed.
    nonce : str
        Empty for a backtest.
    trials_sha256 : str
        Hash of the trial ledger's snapshot, empty for none.
    signed : bool
        Whether the heads of this journal must carry a signature (paper, live).
    """

    format: str = FORMAT
    schema: int = SCHEMA
    engine_format: int = ENGINE_FORMAT
    run: str
    command: str
    config: dict[str, object]
    data: tuple[DataSet, ...] = ()
    seed: int = 0
    nonce: str = ""
    trials_sha256: str = ""
    signed: bool = False


def header_record(header: JournalHeader) -> bytes:
    """Return the header as the journal's first record: fields in declared order, keys of the config sorted.

    Raises
    ------
    BadInput
        If it is longer than a payload may be, or the configuration holds NaN or infinity.
    """
    try:
        json.dumps(header.config, allow_nan=False)  # msgspec would write NaN as null
    except ValueError as error:
        raise BadInput("journal header", str(error), "finite numbers", "Correct the configuration.") from None
    payload = msgspec.json.encode(header, order="deterministic")
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise BadInput(
            "journal header",
            f"{len(payload)} bytes",
            f"at most {PAYLOAD_BYTES_MAX}",
            "Run over fewer data sets at once.",
        )
    return frame_record(HEADER, payload, 0, 0)


def decode_header(record: Record, place: str) -> JournalHeader:
    """Return the header a journal begins with.

    Raises
    ------
    BadInput
        If the record is no header, or one of a newer schema.
    """
    allowed = f"a {FORMAT} of schema {SCHEMA}"
    mend = "Name the journal of a run, or use the bot4 that wrote it."
    try:
        header = msgspec.json.decode(record.payload if record.kind == HEADER else b"", type=JournalHeader)
    except msgspec.DecodeError as error:
        raise BadInput(place, str(error), allowed, mend, "no_journal") from None
    if header.format != FORMAT or header.schema != SCHEMA or record.schema != SCHEMA:
        raise BadInput(place, f"a {header.format} of schema {header.schema}", allowed, mend, "no_journal")
    return header


def looks_like_journal(first: bytes) -> bool:
    """Say whether bytes begin, or once began, as a journal does: no one damaged byte can deny both signs.

    An empty or very short beginning is taken for a journal whose first write was cut.
    """
    sign = HEADER.to_bytes(2, "little") + SCHEMA.to_bytes(2, "little")
    return first[:4] == sign[: len(first)] or f'"{FORMAT}"'.encode() in first[:128]
