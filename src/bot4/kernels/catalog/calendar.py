# SPDX-License-Identifier: Apache-2.0
"""Indicators of the calendar: where the bar's open lies in the UTC day, week and month. One entry each, one recipe."""

from collections.abc import Callable
from typing import Final

from bot4.kernels.catalog.entry import FeatureInfo, Numbers, Parameter
from bot4.kernels.indicators import calendar
from bot4.kernels.indicators.graph import OPEN_DAY, OPEN_TIME, Graph, Value

_GREGORIAN: Final = "the Gregorian calendar in UTC (Hinnant, chrono-Compatible Low-Level Date Algorithms, 2013)"
_CYCLE: Final = "the angle of a cycle, as in directional statistics (Mardia, Jupp, 2000)"
_FUNDING: Final = "the venues' rule: funding is paid every so many hours from 00:00 UTC"

Build = Callable[[Graph, Numbers], Value]


def _part(operation: int) -> Build:
    """Return the recipe of one operation; a number in the name is the length of its period in hours."""

    def build(graph: Graph, given: Numbers) -> Value:
        return graph.value(operation, OPEN_DAY, OPEN_TIME, a=int(given[0]) if given else 0)

    return build


def _entry(kind: str, operation: int, meaning: str, unit: str, source: str = _GREGORIAN) -> FeatureInfo:
    return FeatureInfo(
        kind=kind,
        family="calendar",
        meaning=meaning,
        unit=unit,
        parameters=(),
        inputs=("open_ns",),
        warm_up="1",
        source=source,
        talib="",
        build=_part(operation),
    )


CALENDAR: Final[tuple[FeatureInfo, ...]] = (
    _entry("hour_sin", calendar.HOUR_SIN, "sine of the time of day as an angle", "-1..1", _CYCLE),
    _entry("hour_cos", calendar.HOUR_COS, "cosine of the time of day as an angle", "-1..1", _CYCLE),
    _entry("weekday_sin", calendar.WEEKDAY_SIN, "sine of the weekday as an angle, Monday 0", "-1..1", _CYCLE),
    _entry("weekday_cos", calendar.WEEKDAY_COS, "cosine of the weekday as an angle, Monday 0", "-1..1", _CYCLE),
    _entry("minute_of_day", calendar.MINUTE_OF_DAY, "minutes since 00:00 UTC", "minutes"),
    _entry("weekday", calendar.WEEKDAY, "day of the week, Monday 0 to Sunday 6", "day"),
    _entry("is_weekend", calendar.IS_WEEKEND, "1 on Saturday and Sunday, else 0", "0 or 1"),
    _entry("day_of_month", calendar.DAY_OF_MONTH, "day of the month, 1 to 31", "day"),
    _entry("days_to_month_end", calendar.DAYS_TO_MONTH_END, "days left of the month, 0 on its last day", "days"),
    _entry("month", calendar.MONTH, "month of the year, 1 to 12", "month"),
    FeatureInfo(
        kind="minutes_to_funding",
        family="calendar",
        meaning="minutes from the bar's open to the next payment of funding, a whole period at one",
        unit="minutes",
        parameters=(Parameter("hours", 8, 1, 24),),
        inputs=("open_ns",),
        warm_up="1",
        source=_FUNDING,
        talib="",
        build=_part(calendar.MINUTES_TO_FUNDING),
    ),
)
