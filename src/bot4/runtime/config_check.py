# SPDX-License-Identifier: Apache-2.0
"""Settings against their types: which key, what was found, what is allowed, how to mend it.

The types and their ranges in :mod:`bot4.runtime.settings` are the only source;
nothing is said here about any one key but what a type cannot say.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Annotated, Final, TypeVar, get_args, get_origin

import msgspec

from bot4.domain.errors import BadInput
from bot4.domain.instrument import INSTRUMENT_TYPES
from bot4.runtime.settings import FEEDS, FILLS, GATES, LATENCIES, QUEUES, Settings, StrategySettings
from bot4.runtime.strategy_loader import SHIPPED

T = TypeVar("T", bound=msgspec.Struct)

Path = tuple[str, ...]
Place = Callable[[Path], str]
"""Says where a key was set, for the eyes of the user: ``my.toml:7``, ``BOT4_SEED``, ``--set``."""

_USER_KIND: Final = re.compile(r".+\.py:[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def checked(tree: Mapping[str, object], place: Place) -> Settings:
    """Return settings from plain values.

    Parameters
    ----------
    tree : mapping
        As TOML gives it: only what was set.
    place : callable
        Says where a key was set.

    Raises
    ------
    BadInput
        For the first key that is unknown, of the wrong type, out of range, or at
        odds with another.
    """
    _check_struct(tree, Settings, (), place)
    settings = msgspec.convert(tree, Settings)
    for path, value, allowed, mend in contradictions(settings):
        raise BadInput(f"{place(path)}: {'.'.join(path)}", value, allowed, mend, "config_value")
    return settings


def check_table(table: Mapping[str, object], kind: type[T], path: Path, place: Place) -> T:
    """Return a table of the file that belongs to one command, against its own type.

    Raises
    ------
    BadInput
        For the first key that is unknown, missing, of the wrong type or out of range.
    """
    _check_struct(table, kind, path, place)
    return msgspec.convert(table, kind)


def is_struct(kind: object) -> bool:
    """Say whether a type is a section of settings."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def allowed_text(kind: object) -> str:
    """Return a type and its range in words: ``a whole number from 1 to 20``."""
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        return allowed_text(inner) + "".join(_range_text(note) for note in notes)
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return f"a list, each {allowed_text(inner[0])}"
        return f"a list of {len(inner)}: {', '.join(map(allowed_text, inner))}"
    if get_origin(kind) is dict:
        return f"a table of names, each with {allowed_text(get_args(kind)[1])}"
    if is_struct(kind):
        assert isinstance(kind, type)
        return "a table of " + ", ".join(field.name for field in msgspec.structs.fields(kind))
    if get_args(kind):
        return "a number"
    assert isinstance(kind, type)
    return _WORDS[kind]


def shown(value: object) -> str:
    """Return a value as a user wrote it, cut to a length that fits a line."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def closest(word: str, words: Sequence[str]) -> str:
    """Return the known word that is closest, or an empty text where none is close."""
    return next(iter(difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)), "")


def did_you_mean(word: str, words: Sequence[str], otherwise: str) -> str:
    """Return ``Did you mean ...?`` for the closest known word, or what to say where none is close."""
    near = closest(word, words)
    return f"Did you mean {near}?" if near else otherwise


def unknown_key(place: str, path: Path, known: Sequence[str]) -> BadInput:
    """Return the error for a key that no setting has."""
    mend = did_you_mean(path[-1], known, "Remove it, or see bot4 config schema.")
    section = ".".join(path[:-1]) or "the top level"
    return BadInput(
        place, f"unknown key {'.'.join(path)}", f"keys of {section}: {', '.join(known)}", mend, "unknown_key"
    )


def _range_text(note: object) -> str:
    """Return one range in words."""
    if not isinstance(note, msgspec.Meta):
        return ""
    if note.ge is not None:
        low = f" from {_number_text(note.ge)}"
        return low + (f" to {_number_text(note.le)}" if note.le is not None else " on")
    low = f" above {_number_text(note.gt)}" if note.gt is not None else ""
    high = f"at most {_number_text(note.le)}" if note.le is not None else ""
    high = f"below {_number_text(note.lt)}" if note.lt is not None else high
    return low + (" and " if low and high else " ") + high if high else low


def _number_text(number: float) -> str:
    """Return a bound as a person writes it."""
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _check_struct(value: object, kind: type[msgspec.Struct], path: Path, place: Place) -> None:
    """Check one section, key by key, in the order of the file."""
    if not isinstance(value, Mapping):
        raise _wrong(value, kind, path, place)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, item in value.items():
        here = (*path, str(name))
        field = fields.get(name)
        if field is None:
            raise unknown_key(place(here), here, list(fields))
        _check_value(item, field.type, here, place)
    for field in fields.values():
        if field.required and field.name not in value:
            raise BadInput(
                place(path), f"no {field.name} in {'.'.join(path)}", allowed_text(field.type), "Add it.", "key_missing"
            )


def _check_value(value: object, kind: object, path: Path, place: Place) -> None:
    """Check one value against its type."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _check_struct(value, kind, path, place)
        return
    inner = get_args(kind)
    if get_origin(kind) is tuple and isinstance(value, list) and is_struct(inner[0]):
        for i, item in enumerate(value):
            _check_struct(item, inner[0], (*path, str(i)), place)
        return
    for bad in _not_finite(value):
        raise _wrong(bad, kind, path, place)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise _wrong(value, kind, path, place) from None


