# SPDX-License-Identifier: Apache-2.0
"""Records read by the published schema: a payload as names and values, an input as the event it was."""

from collections.abc import Callable
from struct import Struct, error, unpack_from
from typing import Final

from bot4.domain.books_equal import Balance, BooksEqual, Held
from bot4.domain.errors import Corrupt, OurFault
from bot4.domain.event import BOOKS_EQUAL, EXECUTION, EXTERNAL, FEE_TAKEN, INPUTS, READINESS, Event
from bot4.domain.external import External
from bot4.domain.fee import FeeTaken
from bot4.domain.order import Execution, OrderWord
from bot4.domain.readiness import Readiness
from bot4.domain.values import Lots, Money, Nanos, Ticks
from bot4.record import format as frame
from bot4.record.counts import count_text
from bot4.record.format import Record
from bot4.record.schema import LAYOUT, MARKET_LAYOUT, Field, kind_name

SCALARS: Final = {"i64": "q", "f64": "d", "flag": "q", "hash": "32s"}
"""Type in the table -> its code for :mod:`struct`; a flag is an int64 0 or 1, a hash 32 bytes."""

WORD: Final = Struct("<qqh")
READY: Final = Struct("<qqqh")
EXECUTED: Final = Struct("<8q")
FOREIGN: Final = Struct("<6q")
TAKEN: Final = Struct("<6q")

Values = dict[str, object]
Step = Callable[[bytes, int, Values], int]
"""Read some fields of a payload from an offset into the dict; return the offset behind them."""


def scalar_step(fields: list[Field]) -> Step:
    """Return the step that reads a run of fixed-size fields at once."""
    layout = Struct("<" + "".join(SCALARS[field.type] for field in fields))
    names = [field.name for field in fields]
    flags = [field.name for field in fields if field.type == "flag"]

    def step(payload: bytes, at: int, values: Values) -> int:
        values.update(zip(names, layout.unpack_from(payload, at), strict=True))
        for name in flags:
            values[name] = flag_of(values[name])
        return at + layout.size

    return step


def flag_of(number: object) -> bool:
    """Return a written truth value.

    Raises
    ------
    ValueError
        If it is neither 0 nor 1.
    """
    if number not in (0, 1):
        raise ValueError(f"a flag of {number}")
    return number == 1


def text_step(name: str) -> Step:
    """Return the step that reads one bounded text."""

    def step(payload: bytes, at: int, values: Values) -> int:
        (length,) = unpack_from("<h", payload, at)
        data = payload[at + 2 : at + 2 + length]
        if len(data) != length:
            raise ValueError("a text that is cut")
        values[name] = data.decode("utf-8")
        return at + 2 + int(length)

    return step


def group_step(name: str, inner: list[Step]) -> Step:
    """Return the step that reads fields under one name."""

    def step(payload: bytes, at: int, values: Values) -> int:
        values[name] = group = Values()
        for read in inner:
            at = read(payload, at, group)
        return at

    return step


def repeated_step(name: str, inner: list[Step]) -> Step:
    """Return the step that reads a count and so many groups of fields."""

    def step(payload: bytes, at: int, values: Values) -> int:
        (count,) = unpack_from("<q", payload, at)
        at += 8
        if not 0 <= count <= len(payload):
            raise ValueError(f"a count of {count}")
        values[name] = rows = [Values() for _ in range(count)]
        for row in rows:
            for read in inner:
                at = read(payload, at, row)
        return at

    return step


def steps_for(fields: tuple[Field, ...]) -> list[Step]:
    """Turn a list of fields into steps, fixed-size neighbours joined."""
    steps: list[Step] = []
    run: list[Field] = []
    for field in fields:
        if field.type in SCALARS:
            run.append(field)
            continue
        if run:
            steps.append(scalar_step(run))
            run = []
        if field.type == "text":
            steps.append(text_step(field.name))
        elif field.type == "group":
            steps.append(group_step(field.name, steps_for(field.fields)))
        elif field.type == "repeated":
            steps.append(repeated_step(field.name, steps_for(field.fields)))
    return [*steps, scalar_step(run)] if run else steps


