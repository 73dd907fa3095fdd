# SPDX-License-Identifier: Apache-2.0
"""Which tick, lot and filters an instrument has: from the configuration, the shipped table, or a stated default.

The default looks at the first price of a series and at no other row.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bot4.domain.errors import BadInput
from bot4.domain.instrument import INSTRUMENT_TYPES, Instrument
from bot4.domain.values import TICKS_MAX

QUOTES: Final = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "DAI", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "AUD", "BTC",
                 "ETH", "BNB")  # fmt: skip
SEPARATORS: Final = "-/_:"

DEFAULT_TICK: Final = Decimal("1e-8")
DEFAULT_LOT: Final = Decimal("1e-3")
DEFAULT_ROOM: Final = 1_000
"""A series may rise to this many times its first price before it leaves the default tick's range."""

TEXT_KEYS: Final = ("base", "quote", "instrument_type", "as_of", "venue")
NUMBER_KEYS: Final = ("tick_size", "lot_size", "min_quantity", "max_quantity", "min_notional")


@dataclass(frozen=True, slots=True)
class Description:
    """Describe an instrument in decimals, before it has an index."""

    base: str
    quote: str
    tick_size: Decimal
    lot_size: Decimal
    instrument_type: str
    as_of: str
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_notional: Decimal = Decimal(0)


def instrument_for(
    symbol: str,
    index: int,
    *,
    first_price: Decimal,
    overrides: Mapping[str, object] | None = None,
    venue: str | None = None,
) -> Instrument:
    """Return the instrument of a symbol.

    Parameters
    ----------
    symbol : str
        As the user writes it; separators and case do not matter for the table.
    index : int
        Its place in the run.
    first_price : Decimal
        The first price of the series, in quote units; only the default looks at it.
    overrides : mapping, optional
        The symbol's keys from the configuration: ``tick_size lot_size
        min_quantity max_quantity min_notional base quote instrument_type as_of
        venue``; each replaces what the table or the default says.
    venue : str, optional
        Whose instrument; by default the first venue of the table that has the symbol.

    Raises
    ------
    BadInput
        If an override is unknown or no number, or base and quote cannot be told apart.
    """
    given = dict(overrides or {})
    place = f"instrument {symbol}"
    _check_keys(place, given)
    described = shipped(symbol, _text(place, "venue", given["venue"]) if "venue" in given else venue)
    if described is None:
        described = _default(symbol, first_price, given)
    described = _override(place, described, given)
    return _instrument(symbol, index, described)


def shipped(symbol: str, venue: str | None = None) -> Description | None:
    """Return what the shipped table says of a symbol, or None; without a venue the first that has it speaks."""
    plain = _plain(symbol)
    for name, symbols in _table().items():
        if venue in {None, name} and plain in symbols:
            return symbols[plain]
    return None


def venues() -> tuple[str, ...]:
    """Return the venues of the shipped table, in its order."""
    return tuple(_table())


def split_symbol(symbol: str) -> tuple[str, str] | None:
    """Return base and quote of a symbol by its separator or a known quote at its end, or None."""
    for separator in SEPARATORS:
        base, found, quote = symbol.partition(separator)
        if found and base and quote:
            return base.upper(), quote.upper()
    for quote in QUOTES:
        if symbol.upper().endswith(quote) and len(symbol) > len(quote):
            return symbol.upper()[: -len(quote)], quote
    return None


def default_tick(first_price: Decimal) -> Decimal:
    """Return 1e-8, or the first power of ten above it in whose steps 1,000 times the first price fits 2**40."""
    tick = DEFAULT_TICK
    while first_price * DEFAULT_ROOM / tick >= TICKS_MAX:
        tick *= 10
    return tick.normalize()


