# SPDX-License-Identifier: Apache-2.0
"""What the tests of replay share: generated markets, and a folder for keys that is not the user's."""

from pathlib import Path

import pytest

from tests.replay.runs import generated


@pytest.fixture(autouse=True)
def keys_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys of paper runs in the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture(scope="session")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred bars."""
    return generated(tmp_path_factory.mktemp("small"), 900)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market with more than a thousand fills."""
    return generated(tmp_path_factory.mktemp("market"), 8_000)


@pytest.fixture(scope="session")
def long_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market long enough that a run can be interrupted in its midst."""
    return generated(tmp_path_factory.mktemp("long"), 26_000)
