# SPDX-License-Identifier: Apache-2.0
"""The published schema: what each kind of record holds, one table for reading, replay and outsiders.

The table is the reading half of what ``Event.write`` writes; a property test
holds them together. ``schema/journal.json`` is this table as JSON.
"""

from typing import Final, final

from bot4.domain import event as kinds
from bot4.record import format as frame


@final
class Field:
    """Describe one field: its name, its type, and for ``repeated`` and ``group`` the fields within.

    The types: ``i64``, ``f64``, ``flag`` (int64 0 or 1), ``text`` (int16 length in
    bytes, then UTF-8), ``hash`` (32 bytes), ``json`` (the whole payload),
    ``group`` (fields in a row under one name), ``repeated`` (int64 count, then so
    many times the fields).
    """

    __slots__ = ("name", "type", "fields")

    def __init__(self, name: str, type_: str = "i64", fields: tuple["Field", ...] = ()) -> None:
        self.name = name
        self.type = type_
        self.fields = fields


def ints(names: str) -> tuple[Field, ...]:
    """Return one ``i64`` field for each word."""
    return tuple(Field(name) for name in names.split())


def floats(names: str) -> tuple[Field, ...]:
    """Return one ``f64`` field for each word."""
    return tuple(Field(name, "f64") for name in names.split())


REQUEST: Final = Field(
    "request",
    "group",
    ints("intent_id instrument slot purpose order_type side lots reference limit trigger stop target"),
)
FIGURES: Final = Field(
    "figures",
    "group",
    (
        *ints("days closed_trades trials"),
        *floats("mean sharpe sharpe_excess p_value deflated confidence track_days_min total_return"),
    ),
)
MEASURED: Final = (*floats("measured limit"), Field("rule", "text"))
WORD: Final = (*ints("order_id instrument"), Field("reason", "text"))

LAYOUT: Final[dict[int, tuple[str, tuple[Field, ...]]]] = {
    kinds.SIGNAL: (
        "signal",
        (*ints("slot instrument"), *floats("strength"), *ints("expires_ns"), Field("reason", "text")),
    ),
    kinds.EVIDENCE: ("evidence", (*ints("slot evidence_id"), FIGURES, Field("passed", "flag"), *MEASURED)),
    kinds.CERTIFICATE: (
        "certificate",
        (
            *ints("certificate_id slot instrument"),
            *floats("strength"),
            *ints("expires_ns evidence_id"),
            Field("observed", "flag"),
        ),
    ),
    kinds.INTENT: (
        "intent",
        (REQUEST, Field("shares", "repeated", (*ints("slot certificate_id"), *floats("fraction")))),
    ),
    kinds.APPROVED: ("approved", (REQUEST, *ints("mode"), Field("checks", "repeated", MEASURED))),
    kinds.REFUSED: ("refused", (*ints("intent_id slot instrument"), *MEASURED)),
    kinds.SUBMIT: (
        "submit",
        (
            *ints("order_id intent_id slot instrument purpose order_type side lots limit trigger sibling_id"),
            Field("reduce_only", "flag"),
        ),
    ),
    kinds.CANCEL: ("cancel", WORD),
    kinds.ACCEPTED: ("accepted", WORD),
    kinds.REJECTED: ("rejected", WORD),
    kinds.CANCELED: ("canceled", WORD),
    kinds.EXPIRED: ("expired", WORD),
    kinds.CANCEL_REJECTED: ("cancel_rejected", WORD),
    kinds.EXECUTION: (
        "execution",
        (*ints("order_id trade_id instrument side lots price fee"), Field("is_maker", "flag")),
    ),
    kinds.ORDER_UPDATE: (
        "order_update",
        ints("order_id intent_id instrument purpose side state filled leaves price"),
    ),
    kinds.FILL: (
        "fill",
        (
            *ints("order_id trade_id intent_id slot instrument purpose side lots price fee"),
            Field("is_maker", "flag"),
        ),
    ),
    kinds.POSITION: ("position", ints("instrument lots cost realised fees")),
    kinds.DAY_CLOSED: ("day_closed", ints("day equity cash exposure")),
    kinds.MODE: ("mode", (*ints("mode before"), *MEASURED)),
    kinds.HALTED: ("halted", (*ints("slot"), Field("reason", "text"))),
    kinds.UNTRADABLE: ("untradable", (*ints("instrument slot"), *MEASURED)),
    kinds.SUBMIT_LOST: ("submit_lost", WORD),
    kinds.CANCEL_LOST: ("cancel_lost", WORD),
    kinds.FOUND: ("found", WORD),
    kinds.ABSENT: ("absent", WORD),
    kinds.INQUIRY_LOST: ("inquiry_lost", WORD),
    kinds.FEE_TAKEN: (
        "fee_taken",
        (*ints("order_id trade_id instrument payer amount worth"), Field("asset", "text")),
    ),
    kinds.INQUIRE: ("inquire", ints("order_id slot instrument due_ns attempt")),
    kinds.EXTERNAL: (
        "external",
        (*ints("instrument venue_order_id trade_id side lots price"), Field("reason", "text")),
    ),
    kinds.READINESS: ("readiness", (*ints("reason instrument"), Field("ready", "flag"), Field("note", "text"))),
    kinds.BOOKS_EQUAL: (
        "books_equal",
        (
            Field("held", "repeated", ints("instrument last_trade_id amount")),
            Field("balances", "repeated", (*ints("amount"), Field("asset", "text"))),
        ),
    ),
    kinds.SEALED: ("sealed", (*ints("first_row rows"), Field("sha256", "hash"))),
    frame.HEADER: ("header", (Field("header", "json"),)),
    frame.WATERMARK: ("watermark", ints("row")),
    frame.GROUP: ("group", (*ints("number records"), Field("head", "hash"))),
    frame.RUN_END: (
        "run_end",
        (*ints("rows records"), Field("interrupted", "flag"), Field("state_hash", "hash")),
    ),
}
"""Kind -> its name and the fields of its payload, in order."""


