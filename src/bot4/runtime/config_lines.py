# SPDX-License-Identifier: Apache-2.0
"""Where each key of a TOML file stands, so that an error can name ``file:line``.

``tomllib`` gives values without places. This scan knows just enough of the syntax
to follow headers, dotted and quoted keys, arrays of tables, and values that span
lines; it decides nothing about values and is only asked about files that parsed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

Path = tuple[str, ...]
"""A key by its parts; the place of an element in an array is its number, as text."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER: Final = re.compile(rf"\s*(?P<open>\[\[?)\s*(?P<key>{_DOTTED})\s*\]")
_KEY: Final = re.compile(rf"\s*(?P<key>{_DOTTED})\s*=")
_TOKEN: Final = re.compile(r'"""|' + r"'''|" + r"""#|"(?:[^"\\]|\\.)*"|'[^']*'|[\[\]{}]""")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, on which each key and table of a valid TOML text begins."""
    lines: dict[Path, int] = {}
    tables: dict[Path, int] = {}
    here: Path = ()
    for number, line in _statements(text):
        header = _HEADER.match(line)
        if header is not None:
            here = _within(split_key(header["key"]), tables, starts=header["open"] == "[[")
            lines.setdefault(here, number)
            lines.setdefault(here[:-1] if header["open"] == "[[" else here, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            path = here + split_key(key["key"])
            for end in range(len(here) + 1, len(path) + 1):
                lines.setdefault(path[:end], number)
    return lines


def line_of(lines: dict[Path, int], path: Sequence[str]) -> int:
    """Return the line of a key, or of the nearest that holds it, or 1."""
    for end in range(len(path), 0, -1):
        found = lines.get(tuple(path[:end]))
        if found is not None:
            return found
    return 1


def split_key(text: str) -> Path:
    """Return the parts of a dotted key, quotes taken off."""
    parts = re.findall(_PART, text)
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in parts)


def _within(name: Path, tables: dict[Path, int], *, starts: bool) -> Path:
    """Return a header's path with the numbers of the array elements it lies in; counts a new element."""
    path: Path = ()
    for i, part in enumerate(name):
        path = (*path, part)
        is_last = i == len(name) - 1
        if starts and is_last:
            tables[path] = tables.get(path, -1) + 1
        if path in tables:
            path = (*path, str(tables[path]))
    return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line of each header, key or blank, leaving out the inside of values that span lines."""
    depth = 0
    quotes = ""
    for number, line in enumerate(text.split("\n"), 1):
        if depth == 0 and not quotes:
            yield number, line
            if _HEADER.match(line):
                continue
        depth, quotes = _scan(line, depth, quotes)


def _scan(line: str, depth: int, quotes: str) -> tuple[int, str]:
    """Return how deep in brackets, and in which triple quotes, a line ends."""
    at = 0
    while at < len(line):
        if quotes:
            end = line.find(quotes, at)
            if end < 0:
                return depth, quotes
            at = end + 3
            quotes = ""
            continue
        token = _TOKEN.search(line, at)
        if token is None or token[0] == "#":
            break
        at = token.end()
        if token[0] in ('"""', "'''"):
            quotes = token[0]
        elif token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
    return depth, quotes
