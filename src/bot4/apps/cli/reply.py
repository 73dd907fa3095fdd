# SPDX-License-Identifier: Apache-2.0
"""What a command answers, and the two ways to say it: for a person, or as one JSON object.

With ``--json`` the object is the last line of stdout and everything else goes to
stderr. Colours and width follow the terminal, ``NO_COLOR`` and ``COLUMNS``.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

DONE: Final = 0
ANSWER_IS_NO: Final = 1
BAD_INPUT: Final = 2
OUTSIDE: Final = 3
BUG: Final = 70
"""What sysexits.h calls EX_SOFTWARE: apart from every code a script may act on."""
INTERRUPTED: Final = 130

PIPE_WIDTH: Final = 160


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold a command's answer.

    Attributes
    ----------
    data : mapping
        For ``--json``: plain values.
    show : callable
        Prints the same for a person.
    exit_code : int
        0, 1 where the answer is no, 130 where the user stopped it.
    as_json : bool
        Which of the two was asked for.
    """

    data: Mapping[str, object]
    show: Callable[["Console"], None]
    exit_code: int = DONE
    as_json: bool = False


def console(*, stderr: bool = False) -> "Console":
    """Return a console on stdout or stderr; one that is no terminal is wide, so that tables keep their columns."""
    from rich.console import Console

    class Paper(Console):
        """A console that leaves a reader who went away to the boundary: rich itself would exit with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Paper(file=stream, width=width, highlight=False, soft_wrap=False)


def deliver(reply: Reply) -> int:
    """Print a reply and return its exit code; what was printed is flushed, so that a full disk shows here."""
    if reply.as_json:
        print_json(reply.data)
    else:
        reply.show(console())
    sys.stdout.flush()
    return reply.exit_code


def print_json(data: Mapping[str, object]) -> None:
    """Print one JSON object as one line of stdout."""
    print(json_line(data), end="", flush=True)


def json_line(data: Mapping[str, object]) -> str:
    """Return one JSON object as one line."""
    return json.dumps(plain(data), ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: object) -> object:
    """Return a value as JSON can hold it: paths as texts, tuples as lists, NaN and infinities as null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
