# SPDX-License-Identifier: Apache-2.0
"""The folder of compiled kernels: this user's, keyed by the sources, and never one that others may write."""

import atexit
import stat
from pathlib import Path

import pytest

from bot4.apps.kernel_cache import VARIABLE, set_kernel_cache
from bot4.kernels.sources import kernels_key


def test_the_folder_is_named_by_the_sources_and_only_its_owner_may_enter(tmp_path: Path) -> None:
    """The hash of the kernels' sources is in the path, numba is told, and a second call chooses the same."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    folder = set_kernel_cache(environment)
    assert folder == tmp_path / "bot4" / "kernels" / kernels_key()[:16]
    assert environment[VARIABLE] == str(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set_kernel_cache({"XDG_CACHE_HOME": str(tmp_path)}) == folder


def test_a_folder_that_is_set_stays() -> None:
    """Who sets numba's variable has decided."""
    environment = {VARIABLE: "elsewhere"}
    assert set_kernel_cache(environment) == Path("elsewhere")
    assert environment == {VARIABLE: "elsewhere"}


def test_without_a_home_to_write_a_fresh_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cache cannot be had, nobody can have planted anything in what is used instead."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    removed: list[object] = []
    monkeypatch.setattr(atexit, "register", lambda *what, **how: removed.append((what, how)))
    first = set_kernel_cache({"XDG_CACHE_HOME": str(tmp_path / "file")})
    second = set_kernel_cache({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert first != second
    assert list(first.iterdir()) == []
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    assert len(removed) == 2
    first.rmdir()
    second.rmdir()
