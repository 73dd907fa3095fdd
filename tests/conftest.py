# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for: the real recordings, a browser, the number of rounds; and how hard hypothesis tries.

Nothing here knows bot4: fixtures about orders, bars or journals live beside the tests that need them.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

from bot4.kernels.sources import kernels_key
from bot4.runtime import engine
from bot4.runtime.build import build_info

# numba's own cache does not see an edit in another file of the kernel: a folder for each state of their sources does.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / "bot4-numba" / kernels_key()))

pytest_plugins = ["tests.requirement_map", "tests.resume"]

REPOSITORY = Path(__file__).resolve().parents[1]
SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# A failure prints the blob that repeats it; in continuous integration the examples are the same in every run.
settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=SLOW_TO_DRAW)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
settings.register_profile("full", settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("BOT4_HYPOTHESIS", "ci" if os.environ.get("CI") else "default"))


def pytest_report_header() -> str:
    """Say which build is tested."""
    return f"bot4: {build_info().text()}"


def pytest_configure() -> None:
    """Refuse to test another build than the one that was asked for: ``BOT4_EXPECT_BUILD`` is compiled or pure.

    By what the import system found and by the file that the engine really came from.
    """
    expected = os.environ.get("BOT4_EXPECT_BUILD")
    loaded = "pure" if str(engine.__file__).endswith(".py") else "compiled"
    if expected and {build_info().mode, loaded} != {expected}:
        raise pytest.UsageError(f"BOT4_EXPECT_BUILD={expected}, but bot4 is {build_info().text()}, its engine {loaded}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings: ``$BOT4_SHARED/data``, by default ``../shared/data`` beside the repository.

    Without it the test is skipped and says so, or fails if ``BOT4_REQUIRE_DATA=1``.
    """
    shared = Path(os.environ.get("BOT4_SHARED", REPOSITORY.parent / "shared"))
    data = (shared if shared.is_absolute() else REPOSITORY / shared) / "data"
    if data.is_dir():
        return data
    message = f"no real recordings: {data.parent} has no folder data (set BOT4_SHARED)"
    if os.environ.get("BOT4_REQUIRE_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that playwright can drive, or the test is skipped and says so."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium on PATH: make test installs Debian's where it may; install the package chromium")


@pytest.fixture
def rounds() -> Callable[..., int]:
    """A function ``rounds(few, full=many)``: how often to repeat a trial here; ``BOT4_FULL=1`` asks for many.

    The number is printed, so that a log says what was really done.
    """

    def choose(few: int, *, full: int) -> int:
        count = full if os.environ.get("BOT4_FULL") == "1" else few
        print(f"rounds: {count} (few {few}, full {full})")
        return count

    return choose


def uses_kernels(module: ModuleType) -> bool:
    """Tell whether a test module imports anything from bot4.kernels."""
    for value in vars(module).values():
        origin = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(origin, str) and (origin + ".").startswith("bot4.kernels."):
            return True
    return False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark ``data`` and ``kernel`` by what a test uses, so that nobody has to remember it."""
    kernel_modules: dict[str, bool] = {}
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if "shared_data" in item.fixturenames:
            item.add_marker(pytest.mark.data)
        name = item.module.__name__
        if name not in kernel_modules:
            kernel_modules[name] = uses_kernels(item.module)
        if kernel_modules[name]:
            item.add_marker(pytest.mark.kernel)
