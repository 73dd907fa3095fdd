# SPDX-License-Identifier: Apache-2.0
"""Splitting whole numbers without losing a unit: a part of a sum, and shares of a sum.

Plain ints: the products of money and lots may leave int64.
"""

from typing import final


@final
class Part:
    """Hold one of those that a total is split among: its weight, the share it was given, and what rounding left.

    Objects that are kept, rather than lists of numbers: a fill is split several
    times over, and nothing is allocated for it.
    """

    __slots__ = ("weight", "share", "rest")

    def __init__(self, weight: int = 0) -> None:
        self.weight = weight
        self.share = 0
        self.rest = 0

    def take_one(self, whole: int) -> None:
        """Give one unit more than was due, where ``whole`` is the sum of all weights."""
        self.share += 1
        self.rest -= whole


def part_of(amount: int, part: int, whole: int) -> int:
    """Return ``amount * part / whole`` rounded half to even; all of it where ``part`` is ``whole``.

    ``whole`` is positive, ``part`` from 0 to ``whole``; ``amount`` has either sign.
    """
    if part == whole:
        return amount
    product = amount * part
    quotient = product // whole
    rest = product - quotient * whole
    if 2 * rest > whole or (2 * rest == whole and quotient % 2):
        return quotient + 1
    return quotient


def apportion(total: int, parts: list[Part]) -> None:
    """Split a total by weights into shares, whole numbers that add up to it: the largest remainder method.

    Parameters
    ----------
    total : int
        Of either sign; a negative total is split as its mirror image.
    parts : list of Part
        No weight negative, at least one positive. A weight of 0 receives nothing.
        Among equal remainders the earlier part comes first.
    """
    whole = 0
    for part in parts:
        whole += part.weight
    amount = total if total >= 0 else -total
    left = amount
    for part in parts:
        weight = part.weight
        if weight == whole:  # alone: nothing to divide
            part.share = amount
            left = 0
        elif weight:
            product = amount * weight
            share = product // whole
            part.share = share
            part.rest = product - share * whole
            left -= share
        else:
            part.share = 0
            part.rest = 0
    while left:
        largest_rest(parts).take_one(whole)
        left -= 1
    if total < 0:
        for part in parts:
            part.share = -part.share


def largest_rest(parts: list[Part]) -> Part:
    """Return the part that rounding owes most; the earlier among equals."""
    found = parts[0]
    for part in parts:
        if part.rest > found.rest:
            found = part
    return found
