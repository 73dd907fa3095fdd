# SPDX-License-Identifier: Apache-2.0
"""The key of numba's cache folder follows every edit of a kernel, and nothing else."""

import hashlib
from pathlib import Path

from bot4.kernels.sources import FOLDER, kernels_key


def test_the_key_changes_with_content_name_and_number_of_files(tmp_path: Path) -> None:
    """Each edit gives another key, the same tree the same."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "deep" / "b.py").write_text("y = 2\n")
    keys = [kernels_key(tmp_path)]
    assert kernels_key(tmp_path) == keys[0]
    (tmp_path / "deep" / "b.py").write_text("y = 3\n")
    keys.append(kernels_key(tmp_path))
    (tmp_path / "deep" / "b.py").rename(tmp_path / "deep" / "c.py")
    keys.append(kernels_key(tmp_path))
    (tmp_path / "d.py").write_text("")
    keys.append(kernels_key(tmp_path))
    assert len(set(keys)) == 4
    (tmp_path / "cache.nbc").write_text("not a source")
    assert kernels_key(tmp_path) == keys[-1]


def test_the_key_is_that_of_the_kernels() -> None:
    """By default it covers this package, families included, as 64 hexadecimal digits."""
    assert (FOLDER / "indicators" / "machine.py").is_file()
    assert len(kernels_key()) == len(hashlib.sha256().hexdigest())
    assert kernels_key() == kernels_key(FOLDER)
