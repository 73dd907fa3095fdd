# SPDX-License-Identifier: Apache-2.0
"""The figures of every trial while they are being made: a file of numbers, and a note of what is done.

A unit of trials is done when its figures are on the disk and the note after them says so; what a cut took is made again
by ``--resume``. Figures of a trial depend on nothing but the trial: whatever was done in whichever order, the finished
table has the same bytes.
"""

import os
from pathlib import Path
from typing import Final, final

import msgspec
import numpy as np
from numpy.lib.format import open_memmap

from bot4.apps.sweep.confirm import Confirmed
from bot4.kernels.jit import Floats
from bot4.kernels.sweep.fold import figures_of, fold, new_sums

FIGURES: Final = "figures.npy"
DONE: Final = "done"
CONFIRMED: Final = "confirmed.jsonl"

COLUMNS: Final = ("days", "mean", "deviation", "sharpe", "max_drawdown", "total_return", "closed_trades", "fills")
SHARPE: Final = COLUMNS.index("sharpe")


@final
class FigureTable:
    """Keep the figures of each trial, shape (trials, figures), NaN until they are known.

    Parameters
    ----------
    folder : Path
        Where the files are; what an earlier attempt left there is taken up.
    trials : int
        How many there are.
    """

    def __init__(self, folder: Path, trials: int) -> None:
        self.trials = trials
        self._folder = folder
        self._done = folder / DONE
        path = folder / FIGURES
        if path.exists() and self._done.exists():
            self.figures: Floats = open_memmap(path, mode="r+")
        else:
            self._done.unlink(missing_ok=True)
            self.figures = open_memmap(path, mode="w+", dtype=np.float64, shape=(trials, len(COLUMNS)))
            self.figures[:] = np.nan
        self.known = np.zeros(trials, dtype=np.bool_)
        if self._done.exists():
            for begin, end in _ranges(self._done.read_text(encoding="ascii")):
                self.known[begin:end] = True

    def missing(self, unit: int) -> list[tuple[int, int]]:
        """Return the ranges of trials that are not done, in order, none longer than `unit`."""
        edges = np.flatnonzero(np.diff(np.concatenate(([True], self.known, [True])).astype(np.int8)))
        gaps = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        return [(at, min(at + unit, end)) for begin, end in gaps for at in range(begin, end, unit)]

    def put(self, begin: int, figures: Floats) -> None:
        """Write the figures of trials from `begin` on, durably, and note them as done."""
        end = begin + len(figures)
        self.figures[begin:end] = figures
        assert isinstance(self.figures, np.memmap)
        self.figures.flush()
        self.known[begin:end] = True
        _append(self._done, f"{begin} {end}\n")

    def put_record(self, one: Confirmed) -> None:
        """Write the figures of a trial that only the engine ran, from its shadow record."""
        daily = np.array(one.daily)
        sums = new_sums(1)
        fold(np.atleast_2d(daily), len(daily), 1.0, sums)
        told = figures_of(sums)[0].tolist()
        self.put(one.place, np.array([[len(daily), *told, one.closed_trades, one.fills]]))

    def ranking(self) -> list[int]:
        """Return the trials by their Sharpe ratio, best first; those without one last, equals in order."""
        sharpe = self.figures[:, SHARPE]
        worth = np.where(np.isfinite(sharpe), sharpe, -np.inf)
        return [int(place) for place in np.argsort(-worth, kind="stable")]

    def confirmed(self) -> dict[int, Confirmed]:
        """Return the engine runs that an earlier attempt finished, by trial."""
        path = self._folder / CONFIRMED
        if not path.exists():
            return {}
        lines = path.read_bytes().split(b"\n")[:-1]  # behind the last newline there is nothing, or a torn line
        found = [msgspec.json.decode(line, type=Confirmed) for line in lines]
        return {one.place: one for one in found}

    def note_confirmed(self, one: Confirmed) -> None:
        """Keep one engine run, durably."""
        _append(self._folder / CONFIRMED, msgspec.json.encode(one).decode() + "\n")

    def clear(self) -> None:
        """Remove the files: their content is in the results."""
        for name in (FIGURES, DONE, CONFIRMED):
            (self._folder / name).unlink(missing_ok=True)


def _ranges(text: str) -> list[tuple[int, int]]:
    """Return the ranges that a note of what is done tells; a torn last line tells nothing."""
    whole = text.rpartition("\n")[0].splitlines()
    return [(int(begin), int(end)) for begin, _, end in (line.partition(" ") for line in whole)]


def _append(path: Path, text: str) -> None:
    """Append text to a file, behind its last whole line, and have it on the disk."""
    with path.open("a+b") as file:
        file.seek(0)
        held = file.read()
        file.truncate(held.rfind(b"\n") + 1)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
