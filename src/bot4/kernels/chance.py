# SPDX-License-Identifier: Apache-2.0
"""Chance by counting: splitmix64, fixed for ever by an integer seed, the same in every version of every library.

Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: a counter advanced by GAMMA, mixed.
Integers wrap on purpose. Compiled code does so in silence; callers enter ``numpy.errstate(over="ignore")`` for the
sake of kernels that run uncompiled.
"""

from typing import Final

import numpy as np

from bot4.kernels.jit import fused

GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_S11: Final = np.uint64(11)
_S27: Final = np.uint64(27)
_S30: Final = np.uint64(30)
_S31: Final = np.uint64(31)
_UNIT: Final = 2.0**-53


def seed_word(seed: int) -> np.uint64:
    """Return any integer as the 64 bits that seed a kernel; equal modulo 2^64 means equal."""
    return np.uint64(seed % (1 << 64))


@fused
def splitmix64(counter: np.uint64) -> np.uint64:
    """Return 64 mixed bits of a counter that the caller advances by GAMMA."""
    z = (counter ^ (counter >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@fused
def uniform_at(seed: np.uint64, place: int) -> float:
    """Return the number in (0, 1), never an end, that belongs to one place of a seed: no draw shifts another."""
    bits = splitmix64(seed + GAMMA * np.uint64(np.int64(place + 1)))
    return (float(bits >> _S11) + 0.5) * _UNIT
