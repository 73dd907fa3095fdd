# SPDX-License-Identifier: Apache-2.0
"""Whether a venue still says what its contract says: fields that nobody knows, fields that are missing, wrong types.

A known shape is a msgspec struct. An unknown field is ignored by the decoder and counted here; a missing
or mistyped one makes the reply a :class:`Malformed`, which after sending means that the fate is unknown.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar, final, get_args

import msgspec
from msgspec import Struct

DEPTH_MAX: Final = 4
KINDS_MAX: Final = 1_000

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stand in for a reply that is not of its shape: which shape, and what of it was wrong."""

    shape: str
    why: str


@final
class Drift:
    """Count what differs from the known shapes, by shape and field.

    Attributes
    ----------
    unknown, broken : dict
        How often each unknown field, and each reason of a malformed reply, was met.
    """

    __slots__ = ("unknown", "broken", "_fresh")

    def __init__(self) -> None:
        self.unknown: dict[str, int] = {}
        self.broken: dict[str, int] = {}
        self._fresh: list[str] = []

    def read(self, shape: str, kind: type[Shape], data: bytes) -> Shape | Malformed:
        """Return a reply as its shape, having counted what the shape does not know.

        Parameters
        ----------
        shape : str
            A short name for messages, such as ``"order"``.
        kind : type
            A struct, or a list of structs.
        data : bytes
            The JSON text.
        """
        try:
            made = msgspec.json.decode(data, type=kind)
            plain = msgspec.json.decode(data)
        except msgspec.ValidationError as error:
            return self.broke(shape, str(error))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.broke(shape, "no JSON")
        self._compare(shape, kind, plain, 0)
        return made

    def broke(self, shape: str, why: str) -> Malformed:
        """Count a message that is of no known shape, and return what stands in for it."""
        self._count(self.broken, f"{shape}: {why}")
        return Malformed(shape, why)

    def news(self) -> list[str]:
        """Return what was met for the first time since the last asking, for an alert."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def _compare(self, shape: str, kind: Any, plain: object, level: int) -> None:
        """Count the fields that a struct does not have, in it and in the first of each list below it."""
        if level > DEPTH_MAX:
            return
        if isinstance(plain, list):
            inner = [part for part in get_args(kind) if part is not Ellipsis]
            if plain and inner:
                self._compare(shape, inner[0], plain[0], level + 1)
            return
        if not isinstance(plain, dict):
            return
        struct = next((part for part in (kind, *get_args(kind)) if is_struct(part)), None)
        if struct is None:
            return
        known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
        for name in plain:
            if name in known:
                self._compare(f"{shape}.{name}", known[name].type, plain[name], level + 1)
            elif name not in getattr(struct, "UNUSED", ()):
                self._count(self.unknown, f"{shape}.{name}")

    def _count(self, counts: dict[str, int], what: str) -> None:
        """Count one difference; a flood of new ones is cut."""
        if what not in counts and len(counts) < KINDS_MAX:
            counts[what] = 0
            self._fresh.append(what)
        if what in counts:
            counts[what] += 1


def is_struct(kind: object) -> bool:
    """Say whether something is a struct with names, not one written as an array."""
    return isinstance(kind, type) and issubclass(kind, Struct) and not kind.__struct_config__.array_like
