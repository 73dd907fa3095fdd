# SPDX-License-Identifier: Apache-2.0
"""From an exception to an exit code and words: nothing here lets a traceback reach the user.

Streams that fail while it is told are silenced: there is nobody left to tell.

Exit codes: 0 done; 1 the answer is no (a journal damaged, a replay that differs);
2 usage or bad input; 3 a fault outside; 130 interrupted; 70 a bug of bot4, with
the details in a file. ``BOT4_TRACEBACK=1`` shows them on stderr as well.
"""

import errno
import hashlib
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import bot4
from bot4.apps.cli.reply import ANSWER_IS_NO, BAD_INPUT, BUG, INTERRUPTED, OUTSIDE, json_line
from bot4.apps.cli.streams import say
from bot4.domain.errors import BadInput, Corrupt, OurFault, OutsideFault, TheirFault

OUTSIDE_CODES: Final = {
    errno.ENOSPC: ("disk_full", "Free space on this disk, then repeat."),
    errno.EDQUOT: ("disk_full", "Free space within your quota, then repeat."),
    errno.EACCES: ("not_allowed", "Change its permissions, or choose another place."),
    errno.EPERM: ("not_allowed", "Change its permissions, or choose another place."),
    errno.EROFS: ("not_allowed", "Choose a place on a disk that is not read-only."),
    errno.EMFILE: ("too_many_files", "Raise the limit on open files (ulimit -n)."),
}


def exit_code_of(error: BaseException) -> int:
    """Return the exit code an exception asks for; SystemExit from within a command is a bug, whatever it asks."""
    if isinstance(error, Corrupt) or difference_of(error) is not None:
        return ANSWER_IS_NO
    if isinstance(error, BadInput):
        return BAD_INPUT
    if isinstance(error, OutsideFault | OSError | MemoryError):
        return OUTSIDE
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else BUG


def fields_of(error: BaseException, command: Sequence[str]) -> dict[str, str]:
    """Return code, place, value, allowed and mend of an exception; a bug's details are saved and the file named."""
    if isinstance(error, TheirFault):
        return error.fields()
    difference = difference_of(error)
    if difference is not None:
        return difference
    if isinstance(error, KeyboardInterrupt):
        return _fields("interrupted", "bot4", "stopped by a signal", "-", "Repeat it; a run goes on with --resume.")
    if isinstance(error, OSError):
        code, mend = OUTSIDE_CODES.get(error.errno or 0, ("outside", "Mend what the system names, then repeat."))
        place = str(error.filename) if error.filename is not None else "the system"
        return _fields(code, place, error.strerror or str(error), "a call that succeeds", mend)
    if isinstance(error, MemoryError):
        return _fields("memory", "the system", "no memory left", "enough memory", "Close other programs, or use less.")
    saved = save_details(error, command, os.environ)
    value = f"{type(error).__name__}: {error}"
    return _fields("bug", f"this is a bug of bot4; details: {saved}", value, "-", "Please report it with that file.")


def tell(error: BaseException, command: Sequence[str], *, as_json: bool) -> int:
    """Say what went wrong on stderr, and with ``--json`` as the last line of stdout; return the exit code."""
    fields = fields_of(error, command)
    text = human(fields)
    if exit_code_of(error) == BUG and os.environ.get("BOT4_TRACEBACK") == "1":
        text += details(error, command)
    say(sys.stderr, text)
    say(sys.stdout, json_line({"error": fields}) if as_json else "")
    return exit_code_of(error)


def difference_of(error: BaseException) -> dict[str, str] | None:
    """Return the parts of the message where a resumed run contradicts its journal, None for any other error."""
    if not isinstance(error, OurFault):
        return None
    from bot4.record.compare import Differs  # not before a command needed it

    if not isinstance(error, Differs):
        return None
    mend = "The strategy or bot4 changed since, or a strategy is not deterministic: run it anew without --resume."
    return _fields("differs", error.place, error.difference.brief(), "the same bytes as before", mend)


def human(fields: Mapping[str, str]) -> str:
    """Return an error for a person: where, then what was found, what is allowed, how to mend it."""
    if fields["code"] == "interrupted":
        return "interrupted\n"
    lines = [f"error: {fields['place']}", f"  found:   {fields['value']}"]
    if fields["allowed"] != "-":
        lines.append(f"  allowed: {fields['allowed']}")
    return "\n".join([*lines, f"  mend:    {fields['mend']}", ""])


def save_details(error: BaseException, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Write a bug's traceback into a file and return its path; the same bug has the same file."""
    text = details(error, command)
    name = f"bug-{hashlib.sha256(text.encode()).hexdigest()[:12]}.txt"
    for folder in (state_folder(environment), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return str(folder / name)
    return "could not be saved; set BOT4_TRACEBACK=1 to see them"


def details(error: BaseException, command: Sequence[str]) -> str:
    """Return what a report of a bug needs: versions, the command and the traceback; no values of variables."""
    head = f"bot4 {bot4.__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    return head + f"command: {' '.join(command)}\n\n" + "".join(traceback.format_exception(error))


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where bot4 keeps what belongs to no run: ``$XDG_STATE_HOME/bot4``."""
    home = environment.get("XDG_STATE_HOME")
    return (Path(home) if home else Path(environment.get("HOME", ".")) / ".local" / "state") / "bot4"


def _fields(code: str, place: str, value: str, allowed: str, mend: str) -> dict[str, str]:
    """Return the parts of a message by name."""
    return {"code": code, "place": place, "value": value, "allowed": allowed, "mend": mend}
