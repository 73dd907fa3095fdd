# SPDX-License-Identifier: Apache-2.0
"""The three standard streams as they were given: missing ones filled, broken ones silenced.

A process may be started without them (``bot4 ... >&-``), and they may fail at any
write (a full disk, a reader who went away), the interpreter's last flush included.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

STREAMS: Final = ("stdin", "stdout", "stderr")


def fill_missing() -> None:
    """Put the null device where a standard stream is missing.

    The descriptors are taken too: the next file opened would get the number of
    the missing one, and what is meant for a terminal would be written into it.
    """
    for number, name in enumerate(STREAMS):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
        setattr(sys, name, Path(os.devnull).open("w" if number else "r", encoding="utf-8"))  # noqa: SIM115 - stays open


def silence(stream: TextIO) -> None:
    """Point a stream that failed at the null device, so that no later flush of what it holds fails again."""
    with suppress(OSError, ValueError):  # a stream without a descriptor, or closed, has nothing to point
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)


def say(stream: TextIO, text: str) -> bool:
    """Write and flush a text, and return whether that went well; a stream that fails is silenced, nothing is raised.

    An empty text only flushes. What the stream's encoding lacks is a failure too.
    """
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        silence(stream)
        return False
    return True