BOOK: Final = (*ints("instrument first_id last_id"), Field("levels", "repeated", ints("side price lots")))

MARKET_LAYOUT: Final[dict[int, tuple[str, tuple[Field, ...]]]] = {
    kinds.BAR: ("bar", ints("instrument open_ns open high low close volume")),
    kinds.TRADE: ("trade", ints("instrument trade_id side price lots")),
    kinds.QUOTE: ("quote", ints("instrument bid bid_lots ask ask_lots")),
    kinds.BOOK_SNAPSHOT: ("book_snapshot", BOOK),
    kinds.BOOK_DELTA: ("book_delta", BOOK),
    frame.MARKET_DATA: ("market_data", (Field("run", "hash"),)),
}
"""The same for ``market.data``, which stands beside a live run's journal in the same frame."""


def kind_name(kind: int) -> str:
    """Return the published name of a kind, ``kind N`` where it has none."""
    layout = LAYOUT if kind in LAYOUT else MARKET_LAYOUT
    return layout[kind][0] if kind in layout else f"kind {kind}"


def published() -> dict[str, object]:
    """Return the schema as plain JSON values: the frame, then every kind with its fields in order."""
    return {
        "format": "bot4 journal",
        "schema": frame.SCHEMA,
        "byte_order": "little",
        "frame": [
            {"name": "kind", "type": "u16"},
            {"name": "schema", "type": "u16"},
            {"name": "payload_bytes", "type": "u32"},
            {"name": "ts_event_ns", "type": "i64"},
            {"name": "ts_known_ns", "type": "i64"},
            {"name": "payload", "type": "bytes"},
            {"name": "crc32", "type": "u32", "over": "all bytes before it"},
        ],
        "types": {
            "i64": "int64",
            "f64": "IEEE 754 binary64",
            "flag": "int64, 0 or 1",
            "text": f"int16 bytes, then at most {kinds.TEXT_BYTES_MAX} bytes of UTF-8",
            "hash": "32 bytes",
            "json": "UTF-8 to the end of the payload",
            "group": "its fields in a row",
            "repeated": "int64 count, then so many times its fields",
        },
        "chain": {
            "hash": "SHA-256",
            "group_records": frame.GROUP_RECORDS,
            "head_0": "hash of the header record",
            "head": "hash of the head before and the bytes of the group's records; group records are not hashed",
        },
        "kinds": {str(kind): kind_entry(name, fields) for kind, (name, fields) in sorted(LAYOUT.items())},
        "market_data": {str(kind): kind_entry(name, fields) for kind, (name, fields) in sorted(MARKET_LAYOUT.items())},
    }


def kind_entry(name: str, fields: tuple[Field, ...]) -> dict[str, object]:
    """Return one kind of the published schema."""
    return {"name": name, "fields": [field_entry(field) for field in fields]}


def field_entry(field: Field) -> dict[str, object]:
    """Return one field of the published schema."""
    entry: dict[str, object] = {"name": field.name, "type": field.type}
    if field.fields:
        entry["fields"] = [field_entry(inner) for inner in field.fields]
    return entry
