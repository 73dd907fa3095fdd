# SPDX-License-Identifier: Apache-2.0
"""The outside checks bite too: import contracts, banned calls, types; and a check that cannot run is a failure."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidy.source import REPOSITORY

FOLDERS = "apps runtime adapters market insight decision guard risk trading account record simulation domain kernels"
BANNED = (
    ("import time\nt = time.time()", "Clock"),
    ("import time\nt = time.time_ns()", "Clock"),
    ("import time\nt = time.monotonic()", "Clock"),
    ("import time\nt = time.perf_counter()", "Clock"),
    ("from time import perf_counter_ns\nt = perf_counter_ns()", "Clock"),
    ("import datetime\nt = datetime.datetime.now(datetime.UTC)", "Clock"),
    ("import datetime\nt = datetime.datetime.utcnow()", "Clock"),
    ("import random", "Generator"),
    ("from random import choice", "Generator"),
    ("import numpy as np\nnp.random.seed(1)", "Generator"),
    ("import uuid\nx = uuid.uuid4()", "bot4.domain.ids"),
    ("import os\nx = os.environ['A']", "bot4.runtime.settings"),
    ("import os\nx = os.getenv('A')", "bot4.runtime.settings"),
    ("import os\nx = os.urandom(8)", "Generator"),
    ("import pickle", "msgspec"),
)


def tool(name: str) -> str:
    """Return the path of a development tool; a missing tool fails, since a check that cannot run proves nothing."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed: the check cannot run"
    return found


def run(*command: str, cwd: Path, text: str | None = None, **environment: str) -> tuple[int, str]:
    """Run a command and return its exit status and everything it said."""
    done = subprocess.run(
        command, cwd=cwd, input=text, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package of empty folders under bot4's own import contracts."""
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    start = project.index("[tool.importlinter]")
    end = project.index("\n[tool.pytest", start)
    (tmp_path / "pyproject.toml").write_text(project[start:end], encoding="utf-8")
    for folder in FOLDERS.split():
        place = tmp_path / "bot4" / folder
        place.mkdir(parents=True)
        (place / "__init__.py").touch()
        (place / ("net.py" if folder == "adapters" else "one.py")).touch()
    (tmp_path / "bot4" / "__init__.py").touch()
    venues = tmp_path / "bot4" / "adapters" / "venues"
    (venues / "binance").mkdir(parents=True)
    for name in ("__init__", "ccxt", "binance/__init__", "binance/orders"):
        (venues / f"{name}.py").touch()
    return tmp_path


def lint_imports(house: Path) -> tuple[int, str]:
    """Run import-linter over a package."""
    return run(tool("lint-imports"), "--no-cache", cwd=house, PYTHONPATH=str(house))


@pytest.mark.requirement("CI_001")
def test_an_empty_house_keeps_every_contract(house: Path) -> None:
    """All folders, no breach: kept."""
    status, said = lint_imports(house)
    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("market/one.py", "import bot4.risk.one"),
        ("simulation/one.py", "from bot4.account import one"),
        ("domain/one.py", "from bot4.market import one"),
        ("domain/one.py", "from bot4.kernels import one"),
        ("kernels/one.py", "from bot4.domain import one"),
        ("adapters/net.py", "from bot4.runtime import one"),
        ("adapters/odd.py", ""),
        ("runtime/one.py", "from bot4.apps import one"),
        ("domain/one.py", "import numpy"),
        ("record/one.py", "import asyncio"),
        ("market/one.py", "def read():\n    import duckdb"),
        ("market/one.py", "import socket"),
        ("helpers/__init__.py", ""),
        ("market/two.py", "import bot4.market.one\n"),
        ("adapters/venues/kit.py", "import bot4.adapters.stores.one"),
        ("adapters/venues/binance/wire.py", "import bot4.adapters.venues.ccxt"),
        ("adapters/venues/binance/market.py", "import bot4.adapters.venues.binance.orders"),
    ],
)
def test_a_planted_import_breaks_a_contract(house: Path, path: str, text: str) -> None:
    """A neighbour, a higher floor, I/O in the core, an array in a noun, a stray folder, a knot: each is found."""
    place = house / "bot4" / path
    place.parent.mkdir(exist_ok=True)
    (place.parent / "__init__.py").touch()
    place.write_text(text, encoding="utf-8")
    if path == "market/two.py":
        (house / "bot4/market/one.py").write_text("import bot4.market.two\n", encoding="utf-8")
    if path == "adapters/venues/kit.py":
        stores = house / "bot4/adapters/stores"
        stores.mkdir()
        (stores / "__init__.py").touch()
        (stores / "one.py").touch()
    status, said = lint_imports(house)
    assert status == 1, said
    assert "BROKEN" in said


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize(("text", "instead"), BANNED, ids=[text.splitlines()[-1] for text, _ in BANNED])
def test_a_banned_call_is_found_and_its_replacement_named(text: str, instead: str) -> None:
    """Clock, randomness, identity and environment are refused in a stage, with what to use instead."""
    path = str(REPOSITORY / "src/bot4/market/planted.py")
    command = (tool("ruff"), "check", "--select", "TID251", "--no-cache", "--stdin-filename", path, "-")
    status, said = run(*command, cwd=REPOSITORY, text=text + "\n")
    assert status == 1, said
    assert "TID251" in said or "banned-api" in said
    assert instead in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import datetime\nT = datetime.datetime(2024, 1, 1)\n", "DTZ"),
        ("def f() -> None:\n    try:\n        g()\n    except Exception:\n        return\n", "BLE001"),
        ("print(1)\n", "T20"),
        ("def f(x) -> None:\n    '''Do.'''\n", "ANN"),
        ("def f() -> int:\n    return 1\n", "D103"),
        ("from .one import two\n", "TID252"),
    ],
)
def test_a_planted_breach_of_style_is_found(text: str, code: str) -> None:
    """Naive time, broad catches, prints, missing types and words, relative imports: each is refused."""
    path = str(REPOSITORY / "src/bot4/market/planted.py")
    command = (tool("ruff"), "check", "--select", code, "--no-cache", "--stdin-filename", path, "-")
    status, said = run(*command, cwd=REPOSITORY, text=text)
    assert status == 1, said


