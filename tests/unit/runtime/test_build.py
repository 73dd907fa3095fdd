# SPDX-License-Identifier: Apache-2.0
"""The compiled build: which modules, refused as soon as it is stale, and never missed where it cannot be made."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from bot4 import _build
from bot4._build import StaleBuildError, check, hot_sources, manifest, sources_read, write_manifest
from bot4.apps.cli.failures import human
from bot4.runtime.build import build_info

REPOSITORY = Path(__file__).resolve().parents[3]
SUFFIX = EXTENSION_SUFFIXES[0]
SOURCES = {
    "__init__.py": (_build.PACKAGE / "__init__.py").read_text(encoding="utf-8"),
    "_build.py": (_build.PACKAGE / "_build.py").read_text(encoding="utf-8"),
    "domain/__init__.py": "",
    "domain/values.py": "from bot4.kernels.sizes import SIZE\n\n\ndef twice(n: int) -> int:\n    return SIZE * n\n",
    "domain/order.py": "from bot4.domain.values import twice\n\nFOUR = twice(2)\n",
    "kernels/__init__.py": "",
    "kernels/sizes.py": "from typing import Final\n\nSIZE: Final = 2\n",
}
"""A bot4 of two hot modules, one of which takes a constant from a module that is not compiled."""


def package(folder: Path) -> Path:
    """Write the small bot4 as a checkout: setup.py, pyproject.toml, src/bot4."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, folder / name)
    root = folder / "src" / "bot4"
    for name, text in SOURCES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def pretend_built(root: Path) -> Path:
    """Put an empty file where each compiled one would be, and the manifest of a true build."""
    modules = hot_sources(root)
    for name in modules:
        (root / name).with_suffix(SUFFIX).touch()
    (root.parent / f"{_build.LIBRARY}__mypyc{SUFFIX}").touch()
    write_manifest(manifest(root, modules, "mypyc"), root)
    return root


