# SPDX-License-Identifier: Apache-2.0
"""Settings from a TOML file, the environment and flags: flag over environment over file over default.

Owns the reading and the precedence, and remembers which source set each key.
What a value may be is :mod:`bot4.runtime.config_check`'s. The environment is
given as a mapping: only apps look at the real one.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args, get_origin

import msgspec

from bot4.domain.errors import BadInput, OutsideFault
from bot4.runtime.config_check import checked, closest, is_struct, shown, unknown_key
from bot4.runtime.config_lines import key_lines, line_of
from bot4.runtime.settings import GATES, Settings

PREFIX: Final = "BOT4_"
PROCESS_VARIABLES: Final = frozenset(
    {
        "BOT4_TRACEBACK",  # show the traceback of a bug on the terminal
        "BOT4_PASSPHRASE_FILE",  # names the file with what opens an encrypted file of secrets
        "BOT4_SHARED",  # the rest: tests and build
        "BOT4_REQUIRE_DATA",
        "BOT4_FULL",
        "BOT4_HYPOTHESIS",
        "BOT4_EXPECT_BUILD",
        "BOT4_COMPILE",
    }
)
"""Variables that begin like settings and are none."""

_CURLY: Final = re.compile("[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]")
_AT: Final = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Override:
    """Set one key from a flag: its dotted name, its text, and the flag to blame."""

    key: str
    text: str
    flag: str = "--set"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Hold settings and, for each key that was set, which source set it.

    ``sources`` maps dotted keys to ``file:line``, a variable's name or a flag;
    keys left at their default are absent. ``apart`` is the table of the file that
    was asked for by name and is no setting of a run, as TOML gives it, None where
    there is none; ``place`` says where a key was set.
    """

    settings: Settings
    sources: dict[str, str]
    apart: object = None
    place: Callable[[tuple[str, ...]], str] = ".".join

    def rows(self) -> list[tuple[str, object, str]]:
        """Return every setting as (dotted key, value, source), in declared order."""
        leaves = _leaves(msgspec.to_builtins(self.settings), ())
        return [(".".join(key), value, self._source(".".join(key))) for key, value in leaves]

    def _source(self, key: str) -> str:
        """Return the source of a key, or of the nearest key that holds it or is held in it."""
        while key:
            if key in self.sources:
                return self.sources[key]
            key = key.rpartition(".")[0]
        return "default"


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Sequence[Override] = (),
    *,
    apart: str = "",
) -> LoadedSettings:
    """Return the settings of a run.

    Parameters
    ----------
    path : Path, optional
        A TOML file; None for no file.
    environment : mapping, optional
        Where variables such as ``BOT4_COSTS__TAKER`` are looked for.
    overrides : sequence of Override
        What flags say, the last one winning.
    apart : str
        A table of the file that belongs to one command: handed over unchecked.

    Raises
    ------
    BadInput
        For anything that cannot be used as it is, with its place.
    OutsideFault
        If the file may not be read.
    """
    tree: dict[str, object] = {}
    places: dict[tuple[str, ...], str] = {}
    if path is not None:
        mend = "Check the path." if apart else "Check the path; without one the defaults run."
        tree = _read(path, places, mend)
    taken = tree.pop(apart, None) if apart else None
    for name, text in sorted((environment or {}).items()):
        if name.startswith(PREFIX) and name not in PROCESS_VARIABLES:
            _set(tree, places, tuple(name.removeprefix(PREFIX).lower().split("__")), text, name)
    for override in overrides:
        _set(tree, places, tuple(override.key.split(".")), override.text, override.flag)

    settings = checked(tree, lambda key: _place(key, places))
    sources = {".".join(key): source for key, source in places.items()}
    return LoadedSettings(settings, sources, taken, lambda key: _place(key, places))


def parse_override(text: str, flag: str = "--set") -> Override:
    """Return what ``key=value`` says.

    Raises
    ------
    BadInput
        If there is no ``=`` or no key.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise BadInput(
            flag, shown(text), "key=value, such as risk.position_mille=10", "Write the key, = and the value.", "usage"
        )
    return Override(key.strip(), value.strip(), flag)


def settings_schema() -> dict[str, object]:
    """Return the JSON schema of the settings, for editors; ranges, defaults and closedness included."""
    schema: dict[str, object] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Settings)))
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    definitions["Settings"]["properties"]["gate"]["enum"] = list(GATES)
    return schema


def _read(path: Path, places: dict[tuple[str, ...], str], mend_missing: str) -> dict[str, object]:
    """Return a file's values; notes the place of each key."""
    text = _text(path, mend_missing)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(path, text, str(error)) from None
    lines = key_lines(text.replace("\r\n", "\n"))
    for key, _ in _leaves(tree, ()):
        places[key] = f"{path}:{line_of(lines, key)}"
    return tree


