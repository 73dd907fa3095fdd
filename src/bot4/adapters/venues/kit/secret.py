# SPDX-License-Identifier: Apache-2.0
"""A secret in memory: a type that shows three stars wherever it is printed.

Its bytes leave through :meth:`Secret.reveal` alone, which a signer or a cipher calls inside one
expression. Where secrets are kept is not known here.
"""

from typing import Any, Final, Self, final

MASK: Final = "***"


@final
class Secret(str):
    """Hold bytes that must never be shown: as a text it is ``***``, so that every printer and encoder says that.

    Parameters
    ----------
    value : bytes
        The secret itself. Two secrets are equal only if they are the same object.
    """

    __slots__ = ("_value",)
    _value: bytes

    def __new__(cls, value: bytes) -> Self:
        """Make the text of stars and hide the bytes behind it."""
        made = super().__new__(cls, MASK)
        made._value = value
        return made

    def reveal(self) -> bytes:
        """Return the bytes; for a signer or a cipher, and not to be kept in a variable that a trace could print."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> tuple[type[str], tuple[str]]:
        return str, (MASK,)
