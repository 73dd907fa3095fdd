# SPDX-License-Identifier: Apache-2.0
"""The words of a request, read one by one: the first that cannot be used becomes the refusal of the whole.

A reader always returns a value of its type, so that a handler reads everything it
needs and asks once, at the end, whether anything was wrong. No exception flows.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, final

from bot4.apps.venue_server.gate.amounts import LEGAL_NUMBER, amount_of, is_too_fine
from bot4.simulation.exchange.refusals import Refusal, missing, too_precise

CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
LEGAL_CLIENT_ID: Final = "^[a-zA-Z0-9-_]{1,36}$"
WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
LEGAL_WHOLE: Final = r"^[0-9]{1,20}$"
SYMBOL: Final = re.compile(r"[A-Z0-9\-_.]{1,20}")
LEGAL_SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
ALWAYS_READ: Final = frozenset({"timestamp", "recvWindow", "signature", "apiKey", "returnRateLimits"})
"""What the gate itself reads."""


def illegal(name: str, legal: str) -> Refusal:
    """Return the refusal of characters that a parameter may not have."""
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def invalid(name: str) -> Refusal:
    """Return the refusal of a value that is well formed and not among those allowed."""
    return Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def empty(name: str) -> Refusal:
    """Return the refusal of a parameter without a value."""
    return Refusal(-1105, f"Parameter '{name}' was empty.")


@final
class Parameters:
    """Read the parameters of one request.

    Parameters
    ----------
    sent : mapping of str to str
        Name to value, decoded.

    Attributes
    ----------
    refusal : Refusal or None
        What was wrong first.
    """

    def __init__(self, sent: Mapping[str, str]) -> None:
        self.refusal: Refusal | None = None
        self._sent = sent
        self._read: set[str] = set()

    def has(self, name: str) -> bool:
        """Say whether a parameter was sent; asking reads it."""
        self._read.add(name)
        return name in self._sent

    def refuse(self, refusal: Refusal) -> None:
        """Keep a refusal unless something was wrong before."""
        if self.refusal is None:
            self.refusal = refusal

    def text(self, name: str, *, required: bool = False) -> str:
        """Return a text, empty where none was sent."""
        self._read.add(name)
        found = self._sent.get(name)
        if found is None:
            if required:
                self.refuse(missing(name))
            return ""
        if not found:
            self.refuse(missing(name) if required else empty(name))
        return found

    def choice(
        self,
        name: str,
        allowed: Sequence[str],
        *,
        default: str = "",
        refusal: Refusal | None = None,
        required: bool = False,
    ) -> str:
        """Return one of the allowed words, the default where none was sent."""
        found = self.text(name, required=required)
        if not found:
            return default
        if found not in allowed:
            self.refuse(refusal or invalid(name))
        return found

    def symbol(self, name: str = "symbol", *, required: bool = True) -> str:
        """Return a symbol as it was sent; whether it is listed is asked elsewhere."""
        found = self.text(name, required=required)
        if found and SYMBOL.fullmatch(found) is None:
            self.refuse(illegal(name, LEGAL_SYMBOL))
        return found

    def client_id(self, name: str) -> str:
        """Return a client's own id, empty where none was sent."""
        found = self.text(name)
        if found and CLIENT_ID.fullmatch(found) is None:
            self.refuse(illegal(name, LEGAL_CLIENT_ID))
        return found

    def amount(self, name: str) -> int:
        """Return an amount above zero in 1e-8, 0 where none was sent."""
        found = self.text(name)
        if not found:
            return 0
        value = amount_of(found)
        if value is None:
            self.refuse(illegal(name, LEGAL_NUMBER))
            return 0
        if is_too_fine(found):
            self.refuse(too_precise(name))
        elif value == 0:
            self.refuse(Refusal(-1013, f"Invalid {name}."))
        return value

    def whole(self, name: str, *, default: int = -1, lowest: int = 0, highest: int = 2**63 - 1) -> int:
        """Return a whole number, the default where none was sent; above the highest it is refused."""
        found = self.text(name)
        if not found:
            return default
        if WHOLE.fullmatch(found) is None:
            self.refuse(illegal(name, LEGAL_WHOLE))
            return default
        value = int(found)
        if not lowest <= value <= highest:
            self.refuse(invalid(name))
        return value

    def limit(self, *, default: int = 500, highest: int = 1000) -> int:
        """Return how many rows are wanted; more than the highest gives the highest, as the venue does."""
        return min(self.whole("limit", default=default, lowest=1), highest)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return self.choice(name, ("true", "false"), default=str(default).lower()) == "true"

    def moment(self, name: str) -> int:
        """Return a time in ms, -1 where none was sent; one in microseconds is told by its size."""
        value = self.whole(name)
        return value // 1000 if value >= 10**15 else value

    def check_all_read(self) -> None:
        """Refuse a request that sent more than was read."""
        extra = [name for name in self._sent if name not in self._read and name not in ALWAYS_READ]
        if extra:
            sent = sum(name not in ALWAYS_READ for name in self._sent)
            text = f"Not all sent parameters were read; read '{sent - len(extra)}' parameter(s) but was sent '{sent}'."
            self.refuse(Refusal(-1104, text))
