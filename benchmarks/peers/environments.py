# SPDX-License-Identifier: Apache-2.0
"""An environment of its own for every peer, under build/, from a locked list of wheels; never the project's own."""

import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parent / "requirements"
INSTALL_S: Final = 1_800
BOT4: Final = "bot4"
"""The environment that this runs in: the project's."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Hold the interpreter of an environment, or why there is none."""

    name: str
    python: Path | None
    missing: str = ""


def environment(name: str, build: Path) -> Environment:
    """Return a peer's environment, made and filled on first use or when its list of wheels changed."""
    if name == BOT4:
        return Environment(name, Path(sys.executable))
    folder = build / name
    python = folder / "bin" / "python"
    wanted = REQUIREMENTS / f"{name}.txt"
    stamp = folder / "installed"
    digest = sha256(wanted.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return Environment(name, python)
    print(f"installing {name}", file=sys.stderr, flush=True)
    failed = _run([sys.executable, "-m", "venv", "--clear", str(folder)]) or _run(
        [
            *(str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
            *("--require-hashes", "--only-binary", ":all:", "--requirement", str(wanted)),
        ]
    )
    if failed:
        return Environment(name, None, failed)
    stamp.write_text(digest, encoding="utf-8")
    return Environment(name, python)


def _run(command: list[str]) -> str:
    """Run a command; return what it died of in one line, empty if it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if "ERROR" in line] or done.stderr.splitlines()
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
