# SPDX-License-Identifier: Apache-2.0
"""Build bot4: its hot modules compiled by mypyc where that is possible, everything as plain Python where not.

``BOT4_COMPILE=require`` fails rather than fall back, ``no`` does not try, anything else tries and says once what came
of it. All else about the package is in pyproject.toml; what is compiled is in src/bot4/_build.py.
"""

import os
import shlex
import shutil
import sysconfig
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.dist import Distribution
from setuptools.errors import BaseError, CCompilerError

ROOT: Final = Path(__file__).resolve().parent
PACKAGE: Final = ROOT / "src" / "bot4"
MODE: Final = os.environ.get("BOT4_COMPILE", "") or "try"

# No fused multiply-add: the same doubles as plain Python. The other two let calls inside the library go straight.
FLAGS: Final = ("-ffp-contract=off", "-fno-semantic-interposition", "-fno-plt")


class NotCompiledError(Exception):
    """Say why there is no compiled build."""


def build_module() -> ModuleType:
    """Return src/bot4/_build.py, read by its path: the package itself is not imported to be built."""
    spec = spec_from_file_location("bot4_build", PACKAGE / "_build.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def require_compiler() -> str:
    """Return the C compiler's command, or refuse: it is asked for before mypyc's half minute, not after."""
    command = os.environ.get("CC") or str(sysconfig.get_config_var("CC") or "cc")
    if shutil.which(shlex.split(command)[0]) is None:
        raise NotCompiledError(f"no C compiler: {command} is not here")
    return command


def extensions(modules: list[str]) -> list[Extension]:
    """Return mypyc's C sources of the modules, in one library."""
    try:
        from mypyc.build import mypycify
    except ImportError as error:
        raise NotCompiledError(f"no mypyc: {error}") from error
    os.chdir(ROOT)
    paths = [str((PACKAGE / module).relative_to(ROOT)) for module in modules]
    try:
        made = mypycify(
            ["--no-warn-unused-ignores", "--cache-dir=build/mypyc-cache", *paths],
            opt_level="3",
            debug_level="0",
            multi_file=True,
            strip_asserts=False,
            group_name=build.LIBRARY,
        )
    except SystemExit as error:  # how mypycify reports a wrong type
        raise NotCompiledError("mypyc refused the sources") from error
    for extension in made:
        extension.extra_compile_args = [*extension.extra_compile_args, *FLAGS]
    return list(made)


class BuildCore(build_ext):
    """Compile the hot modules, and write down from what; or leave nothing compiled behind."""

    def run(self) -> None:
        """Build, or say why not. An editable install, made to edit sources, is compiled only where that is required."""
        if self.editable_mode and MODE != "require":
            return
        home = PACKAGE if self.inplace or self.editable_mode else Path(self.build_lib) / "bot4"
        remove_built(home)
        try:
            self.compile(home)
        except (NotCompiledError, CCompilerError, BaseError, OSError) as error:
            remove_built(home)
            self.extensions = self.distribution.ext_modules = []
            if MODE == "require":
                raise SystemExit(f"bot4: BOT4_COMPILE=require, but {error}") from error
            print(f"bot4: not compiled, {error}. Plain Python does the same, several times slower.")

    def compile(self, home: Path) -> None:
        """Compile everything and write the manifest."""
        compiler = require_compiler()
        modules = build.hot_sources(PACKAGE)
        built_with = f"mypyc {version('mypy')}, {Path(shlex.split(compiler)[0]).name} {' '.join(FLAGS)}"
        told = build.manifest(PACKAGE, modules, built_with)
        self.distribution.ext_modules = extensions(modules)
        self.swig_opts = None  # as a fresh command has it: what follows was skipped while there was nothing to build
        self.finalize_options()
        super().run()
        again = build.manifest(PACKAGE, modules, built_with)
        if again != told:
            raise NotCompiledError("a source was edited while it was compiled")
        build.write_manifest(told, home)
        print(f"bot4: compiled {len(modules)} modules, build {told['build'][:12]}")


class MaybeCompiled(Distribution):
    """Hold C modules unless told not to: their sources are made only when they are built."""

    def has_ext_modules(self) -> bool:
        """Say whether a build makes a wheel for this machine alone."""
        return MODE != "no"


def remove_built(home: Path) -> None:
    """Delete the compiled files of an earlier build: an interpreter would prefer them to newer sources."""
    for path in build.built_files(home):
        path.unlink()
    (home / build.MANIFEST).unlink(missing_ok=True)


build = build_module()

if __name__ == "__main__":
    setup(distclass=MaybeCompiled, cmdclass={"build_ext": BuildCore} if MODE != "no" else {})