def _not_finite(value: object) -> Iterator[float]:
    """Yield every NaN and infinity: TOML can write them, and no range keeps NaN out."""
    if isinstance(value, float) and not isfinite(value):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _not_finite(item)
    elif isinstance(value, Mapping):
        yield from _not_finite(list(value.values()))


def _wrong(value: object, kind: object, path: Path, place: Place) -> BadInput:
    """Return the error for a value of the wrong type or out of its range."""
    word = path[-1]
    mend = f"Correct {word}."
    if isinstance(value, str) and _looks_like_number(value):
        mend = f"Write {word} without quotes."
    return BadInput(f"{place(path)}: {'.'.join(path)}", shown(value), allowed_text(kind), mend, "config_value")


def _looks_like_number(text: str) -> bool:
    """Say whether a text is a number in quotes."""
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def contradictions(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    """Yield what types cannot say: the key, what it is, what is allowed, how to mend it."""
    if settings.gate not in GATES:
        yield ("gate",), shown(settings.gate), " or ".join(GATES), did_you_mean(settings.gate, GATES, "Choose one.")
    ticks = settings.ticks
    words = {"latency": LATENCIES, "feed": FEEDS, "queue": QUEUES, "fill": FILLS}
    for key, known in words.items():
        value: str = getattr(ticks, key)
        if value not in known:
            yield ("ticks", key), shown(value), " or ".join(known), did_you_mean(value, known, "Choose one.")
    if ticks.latency == "table" and not ticks.table_ms:
        yield ("ticks", "table_ms"), "no records", "at least one latency in milliseconds", "Fill the table."
    yield from _ladder(settings)
    yield from _strategies(settings)
    yield from _instruments(settings)
    yield from _features(settings)
    for i, (volume, maker, taker) in enumerate(settings.costs.fee_tiers):
        before = settings.costs.fee_tiers[i - 1][0] if i else -1.0
        if volume <= before or (i == 0 and volume != 0) or not (-1 < maker < 1 and 0 <= taker < 1):
            yield (
                ("costs", "fee_tiers", str(i)),
                shown([volume, maker, taker]),
                "[volume from, maker, taker] by ascending volume, the first from 0; maker in (-1, 1), taker in [0, 1)",
                "Sort the tiers and give rates as fractions: 0.001 is 0.10 %.",
            )


def _ladder(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    """Look at the order of the drawdown ladder."""
    risk = settings.risk
    if not risk.reduce_mille < risk.pause_mille:
        yield (
            ("risk", "pause_mille"),
            str(risk.pause_mille),
            f"above reduce_mille, which is {risk.reduce_mille}",
            "Each step of the drawdown ladder lies above the one before: lower reduce_mille as well.",
        )
    if not risk.pause_mille < risk.emergency_mille:
        yield (
            ("risk", "emergency_mille"),
            str(risk.emergency_mille),
            f"above pause_mille, which is {risk.pause_mille}",
            "Each step of the drawdown ladder lies above the one before: lower pause_mille as well.",
        )


def _strategies(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    """Look at kinds, parameters and dates of the strategies, and that no shipped one is there twice.

    What a user's class calls itself is known once it is loaded.
    """
    if not settings.strategies:
        yield ("strategies",), "[]", "at least one strategy", f"Name one of {', '.join(SHIPPED)}."
    seen: dict[str, int] = {}
    for i, strategy in enumerate(settings.strategies):
        path: Path = ("strategies", str(i))
        yield from _strategy(strategy, path)
        if strategy.kind in seen and strategy.kind in SHIPPED:
            yield (
                (*path, "kind"),
                f'"{strategy.kind}" a second time',
                "each strategy once: its name is unique in a run",
                "Leave one out; for a variant, write a class of your own with another name.",
            )
        seen[strategy.kind] = i


def _strategy(strategy: StrategySettings, path: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Look at one strategy."""
    kind = SHIPPED.get(strategy.kind)
    if kind is None and not _USER_KIND.fullmatch(strategy.kind):
        yield (
            (*path, "kind"),
            shown(strategy.kind),
            f"{', '.join(SHIPPED)}, or path/to/file.py:ClassName",
            did_you_mean(strategy.kind, list(SHIPPED), "Name a shipped one, or the file and class of your own."),
        )
    if kind is not None:
        known = list(inspect.signature(kind).parameters)
        for name in strategy.parameters:
            if name not in known:
                yield (
                    (*path, "parameters", name),
                    f"unknown parameter {name}",
                    ", ".join(known),
                    did_you_mean(name, known, "Remove it."),
                )
    if strategy.freeze and not _is_date(strategy.freeze):
        yield (*path, "freeze"), shown(strategy.freeze), "a UTC date as YYYY-MM-DD, or empty", "Write 2023-06-30."


def _is_date(text: str) -> bool:
    """Say whether a text is a date written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _instruments(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    """Look at the instruments: each once, with steps that are positive decimals."""
    seen: dict[str, int] = {}
    for i, instrument in enumerate(settings.instruments):
        path: Path = ("instruments", str(i))
        if not instrument.symbol or instrument.symbol in seen:
            yield (*path, "symbol"), shown(instrument.symbol), "each symbol once", "Join the two tables."
        seen[instrument.symbol] = i
        for name in ("tick_size", "lot_size", "min_notional"):
            text = getattr(instrument, name)
            if text and not _is_step(text, zero=name == "min_notional"):
                yield (*path, name), shown(text), "a positive decimal number in quotes", 'Write it like "0.01".'
        if instrument.type and instrument.type not in INSTRUMENT_TYPES:
            mend = did_you_mean(instrument.type, INSTRUMENT_TYPES, "Choose one.")
            yield (*path, "type"), shown(instrument.type), ", ".join(INSTRUMENT_TYPES), mend


def _is_step(text: str, *, zero: bool) -> bool:
    """Say whether a text is a finite decimal above zero, or zero where that is allowed."""
    try:
        step = Decimal(text)
    except InvalidOperation:
        return False
    return step.is_finite() and (step > 0 or (zero and step == 0))


def _features(settings: Settings) -> Iterator[tuple[Path, str, str, str]]:
    """Look at the names of features, where any was set; the catalogue is loaded only then."""
    default = Settings()
    named = [(("features", str(i)), name) for i, name in enumerate(settings.features)]
    for key in ("volatility_feature", "atr_feature"):
        name = getattr(settings.decision, key)
        if name != getattr(default.decision, key):
            named.append((("decision", key), name))
    if not named:
        return
    from bot4.kernels.features import parse
    from bot4.kernels.orderflow import flow_of

    seen: dict[str, Path] = {}
    for path, name in named:
        try:
            if not flow_of(name):
                parse(name)
            else:
                yield (
                    path,
                    shown(name),
                    "a feature of bars",
                    "Those of trades and quotes come where a strategy reads them.",
                )
        except ValueError as error:
            yield path, shown(name), "a name that bot4 features list shows", f"{error}"
        if path[0] == "features" and name in seen:
            yield path, f"{shown(name)} a second time", "each feature once", "Leave one out."
        seen[name] = path
