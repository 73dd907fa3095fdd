# SPDX-License-Identifier: Apache-2.0
"""Which files belong to which symbol: the values of ``--bars [SYMBOL=]PATH``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Final

from bot4.domain.errors import BadInput

NAME: Final = re.compile(r"(?:^(?P<venue>.+)_|^)(?P<symbol>[A-Z0-9]{4,20})[-_]\d+[smhdwM](?:[-_].*)?$")
BARE: Final = re.compile(r"^[A-Z0-9]{5,20}$")
PREFIX: Final = re.compile(r"^(?P<symbol>[A-Za-z0-9][A-Za-z0-9:/_-]*)=(?P<path>.+)$")


@dataclass(frozen=True, slots=True)
class NamedFile:
    """Tell what a file's name says of it: ``venue_SYMBOL_interval...`` or ``SYMBOL-interval-...``."""

    path: Path
    symbol: str | None
    venue: str | None


def read_name(path: Path) -> NamedFile:
    """Return the symbol and venue in a file's name, each None where the name does not tell.

    ``binance_BTCUSDT_1m_2017.parquet`` is BTCUSDT of binance, ``BTCUSDT-1h-2023-01.csv``
    and ``BTCUSDT.csv`` are BTCUSDT.
    """
    stem = path.name.split(".")[0]
    if found := NAME.match(stem):
        prefix = found["venue"]
        return NamedFile(path, found["symbol"], prefix.rsplit("_", 1)[-1] if prefix else None)
    return NamedFile(path, stem if BARE.match(stem) else None, None)


def group_paths(values: Sequence[str], symbols: Sequence[str] = ()) -> dict[str, list[Path]]:
    """Return the files of each symbol, symbols in the order wanted, files as given.

    Parameters
    ----------
    values : sequence of str
        ``PATH`` or ``SYMBOL=PATH``; a path may be a pattern (``*``, ``?``, ``[...]``, ``**``),
        whose files are taken in the order of their names.
    symbols : sequence of str
        The symbols wanted; none of them means all that the files name. A pattern
        may match files of other symbols, which are left out; a path given by
        name may not. With one symbol, a file whose name does not tell is its.

    Raises
    ------
    BadInput
        With code ``path_empty``, ``symbol_unknown``, ``symbol_differs``,
        ``symbol_without_file``, ``venue_mixed`` or ``file_repeated``.
    """
    if not values:
        raise BadInput("--bars", "no file", "--bars [SYMBOL=]PATH", "Give at least one file.", "path_empty")
    groups: dict[str, list[NamedFile]] = {symbol: [] for symbol in symbols}
    for value in values:
        for symbol, file in _files(value, symbols):
            groups.setdefault(symbol, []).append(file)
    for symbol, group in groups.items():
        _check_group(symbol, group)
    return {symbol: [file.path for file in group] for symbol, group in groups.items()}


def venue_of(paths: Sequence[Path]) -> str | None:
    """Return the venue that the files' names agree on, or None."""
    named = {file.venue: None for file in map(read_name, paths)}
    return next(iter(named)) if len(named) == 1 else None


def _files(value: str, symbols: Sequence[str]) -> list[tuple[str, NamedFile]]:
    """Return the files of one ``--bars`` with their symbols."""
    given = None if Path(value).exists() else PREFIX.match(value)
    text = given["path"] if given else value
    is_pattern = has_magic(text) and not Path(text).exists()
    # Path.glob takes no absolute pattern, and users' patterns are often absolute.
    names = sorted(glob(text, recursive=True)) if is_pattern else [text]  # noqa: PTH207
    paths = [Path(name) for name in names]
    if not paths:
        raise BadInput(
            f"--bars {value}", "no file matches", "a pattern that matches files", "Correct the pattern.", "path_empty"
        )
    out: list[tuple[str, NamedFile]] = []
    for path in paths:
        file = read_name(path)
        if given and symbols and given["symbol"] not in symbols:
            raise _other_symbol(value, given["symbol"], symbols)
        symbol = given["symbol"] if given else _symbol(file, value, symbols, is_pattern=is_pattern)
        if symbol is not None:
            out.append((symbol, file))
    return out


def _symbol(file: NamedFile, value: str, symbols: Sequence[str], *, is_pattern: bool) -> str | None:
    """Return the symbol of a file, or None if a pattern matched a file that was not asked for."""
    if file.symbol is not None and (not symbols or file.symbol in symbols):
        return file.symbol
    if file.symbol is None and len(symbols) == 1:
        return symbols[0]
    if file.symbol is not None and is_pattern:
        return None
    if file.symbol is not None:
        raise _other_symbol(value, file.symbol, symbols)
    raise BadInput(
        f"--bars {value}",
        f"{file.path.name} does not name its symbol",
        "SYMBOL=PATH, or a name such as binance_BTCUSDT_1h.parquet or BTCUSDT-1h-2023-01.csv",
        f"Write --bars SYMBOL={file.path}.",
        "symbol_unknown",
    )


def _other_symbol(value: str, symbol: str, symbols: Sequence[str]) -> BadInput:
    """Return the error for a file of a symbol that was not asked for."""
    return BadInput(
        f"--bars {value}",
        f"a file of {symbol}",
        f"files of {', '.join(symbols)}",
        f"Add --symbol {symbol}, or write SYMBOL=PATH if the name misleads.",
        "symbol_differs",
    )


def _check_group(symbol: str, group: Sequence[NamedFile]) -> None:
    """Refuse a symbol without files, one file twice, and files of two venues for one symbol."""
    if not group:
        raise BadInput(
            f"--symbol {symbol}", "no file", "at least one file of each symbol", f"Add --bars {symbol}=PATH.",
            "symbol_without_file",
        )  # fmt: skip
    seen: set[Path] = set()
    for file in group:
        if file.path.resolve() in seen:
            raise BadInput(
                f"--bars {file.path}", "a file given twice", "each file once", "Leave one of them out.", "file_repeated"
            )
        seen.add(file.path.resolve())
    named = [file for file in group if file.venue is not None]
    for file in named:
        if file.venue != named[0].venue:
            raise BadInput(
                f"--bars {file.path}",
                f"{symbol} of {file.venue}, beside {symbol} of {named[0].venue}",
                "files of one venue for one symbol",
                "Leave one of them out, or give them different symbols with SYMBOL=PATH.",
                "venue_mixed",
            )
