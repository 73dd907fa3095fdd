# SPDX-License-Identifier: Apache-2.0
"""Where a bar's open lies in the day, the week and the month, in UTC: exact, from the whole stamp, without a clock."""

import math
from typing import Final

from bot4.kernels.indicators.layout import CALENDAR, DAY_NS, FAMILY
from bot4.kernels.jit import Floats, fused, kernel

HOUR_SIN: Final = CALENDAR * FAMILY + 0
HOUR_COS: Final = CALENDAR * FAMILY + 1
WEEKDAY_SIN: Final = CALENDAR * FAMILY + 2
WEEKDAY_COS: Final = CALENDAR * FAMILY + 3
MINUTE_OF_DAY: Final = CALENDAR * FAMILY + 4
WEEKDAY: Final = CALENDAR * FAMILY + 5
IS_WEEKEND: Final = CALENDAR * FAMILY + 6
DAY_OF_MONTH: Final = CALENDAR * FAMILY + 7
DAYS_TO_MONTH_END: Final = CALENDAR * FAMILY + 8
MONTH: Final = CALENDAR * FAMILY + 9
MINUTES_TO_FUNDING: Final = CALENDAR * FAMILY + 10

FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday; Monday is 0
SATURDAY: Final = 5
WEEK_DAYS: Final = 7
MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 3_600_000_000_000
ERA_DAYS: Final = 146_097  # the Gregorian calendar repeats after 400 years
TO_MARCH_0000: Final = 719_468  # days from 0000-03-01 to 1970-01-01
TURN: Final = 2.0 * math.pi


@fused
def weekday(day: int) -> int:
    """Return the day of the week of a day since 1970, Monday 0."""
    return (day + FIRST_WEEKDAY) % WEEK_DAYS


@fused
def civil(day: int) -> tuple[int, int, int]:
    """Return year, month 1..12 and day of the month 1..31 of a day since 1970.

    Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013): years begin in March, so that the leap day is last.
    """
    shifted = day + TO_MARCH_0000
    era = shifted // ERA_DAYS
    of_era = shifted - era * ERA_DAYS
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, of_year - (153 * march_month + 2) // 5 + 1


@fused
def month_days(year: int, month: int) -> int:
    """Return how many days a month has."""
    if month == 2:
        return 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


@fused
def date_part(operation: int, day: int) -> float:
    """Return the part of the date that an operation asks for."""
    year, month, of_month = civil(day)
    if operation == DAY_OF_MONTH:
        return float(of_month)
    if operation == MONTH:
        return float(month)
    return float(month_days(year, month) - of_month)


@fused
def day_part(operation: int, day: int) -> float:
    """Return what an operation asks of the day alone."""
    if operation == WEEKDAY:
        return float(weekday(day))
    if operation == IS_WEEKEND:
        return 1.0 if weekday(day) >= SATURDAY else 0.0
    if operation == WEEKDAY_SIN:
        return math.sin(TURN * (weekday(day) / WEEK_DAYS))
    if operation == WEEKDAY_COS:
        return math.cos(TURN * (weekday(day) / WEEK_DAYS))
    return date_part(operation, day)


@fused
def time_part(operation: int, time: int, a: int) -> float:
    """Return what an operation asks of the time of the day, in nanoseconds; `a` is a period in hours."""
    if operation == HOUR_SIN:
        return math.sin(TURN * (time / DAY_NS))
    if operation == HOUR_COS:
        return math.cos(TURN * (time / DAY_NS))
    if operation == MINUTE_OF_DAY:
        return time / MINUTE_NS
    period = a * HOUR_NS
    return (period - time % period) / MINUTE_NS


@kernel
def step_calendar(operation: int, s: Floats, o: int, n: int, a: int, x: int, y: int) -> None:
    """Run one operation of this family over `n` bars; `x` the day since 1970, `y` nanoseconds since it began.

    Both are whole and below 2^53, so floats hold them exactly. What the day alone tells is worked out once for the bars
    of one day.
    """
    if operation in (HOUR_SIN, HOUR_COS, MINUTE_OF_DAY, MINUTES_TO_FUNDING):
        for i in range(n):
            s[o + i] = time_part(operation, int(s[y + i]), a)
        return
    day = s[x]
    part = day_part(operation, int(day))
    for i in range(n):
        if s[x + i] != day:
            day = s[x + i]
            part = day_part(operation, int(day))
        s[o + i] = part