def python(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python over that checkout."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=root.parents[1],
        env={**os.environ, "PYTHONPATH": str(root.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def build(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build it in place."""
    return python(root, "setup.py", "-q", "build_ext", "--inplace", **environment)


def test_the_engine_and_all_it_hands_events_to_are_compiled_and_nothing_of_the_doors() -> None:
    """Each folder of the core is in the list, __init__ files and kernels are not, and no module twice."""
    modules = hot_sources()
    assert len(modules) == len(set(modules))
    assert {"domain/values.py", "runtime/engine.py", "risk/judge.py", "trading/orders.py", "account/ledger.py",
            "simulation/venue.py", "record/journal.py", "decision/evidence/gate.py"} <= set(modules)  # fmt: skip
    assert {name.partition("/")[0] for name in modules} & {"apps", "adapters", "kernels"} == set()
    assert not [name for name in modules if name.endswith("__init__.py")]


@pytest.mark.parametrize("pattern", _build.HOT)
def test_every_pattern_of_the_list_names_something_or_a_folder_to_come(pattern: str) -> None:
    """A module that was renamed would silently stay plain Python."""
    assert any(_build.PACKAGE.glob(pattern)) or not (_build.PACKAGE / pattern.partition("/")[0]).exists()


def test_no_compiled_class_is_an_abc() -> None:
    """Compiled ABCs share one memory of ``isinstance`` answers, and give each other's: abstract methods need no ABC."""
    found = []
    for name in hot_sources():
        for node in ast.walk(ast.parse((_build.PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                told = [ast.unparse(base) for base in [*node.bases, *(keyword.value for keyword in node.keywords)]]
                found += [f"{name}:{node.lineno} {node.name}" for one in told if one in {"ABC", "ABCMeta", "abc.ABC"}]
    assert found == []


def test_a_build_reads_its_modules_and_whatever_they_import(tmp_path: Path) -> None:
    """The constant's module counts though it is not compiled."""
    root = package(tmp_path)
    assert hot_sources(root) == ["domain/order.py", "domain/values.py"]
    assert sources_read(root, hot_sources(root)) == ["domain/order.py", "domain/values.py", "kernels/sizes.py"]


def test_nothing_compiled_and_a_fresh_build_pass(tmp_path: Path) -> None:
    """No refusal, with what was built told."""
    root = package(tmp_path)
    check(root)
    assert build_info(root).text() == "pure"
    pretend_built(root)
    check(root)
    info = build_info(root)
    assert (info.mode, info.modules, info.changed, len(info.build)) == ("compiled", 2, (), 64)
    assert "fresh" in info.text()


@pytest.mark.parametrize("name", ["domain/values.py", "domain/order.py", "kernels/sizes.py"])
@pytest.mark.parametrize("removed", [False, True])
def test_an_edit_of_any_source_that_was_read_makes_a_build_stale(tmp_path: Path, name: str, removed: bool) -> None:
    """One changed byte or a missing file is refused, naming file and mend; the doctor tells it too."""
    root = pretend_built(package(tmp_path))
    if removed:
        (root / name).unlink()
    else:
        (root / name).write_text(SOURCES[name] + "#\n", encoding="utf-8")
    with pytest.raises(StaleBuildError) as caught:
        check(root)
    assert caught.value.place == str(root / name)
    assert "make compiled" in str(caught.value)
    assert "make pure" in str(caught.value)
    assert build_info(root).changed == (name,)
    assert f"STALE: {name}" in build_info(root).text()


def test_a_program_that_meets_a_stale_build_ends_in_words(tmp_path: Path) -> None:
    """In the form of every bad input, with exit code 2 and JSON where asked for; caught, it is an error like others."""
    root = pretend_built(package(tmp_path))
    place = root / "domain" / "values.py"
    place.write_text("\n", encoding="utf-8")
    done = python(root, "-c", "import bot4")
    wanted = {
        "code": "stale_build",
        "place": str(place),
        "value": "edited or removed since it was compiled",
        "allowed": _build.ALLOWED,
        "mend": _build.MEND,
    }
    assert (done.returncode, done.stdout, done.stderr) == (2, "", human(wanted))
    done = python(root, "-c", "import bot4", "--json")
    assert (done.returncode, done.stderr) == (2, human(wanted))
    assert json.loads(done.stdout) == {"error": wanted}
    catching = "try:\n    import bot4\nexcept ImportError:\n    print('caught')\n1 / 0\n"
    done = python(root, "-c", catching)
    assert (done.returncode, done.stdout) == (1, "caught\n")
    assert "ZeroDivisionError" in done.stderr


def test_an_edit_with_the_old_time_and_size_is_seen(tmp_path: Path) -> None:
    """Contents count, not dates."""
    root = pretend_built(package(tmp_path))
    source = root / "domain" / "order.py"
    before = source.stat()
    source.write_text(SOURCES["domain/order.py"].replace("(2)", "(3)"), encoding="utf-8")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source.stat().st_size == before.st_size
    with pytest.raises(StaleBuildError):
        check(root)


def test_a_compiled_file_that_no_manifest_lists_is_refused(tmp_path: Path) -> None:
    """Without any manifest, with one that cannot be read, or with one of another build."""
    root = pretend_built(package(tmp_path))
    stray = (root / "kernels" / "sizes").with_suffix(SUFFIX)
    stray.touch()
    with pytest.raises(StaleBuildError, match="does not list it") as caught:
        check(root)
    assert caught.value.place == str(stray)
    (root / _build.MANIFEST).write_text("{}", encoding="utf-8")
    with pytest.raises(StaleBuildError, match="no manifest of a build"):
        check(root)
    (root / _build.MANIFEST).unlink()
    with pytest.raises(StaleBuildError, match="says from what"):
        check(root)


def test_a_manifest_without_compiled_files_is_plain_python(tmp_path: Path) -> None:
    """Deleting the compiled files alone is enough to go back."""
    root = pretend_built(package(tmp_path))
    for path in _build.built_files(root):
        path.unlink()
    (root / "domain" / "order.py").write_text("", encoding="utf-8")
    check(root)
    assert build_info(root).mode == "pure"


@pytest.mark.parametrize("without_manifest", [False, True])
def test_importing_bot4_stops_at_a_stale_build_before_anything_is_loaded(
    tmp_path: Path, without_manifest: bool
) -> None:
    """``import bot4`` itself refuses, and names the file."""
    root = pretend_built(package(tmp_path))
    assert python(root, "-c", "import bot4").returncode == 0
    if without_manifest:
        (root / _build.MANIFEST).unlink()
    else:
        (root / "domain" / "order.py").write_text("", encoding="utf-8")
    done = python(root, "-c", "import bot4")
    assert done.returncode == 2
    assert "domain/order" in done.stderr.splitlines()[0]


def left(root: Path) -> Sequence[str]:
    """What a build left in the package."""
    return [path.name for path in _build.built_files(root)] + [path.name for path in root.glob(_build.MANIFEST)]


def test_without_a_compiler_there_is_plain_python_or_a_refusal_as_asked(tmp_path: Path) -> None:
    """Tried: said once, exit 0. Required: exit 1. Not wanted: not a word. Nothing compiled is left, old or new."""
    root = pretend_built(package(tmp_path))
    tried = build(root, BOT4_COMPILE="", CC="no-such-compiler")
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout.count("no C compiler: no-such-compiler is not here") == 1
    assert left(root) == []
    pretend_built(root)
    required = build(root, BOT4_COMPILE="require", CC="no-such-compiler")
    assert required.returncode == 1
    assert "BOT4_COMPILE=require, but no C compiler" in required.stderr
    assert left(root) == []
    unwanted = build(root, BOT4_COMPILE="no", CC="no-such-compiler")
    assert (unwanted.returncode, unwanted.stdout) == (0, "")


@pytest.mark.slow
def test_a_compile_that_fails_leaves_plain_python_and_one_that_succeeds_says_from_what(tmp_path: Path) -> None:
    """A compiler that only fails, a source that mypyc refuses, then a real build: it runs, and an edit is refused."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler here: install gcc; what needs it is shown where one is")
    root = package(tmp_path)
    failing = build(root, BOT4_COMPILE="", CC="false")
    assert (failing.returncode, failing.stdout.count("bot4: not compiled")) == (0, 1), failing.stderr
    assert left(root) == []
    (root / "domain" / "order.py").write_text("FOUR: str = 4\n", encoding="utf-8")
    refused = build(root, BOT4_COMPILE="require")
    assert refused.returncode == 1
    assert "mypyc refused the sources" in refused.stderr
    (root / "domain" / "order.py").write_text(SOURCES["domain/order.py"], encoding="utf-8")
    done = build(root, BOT4_COMPILE="require")
    assert (done.returncode, "bot4: compiled 2 modules" in done.stdout) == (0, True), done.stderr
    script = "import bot4.domain.order as o; print(o.FOUR, o.__file__)"
    ran = python(root, "-c", script)
    assert ran.stdout.split() == ["4", str((root / "domain" / "order").with_suffix(SUFFIX))], ran.stderr
    (root / "kernels" / "sizes.py").write_text(SOURCES["kernels/sizes.py"].replace("2", "3"), encoding="utf-8")
    assert "since it was compiled" in python(root, "-c", script).stderr
    assert build(root, BOT4_COMPILE="require").returncode == 0
    assert python(root, "-c", script).stdout.split()[0] == "6"


def test_a_pass_that_is_to_be_compiled_cannot_run_as_plain_python_unseen() -> None:
    """pytest refuses to start where the build is another than ``BOT4_EXPECT_BUILD`` says."""
    other = "pure" if build_info().mode == "compiled" else "compiled"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "tests/golden"],
        cwd=REPOSITORY,
        env={**os.environ, "BOT4_EXPECT_BUILD": other},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert f"BOT4_EXPECT_BUILD={other}, but bot4 is" in done.stderr
