# SPDX-License-Identifier: Apache-2.0
"""From decimal text to whole steps, exactly: no binary fraction on the way."""

from decimal import Decimal
from typing import Final, final

REMEMBERED_MAX: Final = 8_192
"""Texts remembered for each step; a market repeats itself, and what it repeats need not be read again."""

OFF_STEP: Final = -1

PLAIN: Final = frozenset("0123456789+-.eE")
EXPONENT_MAX: Final = 40


@final
class Scale:
    """Turn decimals into whole steps of one size.

    Parameters
    ----------
    step : Decimal
        The tick or the lot; positive.
    """

    __slots__ = ("_numerator", "_denominator", "_divisors", "_remembered")

    def __init__(self, step: Decimal) -> None:
        numerator, denominator = step.as_integer_ratio()
        self._numerator = numerator
        self._denominator = denominator
        self._divisors: dict[int, int] = {}
        self._remembered: dict[str, int] = {}

    def whole(self, text: str) -> int:
        """Return a decimal in whole steps, ``OFF_STEP`` where it is below zero or off a step."""
        steps = self._remembered.get(text)
        return self._learn(text) if steps is None else steps

    def split(self, text: str) -> tuple[int, int, int]:
        """Return a decimal as ``steps * divisor + rest``: steps, rest and divisor; steps rounded down.

        Raises
        ------
        ValueError
            If the text is no plain decimal.
        """
        whole, _, places = text.partition(".")
        digits = len(places)
        divisor = self._divisors.get(digits)
        if divisor is None:
            divisor = self._divisors[digits] = 10**digits * self._numerator
        if not (text.isascii() and (whole + places).lstrip("-").isdigit()):
            return self._exact(text)
        steps, rest = divmod(int(whole + places) * self._denominator, divisor)
        return steps, rest, divisor

    def _learn(self, text: str) -> int:
        """Read a text and remember it, forgetting all others where they have become too many.

        Raises
        ------
        ValueError
            If the text is no plain decimal.
        """
        whole, _, places = text.partition(".")
        digits = whole + places
        divisor = self._divisors.get(len(places))
        if divisor is not None and digits.isdecimal() and digits.isascii():
            value = int(digits) * self._denominator
            steps = value // divisor
            rest = value - steps * divisor
        else:
            steps, rest, _ = self.split(text)
        if rest or steps < 0:
            steps = OFF_STEP
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[text] = steps
        return steps

    def _exact(self, text: str) -> tuple[int, int, int]:
        """Read what is no plain digits and point, such as ``1e-7``."""
        if not text.isascii() or not set(text) <= PLAIN:
            raise ValueError(f"{text!r} is no decimal")
        try:
            number = Decimal(text)
        except ArithmeticError:
            raise ValueError(f"{text!r} is no decimal") from None
        if abs(number.adjusted()) > EXPONENT_MAX:  # a power of ten that long would be computed digit by digit
            raise ValueError(f"{text!r} is no decimal of this market")
        numerator, denominator = number.as_integer_ratio()
        divisor = denominator * self._numerator
        steps, rest = divmod(numerator * self._denominator, divisor)
        return steps, rest, divisor

    def nearest(self, text: str) -> tuple[int, bool]:
        """Return a decimal in whole steps, rounded half to even, and whether it is off a step."""
        steps, rest, divisor = self.split(text)
        if rest == 0:
            return steps, False
        up = 2 * rest > divisor or (2 * rest == divisor and steps % 2 == 1)
        return steps + up, True

    def down(self, text: str) -> tuple[int, bool]:
        """Return a decimal in whole steps, rounded down, and whether it is off a step."""
        steps, rest, _ = self.split(text)
        return steps, rest != 0

    def up(self, text: str) -> tuple[int, bool]:
        """Return a decimal in whole steps, rounded up, and whether it is off a step."""
        steps, rest, _ = self.split(text)
        return steps + (rest != 0), rest != 0
