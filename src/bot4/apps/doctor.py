# SPDX-License-Identifier: Apache-2.0
"""``bot4 doctor``: can this machine run bot4 well? Each finding says how to mend it."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Final

import bot4
from bot4._build import MEND, hot_sources
from bot4.adapters.stores.journal_file import FileCalls
from bot4.domain.values import SECOND_NS
from bot4.runtime.build import COMPILED, build_info

OK: Final = "ok"
WARN: Final = "warn"
FAIL: Final = "fail"

BASE: Final = (
    "alembic",
    "cryptography",
    "cyclopts",
    "duckdb",
    "h11",
    "httpx",
    "keyring",
    "librt",
    "msgspec",
    "mypy_extensions",
    "numba",
    "numpy",
    "picows",
    "plotly",
    "prometheus-client",
    "rich",
    "SQLAlchemy",
    "structlog",
    "uvloop",
)
EXTRAS: Final = {
    "research": ("polars",),
    "models": ("onnxruntime", "sklearn"),
    "ml": ("torch", "lightgbm", "statsmodels", "optuna"),
    "server": ("redis", "psycopg", "asyncpg"),
    "venues": ("ccxt",),
    "cluster": ("ray",),
    "gpio": ("gpiozero",),
    "web": ("starlette", "uvicorn"),
    "otel": ("opentelemetry",),
}
"""For each extra, modules that show whether it is installed."""

SYNCS: Final = 16
SYNC_SLOW_MS: Final = 20.0
SYNC_UNREAL_MS: Final = 0.02
DISK_LEAST: Final = 200 << 20
DISK_GOOD: Final = 2 << 30
BORN: Final = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one line: what was looked at, the verdict (ok, warn, fail), what was found, how to mend it."""

    name: str
    verdict: str
    found: str
    mend: str = ""


def examine(runs: Path) -> list[Finding]:
    """Look at everything; ``runs`` is where runs would be written.

    Writes a few small files below the folder and removes them.
    """
    return [
        python(),
        build(),
        Finding("processor", OK, processor()),
        memory(),
        *disk(runs),
        clock(),
        *libraries(),
        kernels(),
        extras(),
    ]


def build() -> Finding:
    """Look at the build: compiled or plain Python, from which sources, and whether they are still those."""
    info = build_info()
    found = f"bot4 {bot4.__version__}, {info.text()}"
    if info.changed:
        return Finding("build", FAIL, found, MEND)
    listed = len(hot_sources())
    if info.mode == COMPILED and info.modules != listed:
        return Finding("build", WARN, f"{found}; {listed} could be compiled", MEND)
    return Finding("build", OK, found)


def processor() -> str:
    """Return the machine's architecture, how many processors this process may use, and their name where it is told."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    named = ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{usable} x {named or platform.processor() or 'unnamed'} ({platform.machine()})"


def python() -> Finding:
    """Look at the interpreter."""
    found = f"{platform.python_implementation()} {platform.python_version()}, {platform.python_build()[1]}"
    tested = platform.python_version_tuple()[:2] == ("3", "11")
    return Finding("python", OK if tested else WARN, found, "bot4 is locked and tested for Python 3.11.")


def memory() -> Finding:
    """Look at the memory this machine has."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = f"{total / (1 << 30):.1f} GiB"
    return Finding("memory", OK if total >= 2 << 30 else WARN, found, "A long backtest wants 2 GiB.")


def disk(runs: Path) -> Iterator[Finding]:
    """Look at the folder of runs: can it be written, is there room, how long does the disk take to sync."""
    folder = runs
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    place = str(folder.resolve())
    try:
        free = shutil.disk_usage(folder).free
        sync_ms = sync_time_ms(folder)
    except OSError as error:
        yield Finding("runs folder", FAIL, f"{place}: {error.strerror}", "Choose one you may write: --out DIR.")
        return
    yield Finding("runs folder", OK, f"{runs} in {place}" if folder != runs else place)
    verdict = OK if free >= DISK_GOOD else WARN if free >= DISK_LEAST else FAIL
    yield Finding("free disk", verdict, f"{free / (1 << 30):.1f} GiB", "Free space, or choose another disk: --out DIR.")
    if sync_ms > SYNC_SLOW_MS:
        mend = "Paper and live wait this long for each command: use a local SSD."
        yield Finding("disk sync", WARN, f"{sync_ms:.2f} ms", mend)
    elif sync_ms < SYNC_UNREAL_MS:
        mend = "Quicker than a disk can be: memory, or syncs are ignored; a power cut would lose the journal's end."
        yield Finding("disk sync", WARN, f"{sync_ms:.3f} ms", mend)
    else:
        yield Finding("disk sync", OK, f"{sync_ms:.2f} ms, median of {SYNCS}")


def sync_time_ms(folder: Path) -> float:
    """Return the median time to write 4 KiB and have it on the disk."""
    calls = FileCalls()
    block = memoryview(bytes(4096))
    taken: list[int] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begin = time.perf_counter_ns()
            calls.write(file.fileno(), block)
            calls.sync(file.fileno())
            taken.append(time.perf_counter_ns() - begin)
    return median(taken) / 1e6


def clock() -> Finding:
    """Look at the clock: is it of this age, does it run as the monotonic one does, and evenly."""
    begin, begin_steady = time.time_ns(), time.monotonic_ns()
    time.sleep(0.05)
    drift_ms = abs((time.time_ns() - begin) - (time.monotonic_ns() - begin_steady)) / 1e6
    now = datetime.fromtimestamp(begin // SECOND_NS, UTC)
    found = f"{now:%Y-%m-%dT%H:%M:%SZ}, {drift_ms:.3f} ms off the steady clock in 50 ms"
    if now < BORN:
        return Finding("clock", FAIL, found, "The clock is years behind: set it, and keep it by NTP.")
    return Finding("clock", OK if drift_ms < 5 else WARN, found, "Keep the clock by NTP (chrony, systemd-timesyncd).")


def libraries() -> Iterator[Finding]:
    """Look at the libraries of the base install, all in one line unless some are missing."""
    found: list[str] = []
    for name in BASE:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Finding(f"library {name}", FAIL, "missing", "Install bot4 again: make run, or pip install bot4.")
    yield Finding("libraries", OK, ", ".join(found))


def kernels() -> Finding:
    """Compile and call the indicators once: the surest look at numba, its cache folder and the processor."""
    folder = os.environ.get("NUMBA_CACHE_DIR", "")
    begin = time.perf_counter_ns()
    try:
        from bot4.kernels.features import DEFAULT_FEATURES, compile_features

        stream = compile_features(DEFAULT_FEATURES).stream()
        took = stream.step(0, 1.0, 2.0, 1.0, 2.0, 1.0)
    except (ImportError, OSError, RuntimeError) as error:
        return Finding("kernels", FAIL, f"{type(error).__name__}: {error}", "Install numba and numpy as locked.")
    seconds = (time.perf_counter_ns() - begin) / 1e9
    where = folder or "beside the sources"
    if not took:
        return Finding("kernels", FAIL, "an indicator refused a good bar", "Clear the cache: " + where)
    if folder and not os.access(folder, os.W_OK):
        return Finding("kernels", WARN, f"cache {where} cannot be written", "Compiled anew at each start: mend it.")
    return Finding("kernels", OK, f"ready in {seconds:.1f} s, cache {where}")


def extras() -> Finding:
    """Look at which extras are there; none is needed."""
    there = [name for name, modules in EXTRAS.items() if all(find_spec(module) is not None for module in modules)]
    return Finding("extras", OK, ", ".join(there) or "none")
