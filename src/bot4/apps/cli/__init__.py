# SPDX-License-Identifier: Apache-2.0
"""The command line: from words to a request, from an outcome to words and an exit code.

``main`` is the outermost boundary of bot4 and one of the two places that may
catch everything. Nothing heavy is imported before a command needs it.
"""

import signal
import sys
from collections.abc import Sequence

from bot4.apps.cli.failures import tell
from bot4.apps.cli.reply import DONE, OUTSIDE, Reply, deliver
from bot4.apps.cli.streams import fill_missing, say, silence
from bot4.domain.errors import BadInput

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the command line after ``bot4``; those of the process if None.
    """
    fill_missing()
    words = list(sys.argv[1:] if arguments is None else arguments)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite end is an interruption too
    try:
        return _answer(words)
    except BaseException as error:  # noqa: BLE001 - the outermost boundary
        if is_reader_gone(error):
            silence(sys.stdout)  # say nothing more
            return OUTSIDE
        return tell(error, words, as_json="--json" in words)
    finally:
        say(sys.stdout, "")  # what is left of an answer that failed is dropped here, not at the interpreter's end
        signal.signal(signal.SIGTERM, before)


def is_reader_gone(error: BaseException) -> bool:
    """Say whether an error is a reader that went away; the help page's console turns that into SystemExit."""
    if isinstance(error, SystemExit):
        return isinstance(error.__context__, BrokenPipeError)
    return isinstance(error, BrokenPipeError)


def _answer(words: Sequence[str]) -> int:
    """Parse the words, carry out the command, print its reply."""
    if not __debug__:
        raise BadInput(
            "python -O",
            "assertions are off",
            "a run with assertions: they guard money",
            "Start without -O and without PYTHONOPTIMIZE.",
            "no_assertions",
        )
    from bot4.apps.cli.application import carry_out

    reply = carry_out(words)
    if isinstance(reply, Reply):
        return deliver(reply)
    sys.stdout.flush()  # help and version
    return DONE
