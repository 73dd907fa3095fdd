# SPDX-License-Identifier: Apache-2.0
"""Chance as integers: distributions, and a stream of draws from one of them.

A stream is a numpy ``Generator(PCG64([seed, number]))`` of its own, so that a draw
from one shifts no other. It draws a block at a time; how many numbers were taken
says all about its state.
"""

from abc import abstractmethod
from collections.abc import Sequence
from math import isfinite
from typing import Final, final

import numpy as np
from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr
from numpy.typing import NDArray

from bot4.domain.errors import BadInput
from bot4.domain.values import HOUR_NS, RATE_ONE

BLOCK_DRAWS: Final = 1024
MILLISECOND_NS: Final = 1_000_000
LATENCY_NS_MAX: Final = HOUR_NS
"""No latency is longer: a longer draw counts as this one."""

SEEDS: Final = 1 << 64
"""Seeds that are equal modulo this are equal."""

RATE_MAX: Final = 1_000_000.0
"""Largest mean of a Poisson count."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Distribution:
    """Draw int64 numbers from a generator."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return ``count`` independent draws, shape (count,), not negative."""


@final
class Constant(Distribution):
    """The same number always; it takes nothing from the generator.

    Raises
    ------
    BadInput
        If the number is negative.
    """

    __slots__ = ("value",)

    def __init__(self, value: i64) -> None:
        if value < 0:
            raise refused("constant", f"{int(value)}", "from 0")
        self.value: i64 = value

    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return the number ``count`` times."""
        return np.full(count, int(self.value), dtype=np.int64)


@final
class LognormalMilliseconds(Distribution):
    """Nanoseconds whose logarithm, taken in milliseconds, is normal: exp(N(mu, sigma)) ms.

    The default is the specification's: median exp(3.9) = 49.4 ms, 99th percentile 99 ms.

    Raises
    ------
    BadInput
        If ``mu`` or ``sigma`` is out of range.
    """

    __slots__ = ("mu", "sigma")

    def __init__(self, mu: float = 3.9, sigma: float = 0.3) -> None:
        if not -14.0 <= mu <= 15.0 or not 0.0 <= sigma <= 5.0:
            raise refused("log-normal latency", f"mu {mu:g}, sigma {sigma:g}", "mu from -14 to 15, sigma from 0 to 5")
        self.mu = mu
        self.sigma = sigma

    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return nanoseconds, rounded, at most ``LATENCY_NS_MAX``."""
        drawn = generator.lognormal(self.mu, self.sigma, count) * MILLISECOND_NS
        rounded: NDArray[np.int64] = np.rint(np.minimum(drawn, LATENCY_NS_MAX)).astype(np.int64)
        return rounded


@final
class Recorded(Distribution):
    """One's own records: each draw is one of the recorded numbers, all equally likely.

    Parameters
    ----------
    records : sequence of int
        Not empty, from 0 to ``LATENCY_NS_MAX``.

    Raises
    ------
    BadInput
        If there is no record or one is out of range.
    """

    __slots__ = ("records",)

    def __init__(self, records: Sequence[int]) -> None:
        if not records or not 0 <= min(records) <= max(records) <= LATENCY_NS_MAX:
            found = f"{len(records)} records" + (f" from {min(records)} to {max(records)}" if records else "")
            raise refused("table of latencies", found, f"at least one record, each from 0 to {LATENCY_NS_MAX} ns")
        self.records = np.asarray(records, dtype=np.int64)

    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return recorded numbers with replacement."""
        drawn: NDArray[np.int64] = self.records[generator.integers(0, len(self.records), count)]
        return drawn


@final
class PoissonCount(Distribution):
    """How many: P(k) = rate^k exp(-rate) / k!.

    Raises
    ------
    BadInput
        If the rate is out of range.
    """

    __slots__ = ("rate",)

    def __init__(self, rate: float = 3.0) -> None:
        if not 0.0 < rate <= RATE_MAX:
            raise refused("Poisson count", f"rate {rate:g}", f"above 0 and at most {RATE_MAX:g}")
        self.rate = rate

    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return counts from 0."""
        return generator.poisson(self.rate, count).astype(np.int64)


@final
class BetaShare(Distribution):
    """What part, in 1 / ``RATE_ONE``: density proportional to x^(alpha - 1) (1 - x)^(beta - 1) on [0, 1].

    Raises
    ------
    BadInput
        If a parameter is not positive and finite.
    """

    __slots__ = ("alpha", "beta")

    def __init__(self, alpha: float = 2.0, beta: float = 5.0) -> None:
        if not alpha > 0.0 or not beta > 0.0 or not isfinite(alpha + beta):
            raise refused("Beta share", f"alpha {alpha:g}, beta {beta:g}", "both above 0 and finite")
        self.alpha = alpha
        self.beta = beta

    def draw(self, generator: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return shares from 0 to ``RATE_ONE``."""
        return np.rint(generator.beta(self.alpha, self.beta, count) * RATE_ONE).astype(np.int64)


@final
class Draws:
    """Take numbers from a distribution one by one.

    Parameters
    ----------
    distribution : Distribution
        What is drawn.
    seed : int
        The run's.
    number : int
        Which of the seed's streams.
    """

    __slots__ = ("distribution", "generator", "block", "taken", "at", "end")

    def __init__(self, distribution: Distribution, seed: int, number: int) -> None:
        self.distribution = distribution
        self.generator = np.random.Generator(np.random.PCG64([seed % SEEDS, number]))
        self.block = b""
        self.taken: i64 = 0
        self.at: i64 = 0
        self.end: i64 = 0

    def next(self) -> i64:
        """Return the next draw."""
        if self.at == self.end:
            self._draw()
        value = read_i64_le(self.block, self.at)
        self.at += 8
        self.taken += 1
        return value

    def take(self, count: int) -> NDArray[np.int64]:
        """Return the next draws, shape (count,): what :meth:`next` gives one by one."""
        distribution = self.distribution
        if isinstance(distribution, Constant):  # nothing is drawn that a later number could depend on
            self.taken += count
            return distribution.draw(self.generator, count)
        drawn = np.empty(count, dtype=np.int64)
        done: i64 = 0
        while done < count:
            if self.at == self.end:
                if count - done >= BLOCK_DRAWS:  # a whole block goes where it is wanted
                    drawn[int(done) : int(done) + BLOCK_DRAWS] = self.distribution.draw(self.generator, BLOCK_DRAWS)
                    done += BLOCK_DRAWS
                    continue
                self._draw()
            here = min((self.end - self.at) // 8, i64(count) - done)
            drawn[int(done) : int(done + here)] = np.frombuffer(self.block, "<i8", int(here), int(self.at))
            self.at += 8 * here
            done += here
        self.taken += done
        return drawn

    def write_state(self, out: BytesWriter) -> None:
        """Write how many numbers were taken."""
        write_i64_le(out, self.taken)

    def _draw(self) -> None:
        drawn = self.distribution.draw(self.generator, BLOCK_DRAWS)
        self.block = drawn.astype("<i8").tobytes()
        self.at = 0
        self.end = len(self.block)


def refused(place: str, value: str, allowed: str) -> BadInput:
    """Return the refusal of a distribution's parameters."""
    return BadInput(place, value, allowed, "Correct the simulation's settings.")