def test_types_are_strict(tmp_path: Path) -> None:
    """An untyped function, a wrong type and an ignore without a code are refused under the project's settings."""
    planted = "def f(x):\n    return x\n\n\ny: int = 'one'\nz: int = 'two'  # type: ignore\n"
    path = tmp_path / "planted.py"
    path.write_text(planted, encoding="utf-8")
    command = (tool("mypy"), "--config-file", "pyproject.toml", "--no-incremental", str(path))
    status, said = run(*command, cwd=REPOSITORY)
    assert status == 1, said
    assert {"[no-untyped-def]", "[assignment]", "[ignore-without-code]"} <= set(said.replace("\n", " ").split())


@pytest.mark.requirement("CI_001")
@pytest.mark.parametrize("word", ["lint", "types", "layers", "fast"])
def test_a_check_that_cannot_run_fails(tmp_path: Path, word: str) -> None:
    """Without its tool a word of the Makefile ends in an error, and does not pass in silence."""
    make = shutil.which("make")
    assert make, "make is not installed: the check cannot run"
    stamps = [f"{tmp_path}/{name}" for name in ("boot", "base", "torch", "all")]
    for stamp in stamps:
        Path(stamp).touch()
    old = [part for stamp in stamps for part in ("-o", stamp)]
    status, said = run(make, *old, f"VENV={tmp_path}", word, cwd=REPOSITORY, MAKEFLAGS="")
    assert status != 0, said


def test_every_tool_that_make_check_calls_is_locked() -> None:
    """The development group names each tool, and the lock pins it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    named = " ".join(project["dependency-groups"]["dev"])
    lock = (REPOSITORY / "locks" / "all.txt").read_text(encoding="utf-8")
    for name in ("ruff", "mypy", "import-linter", "pytest", "coverage", "hypothesis", "pip-audit"):
        assert name in named
        assert f"\n{name}==" in lock
