# SPDX-License-Identifier: Apache-2.0
"""The journal's first record: everything a run is a function of, as JSON that a person can read.

Nothing of wall time or of the machine may enter: two runs of the same input
write the same header.
"""

import json
from decimal import Decimal
from typing import Any

import msgspec

from bot4.domain.errors import BadInput
from bot4.domain.filters import SYMBOL_STATES, Filters
from bot4.domain.ids import ENGINE_FORMAT
from bot4.domain.instrument import Instrument
from bot4.domain.values import MONEY_ONE, RATE_ONE
from bot4.record.counts import count_text
from bot4.record.format import HEADER, PAYLOAD_BYTES_MAX, SCHEMA, Record, frame_record

FORMAT = "bot4 journal"


class Live(msgspec.Struct, frozen=True):
    """Say where data came from that was received live, and what its venue says of the instrument.

    With the fields of the :class:`DataSet` it describes the instrument whole: a replay asks no venue.
    ``filters`` are the bounds of :class:`~bot4.domain.filters.Filters` by name, where orders
    go to a real venue; ``fee_in_base`` is what it takes out of purchases and
    ``slippage_max`` what an entry may be modelled to cost beyond the middle (0: no limit), in 1 / ``RATE_ONE``.
    """

    venue: str
    instrument_type: int
    min_lots: int
    max_lots: int
    min_notional: int
    as_of: str
    filters: dict[str, int | bool | str | list[int]] = {}
    fee_in_base: int = 0
    slippage_max: int = RATE_ONE // 1_000


class DataSet(msgspec.Struct, frozen=True):
    """Name one data set the run consumed: by its hash, and what its integers mean.

    Data that was received live has no hash and no rows yet, and ``live`` instead:
    the rows stand beside the journal, which seals them as they come.

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
    live: Live | msgspec.UnsetType = msgspec.UNSET


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

    @property
    def is_live(self) -> bool:
        """Say whether the run's data was received live, and stands beside its journal."""
        return any(isinstance(one.live, Live) for one in self.data)


def live_data_set(
    instrument: Instrument,
    interval: str,
    venue: str,
    filters: Filters | None = None,
    *,
    fee_in_base: int,
    slippage_max: int,
) -> DataSet:
    """Return the data set of one instrument that a run receives live from a venue."""
    bounds = {} if filters is None else filters.fields()
    return DataSet(
        instrument.symbol,
        interval,
        0,
        "",
        base=instrument.base,
        quote=instrument.quote,
        tick_size=f"{instrument.tick_size:f}",
        lot_size=f"{instrument.lot_size:f}",
        live=Live(
            venue,
            int(instrument.instrument_type),
            int(instrument.min_lots),
            int(instrument.max_lots),
            int(instrument.min_notional),
            instrument.as_of,
            {name: list(bound) if isinstance(bound, tuple) else bound for name, bound in bounds.items()},  # type: ignore[misc]  # every bound is one of these
            fee_in_base,
            slippage_max,
        ),
    )


def live_instrument(data: DataSet, index: int) -> Instrument:
    """Return the instrument that a data set received live describes."""
    assert isinstance(data.live, Live), "data with a hash does not describe its instrument whole"
    return Instrument(
        index,
        data.symbol,
        base=data.base,
        quote=data.quote,
        tick_size=Decimal(data.tick_size),
        lot_size=Decimal(data.lot_size),
        min_lots=data.live.min_lots,
        max_lots=data.live.max_lots,
        min_notional=Decimal(data.live.min_notional) / MONEY_ONE,
        instrument_type=data.live.instrument_type,
        as_of=data.live.as_of,
    )


def live_filters(data: DataSet) -> Filters | None:
    """Return what the venue of a data set received live demands of orders; None where no orders go there."""
    assert isinstance(data.live, Live), "data with a hash has no venue"
    if not data.live.filters:
        return None
    bounds: dict[str, Any] = dict(data.live.filters)
    bounds["order_types"] = tuple(bounds["order_types"])
    bounds["state"] = SYMBOL_STATES.index(bounds["state"])
    return Filters(**bounds)


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
            count_text(len(payload), "byte"),
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
