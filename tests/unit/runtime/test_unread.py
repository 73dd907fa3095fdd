# SPDX-License-Identifier: Apache-2.0
"""What was set and is not looked at is told by name; what is looked at, and what was left alone, is not."""

import pytest

from bot4.runtime.settings import CostSettings, Settings, TickSettings
from bot4.runtime.unread import unread_settings


@pytest.mark.parametrize(
    ("costs", "ticks", "over_ticks", "unread"),
    [
        ({}, {}, True, []),
        ({}, {}, False, []),
        (
            {"latency_ms": 5, "participation": 0.5, "taker": 0.002},
            {},
            True,
            ["costs.latency_ms", "costs.participation"],
        ),
        ({"latency_ms": 5, "participation": 0.5}, {}, False, []),
        ({}, {"latency": "lognormal", "queue": "log"}, False, ["ticks.latency", "ticks.queue"]),
        ({}, {"latency": "lognormal", "mu": 2.0}, True, []),
        ({}, {"latency": "lognormal", "entry_ms": 4.0, "table_ms": (1.0,)}, True, ["ticks.entry_ms", "ticks.table_ms"]),
        ({}, {"mu": 2.0, "queue_exponent": 2.0, "fill_rate": 9.0}, True, None),
        ({}, {"queue": "power", "queue_exponent": 2.0, "fill": "poisson_beta", "fill_rate": 9.0}, True, []),
        ({}, {"feed": "recorded", "feed_ms": 3.0, "entry_ms": 3.0}, True, ["ticks.feed_ms"]),
    ],
)
def test_what_a_run_does_not_read_is_told(
    costs: dict[str, float], ticks: dict[str, object], over_ticks: bool, unread: list[str] | None
) -> None:
    """Over ticks the keys of the other latencies, queues and fills; None stands for every key that was set."""
    settings = Settings(costs=CostSettings(**costs), ticks=TickSettings(**ticks))  # type: ignore[arg-type]
    expected = [f"ticks.{key}" for key in ticks] if unread is None else unread
    assert unread_settings(settings, over_ticks=over_ticks) == expected
