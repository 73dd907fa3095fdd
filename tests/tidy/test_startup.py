# SPDX-License-Identifier: Apache-2.0
"""What the start loads: the command line answers --help without any of the heavy libraries."""

import re
import subprocess
import sys

import pytest

HEAVY = {
    "numba", "llvmlite", "numpy", "scipy", "sklearn", "pandas", "polars", "torch", "plotly", "duckdb", "onnxruntime",
    "sqlalchemy", "alembic", "ray", "ccxt", "lightgbm", "xgboost", "statsmodels", "skfolio", "cryptography", "keyring",
}  # fmt: skip
LOADED = re.compile(r"^import time:.*\|\s+([\w.]+)$", re.MULTILINE)


def loaded(*arguments: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter loads for ``python ARGUMENTS``."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(LOADED.findall(done.stderr))


@pytest.mark.requirement("P-20")
def test_help_loads_nothing_heavy() -> None:
    """``bot4 --help`` loads the command line and none of the libraries that take a second to import."""
    modules = loaded("-m", "bot4", "--help")
    assert "bot4.apps.cli" in modules
    print("loaded:", " ".join(sorted({name.partition(".")[0] for name in modules})))
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()


def test_importing_the_package_loads_nothing_of_it() -> None:
    """``import bot4`` loads one module of bot4 and nothing from outside the standard library."""
    modules = loaded("-c", "import bot4")
    assert {name for name in modules if name.startswith("bot4")} == {"bot4"}
    assert {name.partition(".")[0] for name in modules} & (HEAVY | {"rich", "cyclopts", "httpx", "msgspec"}) == set()


def test_the_version_is_that_of_the_installed_package() -> None:
    """``bot4.__version__`` is the version in the metadata, and any other name is refused."""
    import importlib.metadata

    import bot4

    try:
        expected = importlib.metadata.version("bot4")
    except importlib.metadata.PackageNotFoundError:
        expected = "0.0.0+uninstalled"
    assert bot4.__version__ == expected
    with pytest.raises(AttributeError, match="no attribute 'version'"):
        bot4.version  # noqa: B018 - the access is what is tested
