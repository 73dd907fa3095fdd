# SPDX-License-Identifier: Apache-2.0
"""Settings that a run never looks at, though they were set: who set them believes in something that is not there."""

from typing import Final

import msgspec

from bot4.runtime.settings import Settings, TickSettings

OF_BARS: Final = ("latency_ms", "participation")
"""Keys of ``[costs]`` that only the venue of a run over bars has; that of ticks has latencies and a book instead."""

LATENCY_KEYS: Final = {
    "constant": ("feed_ms", "entry_ms", "response_ms"),
    "lognormal": ("mu", "sigma"),
    "table": ("table_ms",),
}
"""What each kind of latency reads of ``[ticks]``."""

QUEUE_KEYS: Final = ("queue_exponent",)
FILL_KEYS: Final = ("fill_rate", "fill_alpha", "fill_beta")


def unread_settings(settings: Settings, *, over_ticks: bool) -> list[str]:
    """Return the settings, such as ``costs.latency_ms``, that are not the default and that a run does not read."""
    if not over_ticks:
        return changed(settings.ticks, "ticks", tuple(TickSettings.__struct_fields__))
    ticks = settings.ticks
    idle = [key for kind, keys in LATENCY_KEYS.items() if kind != ticks.latency for key in keys]
    if ticks.feed == "recorded" and ticks.latency == "constant":
        idle.append("feed_ms")
    if ticks.queue != "power":
        idle += QUEUE_KEYS
    if ticks.fill != "poisson_beta":
        idle += FILL_KEYS
    return changed(settings.costs, "costs", OF_BARS) + changed(ticks, "ticks", tuple(idle))


def changed(settings: msgspec.Struct, table: str, keys: tuple[str, ...]) -> list[str]:
    """Return those of the keys whose value is not the default."""
    default = type(settings)()
    return [f"{table}.{key}" for key in keys if getattr(settings, key) != getattr(default, key)]
