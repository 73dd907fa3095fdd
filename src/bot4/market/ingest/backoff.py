# SPDX-License-Identifier: Apache-2.0
"""When to dial a venue again: at once the first time, then ever later up to a cap, each time by a drawn share.

One for all connections to a venue. While it does not answer only one of them
tries (the scout): ten connections that each try every few seconds would be a ban,
and would learn no more. The cap is what bounds how long a venue is up unnoticed.
"""

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from bot4.domain.values import SECOND_NS

CAP_NS: Final = 4 * SECOND_NS
"""A venue that is up again is tried within this: a second is left of the five for connecting."""


def drawn_ns(first_ns: int, cap_ns: int, tries: int, generator: np.random.Generator) -> int:
    """Return a wait between half and the whole of its bound, which doubles with each try up to the cap."""
    bound = min(cap_ns, first_ns << min(tries, 20))
    return int(bound * (0.5 + 0.5 * generator.random()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPolicy:
    """Hold how the waits grow.

    Attributes
    ----------
    first_ns : int
        The longest wait after the first failed try.
    cap_ns : int
        No wait of our own is longer.
    steady_ns : int
        A connection that is lost sooner than this after it opened counts as a failed try.
    """

    first_ns: int = SECOND_NS // 4
    cap_ns: int = CAP_NS
    steady_ns: int = 10 * SECOND_NS


@final
class Backoff:
    """Say when the next try is due; each wait is between half and the whole of its bound.

    Parameters
    ----------
    policy : BackoffPolicy
        How the waits grow.
    generator : numpy.random.Generator
        Draws the share, so that many programs do not come back in step.
    """

    __slots__ = ("failures", "is_down", "not_before_ns", "_policy", "_generator")

    def __init__(self, policy: BackoffPolicy, generator: np.random.Generator) -> None:
        self.failures = 0
        self.is_down = False
        self.not_before_ns = 0
        self._policy = policy
        self._generator = generator

    def may_dial(self, now: int, connecting: int) -> bool:
        """Tell whether a connection may be tried while so many others are being tried."""
        return now >= self.not_before_ns and not (self.is_down and connecting)

    def failed(self, now: int, hold_ns: int = 0) -> None:
        """Note a failed try; ``hold_ns`` is what the venue itself asked us to wait.

        Several connections that fail together are one failure: only the first of them lengthens the wait.
        """
        if now >= self.not_before_ns:
            policy = self._policy
            self.not_before_ns = now + drawn_ns(policy.first_ns, policy.cap_ns, self.failures, self._generator)
            self.failures += 1
            self.is_down = True
        self.not_before_ns = max(self.not_before_ns, now + hold_ns)

    def opened(self) -> None:
        """Note that the venue answers: the others may come; the waits stay long until one connection lasts."""
        self.is_down = False

    def lost(self, now: int, opened_ns: int, hold_ns: int = 0) -> None:
        """Note the loss of an open connection: one that lasted is tried again at once."""
        if now - opened_ns < self._policy.steady_ns:
            self.failed(now, hold_ns)
        else:
            self.failures = 0
            self.not_before_ns = max(self.not_before_ns, now + hold_ns)
