# SPDX-License-Identifier: Apache-2.0
"""Numbers and moments as people read them: one form for each, everywhere on the page.

A value that does not exist is a dash. Fractions are shown as percent here and
nowhere else. A minus is a minus sign, so that columns line up, and no line breaks
between a number and its unit.
"""

import math

import numpy as np

from bot4.domain.values import MONEY_ONE

DASH = "–"
MINUS = "−"
NBSP = "\N{NO-BREAK SPACE}"


def number_text(value: float, digits: int = 2) -> str:
    """Return a number with thousands separated and a true minus sign; a dash for NaN."""
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0.0:
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def percent_text(fraction: float, digits: int = 2) -> str:
    """Return a fraction in percent, its sign where it is negative: ``−1.20 %``."""
    text = number_text(fraction * 100.0, digits)
    return text if text == DASH else f"{text}{NBSP}%"


def signed_percent_text(fraction: float, digits: int = 2) -> str:
    """Return a fraction in percent with its sign, gains and losses alike: ``+1.20 %``."""
    text = percent_text(fraction, digits)
    shows_gain = text[0] not in (DASH, MINUS) and any(digit in text for digit in "123456789∞")
    return "+" + text if shows_gain else text


def small_text(value: float) -> str:
    """Return a number of unknown size in four digits."""
    if math.isnan(value) or math.isinf(value):
        return number_text(value)
    if value == int(value) and abs(value) < 1e7:
        return number_text(value, 0)
    return f"{value:.4g}".replace("-", MINUS)


def money_text(amount: int, currency: str = "", digits: int = 2) -> str:
    """Return money exactly as far as it is shown, rounded half away from zero, with its currency."""
    unit = MONEY_ONE // 10**digits
    whole, part = divmod((abs(amount) + unit // 2) // unit, 10**digits)
    text = f"{whole:,}.{part:0{digits}d}"
    if amount < 0 and (whole or part):
        text = MINUS + text
    return f"{text}{NBSP}{currency}" if currency else text


def signed_money_text(amount: int, currency: str = "") -> str:
    """Return money with its sign, gains and losses alike."""
    text = money_text(amount, currency)
    return "+" + text if amount > 0 else text


def moment_text(ts_ns: int) -> str:
    """Return a moment in UTC to the minute."""
    return str(np.datetime64(ts_ns, "ns").astype("datetime64[m]")).replace("T", " ") + " UTC"


def day_text(day: int) -> str:
    """Return a day, counted since 1970, as a date."""
    return str(np.datetime64(day, "D"))