STEPS: Final = {
    kind: steps_for(fields) for kind, (_, fields) in (LAYOUT | MARKET_LAYOUT).items() if kind != frame.HEADER
}


def decode(record: Record) -> Values:
    """Return a record's payload as names and values.

    Groups are dicts, repeated fields lists of dicts, hashes bytes; a header is
    ``{"header": text}`` (:func:`bot4.record.header.decode_header` reads it).

    Raises
    ------
    Corrupt
        If the bytes do not fit the kind's layout: whole by CRC, but not by meaning.
    """
    payload = record.payload
    values = Values()
    try:
        if record.kind == frame.HEADER:
            return {"header": payload.decode("utf-8")}
        at = 0
        for step in STEPS[record.kind]:
            at = step(payload, at, values)
    except (ValueError, KeyError, error) as wrong:
        raise misfit(record, str(wrong)) from None
    if at != len(payload):
        raise misfit(record, f"{count_text(len(payload) - at, 'byte')} left over")
    return values


def misfit(record: Record, wrong: str) -> Corrupt:
    """Say that a record's bytes are not those of its kind."""
    return Corrupt(
        "journal",
        record.offset,
        f"a {kind_name(record.kind)} record that does not fit its layout ({wrong})",
        "records as schema/journal.json tells",
        "Read it with the bot4 that wrote it.",
    )


def to_event(record: Record) -> Event:
    """Return an input of the engine, such as a venue's report, as the event it was.

    Raises
    ------
    OurFault
        If the record is none of the kinds of input.
    Corrupt
        If its bytes do not fit the kind's layout.
    """
    if record.kind not in INPUTS:
        raise OurFault(f"a {kind_name(record.kind)} record is no report of a venue, nor any other input")
    values = decode(record)
    event_ns = Nanos(record.ts_event_ns)
    known_ns = Nanos(record.ts_known_ns)
    if record.kind == EXTERNAL:
        instrument, venue_order_id, trade_id, side, lots, price = FOREIGN.unpack_from(record.payload)
        return External(
            event_ns,
            known_ns,
            instrument=instrument,
            venue_order_id=venue_order_id,
            trade_id=trade_id,
            side=side,
            lots=Lots(lots),
            price=Ticks(price),
            reason=str(values["reason"]),
        )
    if record.kind == FEE_TAKEN:
        order_id, trade_id, instrument, payer, amount, worth = TAKEN.unpack_from(record.payload)
        return FeeTaken(
            event_ns,
            known_ns,
            order_id=order_id,
            trade_id=trade_id,
            instrument=instrument,
            payer=payer,
            amount=amount,
            worth=Money(worth),
            asset=str(values["asset"]),
        )
    if record.kind == BOOKS_EQUAL:
        return books_equal_of(values, known_ns)
    if record.kind == READINESS:
        reason, instrument, ready, _ = READY.unpack_from(record.payload)
        note = str(values["note"])
        return Readiness(event_ns, known_ns, reason=reason, instrument=instrument, ready=ready == 1, note=note)
    if record.kind != EXECUTION:
        order_id, instrument, _ = WORD.unpack_from(record.payload)
        return OrderWord(record.kind, event_ns, known_ns, order_id, instrument, str(values["reason"]))
    order_id, trade_id, instrument, side, lots, price, fee, is_maker = EXECUTED.unpack(record.payload)
    return Execution(
        event_ns,
        known_ns,
        order_id=order_id,
        trade_id=trade_id,
        instrument=instrument,
        side=side,
        lots=Lots(lots),
        price=Ticks(price),
        fee=Money(fee),
        is_maker=is_maker == 1,
    )


def books_equal_of(values: Values, now: Nanos) -> BooksEqual:
    """Return what a record says of books that were equal."""
    held, balances = values["held"], values["balances"]
    assert isinstance(held, list) and isinstance(balances, list), "as the layout says"
    return BooksEqual(
        now,
        [Held(one["instrument"], one["last_trade_id"], one["amount"]) for one in held],
        [Balance(one["amount"], one["asset"]) for one in balances],
    )
