# SPDX-License-Identifier: Apache-2.0
"""What was known of another series at each moment: the join that features against a reference stand on."""

from typing import final

import numpy as np

from bot4.kernels.jit import Floats, Ints


def known_closes(now_ns: Ints, known_ns: Ints, closes: Floats, before: float = np.nan) -> Floats:
    """Return the last close known at each moment, shape (moments,).

    Parameters
    ----------
    now_ns : array of int64, shape (moments,)
        The moments, rising.
    known_ns, closes : arrays, shape (n,)
        When each close of the other series was known, rising, and the close. One known at the very moment counts.
    before : float
        What was known before the first of them; NaN for nothing.
    """
    place = np.searchsorted(known_ns, now_ns, side="right")
    return np.concatenate((np.array([before]), closes))[place]


@final
class KnownClose:
    """Do the same over a stream: closes come in pieces, moments too, and neither is held longer than needed."""

    __slots__ = ("_before", "_closes", "_known_ns")

    def __init__(self) -> None:
        self._before = np.nan
        self._known_ns: Ints = np.empty(0, dtype=np.int64)
        self._closes: Floats = np.empty(0)

    def wants(self, until_ns: int) -> bool:
        """Say whether closes known by `until_ns` may be missing still: the next piece is to be given first."""
        return len(self._known_ns) == 0 or bool(self._known_ns[-1] <= until_ns)

    def push(self, known_ns: Ints, closes: Floats) -> None:
        """Take the next closes, in the order in which they became known."""
        self._known_ns = np.concatenate((self._known_ns, known_ns))
        self._closes = np.concatenate((self._closes, closes))

    def at(self, now_ns: Ints) -> Floats:
        """Return the last close known at each moment, and forget what no later moment can ask for."""
        found = known_closes(now_ns, self._known_ns, self._closes, self._before)
        if len(now_ns):
            past = int(np.searchsorted(self._known_ns, now_ns[-1], side="right"))
            self._before = float(found[-1])
            self._known_ns, self._closes = self._known_ns[past:], self._closes[past:]
        return found
