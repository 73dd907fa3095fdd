# SPDX-License-Identifier: Apache-2.0
"""Splitting whole numbers without losing a unit: a part of a sum, and shares of a sum.

Plain ints: the products of money and lots may leave int64.
"""


def part_of(amount: int, part: int, whole: int) -> int:
    """Return ``amount * part / whole`` rounded half to even; all of it where ``part`` is ``whole``.

    ``whole`` is positive, ``part`` from 0 to ``whole``; ``amount`` has either sign.
    """
    quotient, rest = divmod(amount * part, whole)
    if 2 * rest > whole or (2 * rest == whole and quotient % 2):
        return quotient + 1
    return quotient


def apportion(total: int, weights: list[int]) -> list[int]:
    """Split a total by weights into whole numbers that add up to it exactly: the largest remainder method.

    Parameters
    ----------
    total : int
        Of either sign; a negative total is split as its mirror image.
    weights : list of int
        None negative, at least one positive. A weight of 0 receives nothing.
        Among equal remainders the earlier weight comes first.
    """
    sole = sole_of(weights)
    if sole >= 0:
        shares = [0] * len(weights)
        shares[sole] = total
        return shares
    if total < 0:
        return [-share for share in apportion(-total, weights)]
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    if left:
        order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for index in order[:left]:
            shares[index] += 1
    return shares


def sole_of(weights: list[int]) -> int:
    """Return the place of the only weight that is not 0; -1 where there is none, or more than one."""
    sole = -1
    for i, weight in enumerate(weights):
        if weight:
            if sole >= 0:
                return -1
            sole = i
    return sole
