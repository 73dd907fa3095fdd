# SPDX-License-Identifier: Apache-2.0
"""What a journal says, read by its published schema alone: for a checker that must not trust what it checks."""

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.orders.checker import BASE, LOT, QUOTE, TICK, Ours, Sent, Trade

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "schema" / "journal.json").read_text(encoding="utf-8"))
KINDS = {int(number): kind for number, kind in (SCHEMA["kinds"] | SCHEMA["market_data"]).items()}
FRAME = struct.Struct("<HHIqq")
STATES = (
    "new", "submitted", "working", "part_filled", "cancel_pending", "filled", "canceled", "rejected", "expired",
    "submit_unknown", "cancel_unknown",
)  # fmt: skip
ENDED = ("filled", "canceled", "rejected", "expired")
ANSWERS = ("accepted", "rejected", "expired", "canceled", "execution", "found", "absent")
LOST = ("submit_lost", "cancel_lost", "inquiry_lost")
RECONCILING = 1

Fields = dict[str, Any]
Records = list[tuple[str, Fields]]


class Tail:
    """Read a journal as it grows, whole records only; what is torn at the end waits until it is whole."""

    def __init__(self, path: Path) -> None:
        self.records = Records()
        self._path = path
        self._at = 0

    def read(self) -> Records:
        """Return every record so far."""
        if not self._path.exists():
            return self.records
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        at = 0
        while at + FRAME.size <= len(data):
            kind, _, length, _, _ = FRAME.unpack_from(data, at)
            end = at + FRAME.size + length
            if end + 4 > len(data) or zlib.crc32(data[at:end]) != struct.unpack_from("<I", data, end)[0]:
                break
            fields, _ = read(KINDS[kind]["fields"], data[at + FRAME.size : end], 0)
            self.records.append((KINDS[kind]["name"], fields))
            at = end + 4
        self._at += at
        return self.records

    def count(self, name: str) -> int:
        """Return how many records of a name there are so far."""
        return sum(each == name for each, _ in self.read())


def read(fields: list[Fields], payload: bytes, at: int) -> tuple[Fields, int]:
    """Return fields as the schema lays them out, and where they end."""
    found: Fields = {}
    for field in fields:
        name, kind = field["name"], field["type"]
        if kind in ("i64", "flag", "f64"):
            (found[name],) = struct.unpack_from("<d" if kind == "f64" else "<q", payload, at)
            at += 8
        elif kind == "hash":
            found[name], at = payload[at : at + 32], at + 32
        elif kind == "text":
            (length,) = struct.unpack_from("<h", payload, at)
            found[name], at = payload[at + 2 : at + 2 + length].decode(), at + 2 + length
        elif kind == "json":
            found[name], at = payload[at:].decode(), len(payload)
        elif kind == "group":
            found[name], at = read(field["fields"], payload, at)
        else:
            (count,) = struct.unpack_from("<q", payload, at)
            found[name], at = [], at + 8
            for _ in range(count):
                row, at = read(field["fields"], payload, at)
                found[name].append(row)
    return found, at


def ours(records: Records, cash: int) -> Ours:
    """Return the books that a journal makes: orders, trades, position, and what each asset must amount to."""
    taken = {one["trade_id"]: one for name, one in records if name == "fee_taken"}
    fills = [one for name, one in records if name == "fill"]
    states = {one["order_id"]: (STATES[one["state"]], one["filled"]) for name, one in records if name == "order_update"}
    balances = {BASE: 0, QUOTE: cash}
    for fill in fills:
        lots = fill["lots"] * fill["side"]
        balances[BASE] += lots * LOT
        balances[QUOTE] -= lots * LOT * fill["price"] * TICK // 10**8
        fee = taken.get(fill["trade_id"])
        balances[fee["asset"] if fee else QUOTE] -= fee["amount"] if fee else fill["fee"]
    return Ours(
        sent=[Sent(one["order_id"], one["lots"], one["side"]) for name, one in records if name == "submit"],
        states={number: filled for number, (state, filled) in states.items() if state not in ENDED},
        trades={
            one["trade_id"]: Trade(one["order_id"], one["lots"] * one["side"], one["price"], one["fee"])
            for one in fills
        },
        position=balances[BASE],
        ends={number: end for number, end in states.items() if end[0] in ENDED},
        balances={asset: amount for asset, amount in balances.items() if amount},
    )


@dataclass(frozen=True)
class Left:
    """What a process left undone: orders and cancels without an answer, doubts, books not compared, rows not noted."""

    submits: frozenset[int]
    cancels: frozenset[int]
    doubts: frozenset[int]
    is_reconciling: bool
    rows: int


def left_by(records: Records, market: Records) -> Left:
    """Return what was under way where a journal and its market data end."""
    submits: set[int] = set()
    cancels: set[int] = set()
    doubts: set[int] = set()
    is_reconciling = False
    noted = 0
    for name, one in records:
        number = int(one.get("order_id", -1))
        if name == "submit":
            submits.add(number)
        elif name == "cancel":
            cancels.add(number)
        elif name in LOST:
            doubts.add(number)
        elif name == "watermark":
            noted = one["row"] + 1
        elif name == "readiness" and one["reason"] == RECONCILING:
            is_reconciling = not one["ready"]
        if name in ANSWERS or name in LOST:
            submits.discard(number)
        if name in ("canceled", "cancel_rejected", "expired") or name in LOST:
            cancels.discard(number)
        if name in ANSWERS:
            doubts.discard(number)
    return Left(frozenset(submits), frozenset(cancels), frozenset(doubts), is_reconciling, len(market) - 1 - noted)