@cache
def _table() -> dict[str, dict[str, Description]]:
    """Return the shipped table: venue, symbol, description."""
    text = files("bot4.adapters.stores").joinpath("instruments.toml").read_text(encoding="utf-8")
    raw: dict[str, Any] = tomllib.loads(text)
    table: dict[str, dict[str, Description]] = {}
    for venue, section in raw.items():
        table[venue] = {
            symbol: Description(
                base=row["base"],
                quote=row["quote"],
                tick_size=Decimal(row["tick_size"]),
                lot_size=Decimal(row["lot_size"]),
                instrument_type=section["instrument_type"],
                as_of=row["as_of"],
                min_quantity=Decimal(row["min_quantity"]) if "min_quantity" in row else None,
                min_notional=Decimal(row.get("min_notional", "0")),
            )
            for symbol, row in section["symbols"].items()
        }
    return table


def _plain(symbol: str) -> str:
    """Return a symbol in capitals without separators."""
    return symbol.upper().translate(str.maketrans("", "", SEPARATORS))


def _default(symbol: str, first_price: Decimal, given: Mapping[str, object]) -> Description:
    """Describe an instrument of which nothing is known but its name and first price."""
    halves = split_symbol(symbol)
    if halves is None and not {"base", "quote"} <= set(given):
        raise BadInput(
            f"instrument {symbol}",
            "a symbol whose quote currency is not known",
            f"a symbol that ends in {', '.join(QUOTES)}, or has one of {' '.join(SEPARATORS)} between its halves",
            "Set base and quote for this instrument in the configuration.",
            "symbol_unknown",
        )
    base, quote = halves or ("", "")
    return Description(base, quote, default_tick(first_price), DEFAULT_LOT, INSTRUMENT_TYPES[0], "default")


def _check_keys(place: str, given: Mapping[str, object]) -> None:
    """Refuse an override that does not exist."""
    allowed = (*NUMBER_KEYS, *TEXT_KEYS)
    for key in given:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Remove it."
            raise BadInput(place, f"unknown key {key}", ", ".join(allowed), hint, "key_unknown")
    kind = given.get("instrument_type", INSTRUMENT_TYPES[0])
    if kind not in INSTRUMENT_TYPES:
        raise BadInput(
            place, f"instrument_type {kind!r}", " or ".join(INSTRUMENT_TYPES), "Choose one of them.", "bad_value"
        )
    venue = given.get("venue")
    if venue is not None and venue not in _table():
        raise BadInput(
            place, f"venue {venue!r}", ", ".join(_table()), "Choose one of them, or leave it out.", "bad_value"
        )


def _override(place: str, described: Description, given: Mapping[str, object]) -> Description:
    """Return a description with the configuration's values in place of its own."""
    changed: dict[str, Any] = {key: _number(place, key, given[key]) for key in NUMBER_KEYS if key in given}
    changed |= {key: _text(place, key, given[key]) for key in TEXT_KEYS if key in given and key != "venue"}
    if changed and "as_of" not in changed:
        changed["as_of"] = "configuration"
    return replace(described, **changed)


def _number(place: str, key: str, value: object) -> Decimal:
    """Return a number of the configuration as the decimal it was written as."""
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or (number == 0 and key != "min_notional"):
        raise BadInput(place, f"{key} {value!r}", "a number above 0", f"Correct {key}.", "bad_value")
    return number


def _text(place: str, key: str, value: object) -> str:
    """Return a text of the configuration."""
    if not isinstance(value, str) or not value:
        raise BadInput(place, f"{key} {value!r}", "a text", f"Correct {key}.", "bad_value")
    return value


def _instrument(symbol: str, index: int, described: Description) -> Instrument:
    """Return a description as an instrument: quantities become whole lots, the smallest rounded up."""
    lot = described.lot_size
    filters: dict[str, int] = {}
    if described.min_quantity is not None:
        filters["min_lots"] = int((described.min_quantity / lot).to_integral_value(ROUND_CEILING))
    if described.max_quantity is not None:
        filters["max_lots"] = int(described.max_quantity // lot)
    return Instrument(
        index,
        symbol,
        base=described.base,
        quote=described.quote,
        tick_size=described.tick_size,
        lot_size=lot,
        min_notional=described.min_notional,
        instrument_type=INSTRUMENT_TYPES.index(described.instrument_type),
        as_of=described.as_of,
        **filters,
    )
