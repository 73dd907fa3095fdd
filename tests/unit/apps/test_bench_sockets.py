# SPDX-License-Identifier: Apache-2.0
"""The bench of the socket: a real sender, every message once and in order, figures that hang together."""

from pathlib import Path

import pytest

from bot4.apps.bench import chosen, every
from bot4.apps.bench.harness import Bench
from bot4.apps.bench.sockets import socket_to_callback

pytestmark = pytest.mark.requirement("BENCH_001", "WS_001")


def test_the_socket_is_measured_over_a_real_one(tmp_path: Path) -> None:
    """Percentiles are in order and above nothing; the row says them in milliseconds too. No time is asserted."""
    (row,) = socket_to_callback(Bench(folder=tmp_path, samples=2_000, floor_us=0.05))
    assert row.p50_us is not None
    assert row.p99_us is not None
    assert row.max_us is not None
    assert 0 < row.p50_us <= row.p99_us <= row.max_us
    assert row.note == f"p50 {row.p50_us / 1_000:.3f} ms, p99 {row.p99_us / 1_000:.3f} ms"
    assert isinstance(row.met, bool)
    assert [one.name for one in chosen("sockets", every())] == [row.name]