def _text(path: Path, mend_missing: str) -> str:
    """Return the text of a configuration file."""
    allowed = "a TOML file in UTF-8"
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise BadInput(str(path), error.strerror or "no file", allowed, mend_missing, "no_file") from None
    except OSError as error:
        raise OutsideFault(
            str(path),
            error.strerror or "unreadable",
            "a file that may be read",
            "Check its permissions.",
            "not_allowed",
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        mend = "Save it as UTF-8."
        if path.suffix in {".parquet", ".pq"}:
            mend = f"Bars are given by a flag: --bars {path}."
        raise BadInput(f"{path}:{line}", f"byte {error.start} is no UTF-8", allowed, mend, "config_syntax") from None


def _syntax(path: Path, text: str, message: str) -> BadInput:
    """Return the error for a text that is no TOML, with the line and what is odd about it."""
    found = _AT.search(message)
    lines = text.splitlines() or [""]
    number = min(int(found[1]), len(lines)) if found else len(lines)
    line = lines[number - 1].strip()
    mend = "Correct the line; strings stand in straight quotes, sections in [brackets]."
    if _CURLY.search(line):
        mend = 'Replace the curly quotes by straight ones: ".'
    reason = _AT.sub("", message)
    return BadInput(f"{path}:{number}", f"{reason}: {shown(line)}", "TOML: key = value", mend, "config_syntax")


def _leaves(value: object, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], object]]:
    """Return every leaf below a value with its path."""
    if isinstance(value, dict) and value:
        return [leaf for name, item in value.items() for leaf in _leaves(item, (*path, name))]
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return [leaf for i, item in enumerate(value) for leaf in _leaves(item, (*path, str(i)))]
    return [(path, value)]


def _place(key: tuple[str, ...], places: Mapping[tuple[str, ...], str]) -> str:
    """Return where a key was set, or the key that has most of its parts in common."""

    def in_common(other: tuple[str, ...]) -> int:
        return next((i for i, (a, b) in enumerate(zip(key, other, strict=False)) if a != b), min(len(key), len(other)))

    return places[max(places, key=in_common)] if places else "settings"


def _set(
    tree: dict[str, object], places: dict[tuple[str, ...], str], path: tuple[str, ...], text: str, source: str
) -> None:
    """Put one value from a text into the tree, typed by the setting it is for."""
    kind = _kind_at(path, source)
    here: object = tree
    for i, part in enumerate(path[:-1]):
        here = _descend(here, path[: i + 1], source, part)
    value = _typed(text, kind)
    if isinstance(here, dict):
        here[path[-1]] = value
    elif isinstance(here, list):
        here[_number(here, path, source)] = value
    for key in [key for key in places if key[: len(path)] == path]:
        del places[key]
    places[path] = source


def _descend(here: object, path: tuple[str, ...], source: str, part: str) -> object:
    """Return the table or element that a part of a key names, made from the default where it was not set."""
    if isinstance(here, list):
        return here[_number(here, path, source)]
    assert isinstance(here, dict)
    if part not in here:
        default: object = msgspec.to_builtins(Settings())
        for name in path:
            default = default.get(name, {}) if isinstance(default, dict) else {}
        here[part] = list(default) if isinstance(default, (list, tuple)) else {}
    return here[part]


def _number(values: Sequence[object], path: tuple[str, ...], source: str) -> int:
    """Return which element of a list a key's last part names."""
    if path[-1].isdecimal() and int(path[-1]) < len(values):
        return int(path[-1])
    raise BadInput(
        source,
        f"no element {path[-1]} in {'.'.join(path[:-1])}",
        f"0 to {len(values) - 1}" if values else "none: the list is empty",
        "Count from 0, or set the whole list.",
        "unknown_key",
    )


def _kind_at(path: tuple[str, ...], source: str) -> object:
    """Return the type of the setting that a key names.

    Raises
    ------
    BadInput
        If there is no such setting.
    """
    kind: object = Settings
    for i, part in enumerate(path):
        inner = get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
            if part not in fields:
                raise _no_setting(path[: i + 1], list(fields), source)
            kind = fields[part]
        elif get_origin(kind) is dict:
            kind = inner[1]
        elif get_origin(kind) is tuple and (is_struct(inner[0]) or inner[-1] is Ellipsis):
            kind = inner[0]
        else:
            raise _no_setting(path[: i + 1], [], source)
    return kind


def _no_setting(path: tuple[str, ...], known: list[str], source: str) -> BadInput:
    """Return the error for a variable or flag that names no setting."""
    if not source.startswith(PREFIX):
        return unknown_key(source, path, known)
    near = closest(path[-1], known)

    def variable(word: str) -> str:
        return PREFIX + "__".join((*path[:-1], word)).upper()

    return BadInput(
        source,
        f"no setting {'.'.join(path)}",
        ", ".join(map(variable, known)) or "no deeper key",
        f"Did you mean {variable(near)}?" if near else "Unset it, or see bot4 config schema.",
        "unknown_key",
    )


def _typed(text: str, kind: object) -> object:
    """Return a text as the value it stands for; where it is none, as itself, for the check to refuse."""
    if kind is str:
        return text
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value
