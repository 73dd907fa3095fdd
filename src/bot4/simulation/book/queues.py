# SPDX-License-Identifier: Apache-2.0
"""How an order moves up its queue: what we may conclude from a level that shrinks.

A book by price says how much rests at a level, not who left. Each model answers
one question: ``ahead`` lots stood before us, the display went from ``before`` to
``after``, ``traded`` of the difference were printed and have been subtracted from
``ahead`` already; how many stand before us now? Nobody joins ahead of us, and never
more than is displayed.
"""

from abc import abstractmethod
from math import isfinite, log1p
from typing import final

from mypy_extensions import i64, mypyc_attr

from bot4.domain.errors import BadInput


@mypyc_attr(allow_interpreted_subclasses=True)
class QueueModel:
    """Answer how many lots stand ahead after a level changed."""

    @abstractmethod
    def ahead_after(self, ahead: i64, before: i64, after: i64, traded: i64) -> i64:
        """Return the lots ahead, from 0 to the lesser of ``ahead`` and ``after``."""


@final
class RiskAverse(QueueModel):
    """Whoever cancels stood behind us: only trades, or a display under our place, move us up."""

    __slots__ = ()

    def ahead_after(self, ahead: i64, before: i64, after: i64, traded: i64) -> i64:
        """Return the lesser of the place and the display."""
        return ahead if ahead < after else after


@mypyc_attr(allow_interpreted_subclasses=True)
class Probabilistic(QueueModel):
    """Some of those who cancel stood ahead: with probability f(front) / (f(front) + f(back)).

    ``front`` is what stands ahead of us and ``back`` what stands behind; the
    expected number is subtracted, rounded down, and at least what cannot have
    stood behind. After E. Rigtorp, "Estimating order queue position" (2013), and
    the queue models documented by hftbacktest, which take the same f.
    """

    __slots__ = ()

    @abstractmethod
    def weight(self, lots: float) -> float:
        """Return f: not negative, rising, f(0) = 0."""

    def ahead_after(self, ahead: i64, before: i64, after: i64, traded: i64) -> i64:
        """Return the place less the expected cancellations ahead."""
        standing = before - traded
        canceled = standing - after
        if canceled > 0 and ahead > 0:
            back = standing - ahead if standing > ahead else 0
            front_weight = self.weight(float(ahead))
            gone = i64(int(float(canceled) * front_weight / (front_weight + self.weight(float(back)))))
            gone = max(gone, canceled - back)
            ahead = ahead - gone if gone < ahead else 0
        return ahead if ahead < after else after


@final
class PowerQueue(Probabilistic):
    """f(x) = x^exponent: 1 spreads cancellations evenly, more puts them where the longer part is.

    Raises
    ------
    BadInput
        If the exponent is out of range.
    """

    __slots__ = ("exponent",)

    def __init__(self, exponent: float = 1.0) -> None:
        if not isfinite(exponent) or not 0.0 < exponent <= 10.0:
            raise BadInput("queue model", f"exponent {exponent:g}", "above 0 and at most 10", "Correct the exponent.")
        self.exponent = exponent

    def weight(self, lots: float) -> float:
        """Return lots to the power of the exponent."""
        return float(lots**self.exponent)


@final
class LogQueue(Probabilistic):
    """f(x) = log(1 + x): between an even spread and a fair coin."""

    __slots__ = ()

    def weight(self, lots: float) -> float:
        """Return log(1 + lots)."""
        return log1p(lots)
