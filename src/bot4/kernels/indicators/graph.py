# SPDX-License-Identifier: Apache-2.0
"""The compiler of indicators: wishes become nodes, equal nodes become one, nodes become rows and a first state.

An indicator asks for the nodes it needs (a ring of closes, a rolling mean over it, ...) and gets back a `Value` for
each result. Asking twice for the same node gives the same one, so bands, deviation and z-score of one window share
their moments. What a node computes never depends on what else is in the program: adding a feature changes no bit of
another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot4.kernels.indicators import layout
from bot4.kernels.indicators.series import RECORD
from bot4.kernels.jit import Floats, Ints

HEADER_NODE: Final = -1  # the inputs of the bar: registers that no row writes


@dataclass(frozen=True, slots=True)
class Value:
    """One result of a node: where it will lie and from which bar on it is valid."""

    node: int
    place: int
    ready: int
    is_ring: bool = False
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One future row of the program."""

    operation: int
    inputs: tuple[Value, ...]
    a: int
    b: int
    start: int
    ready: tuple[int, ...]
    memory: tuple[float, ...]

    @property
    def results(self) -> int:
        """Return the number of its results."""
        return len(self.ready)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A program laid out for blocks of bars: see `layout` for its tables; `size` is that of the workspace."""

    program: Ints
    joints: Ints
    gather: Ints
    size: int


OPEN_PRICE: Final = Value(HEADER_NODE, layout.OPEN, 1)
HIGH_PRICE: Final = Value(HEADER_NODE, layout.HIGH, 1)
LOW_PRICE: Final = Value(HEADER_NODE, layout.LOW, 1)
CLOSE_PRICE: Final = Value(HEADER_NODE, layout.CLOSE, 1)
TRADED_VOLUME: Final = Value(HEADER_NODE, layout.VOLUME, 1)
OPEN_DAY: Final = Value(HEADER_NODE, layout.DAY, 1)
OPEN_TIME: Final = Value(HEADER_NODE, layout.TIME, 1)


class Graph:
    """Collect nodes, then lay them out as a program."""

    __slots__ = ("_depth", "_known", "_nodes")

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._known: dict[Node, int] = {}
        self._depth = 1

    def values(
        self,
        operation: int,
        *inputs: Value,
        a: int = 0,
        b: int = 0,
        warm: tuple[int, ...] = (1,),
        memory: tuple[float, ...] = (),
        delay: int = 0,
    ) -> tuple[Value, ...]:
        """Ask for a node; returns its results in order.

        `warm` tells for each result how many valid inputs it takes; `memory` is the first content of the private memory
        behind the results; `delay` lets the node overlook that many valid inputs before it starts.
        """
        start = max(given.ready for given in inputs) - 1 + delay
        ready = tuple(start + bars for bars in warm)
        number = self._place(Node(operation, inputs, a, b, start, ready, memory))
        return tuple(Value(number, place, bars) for place, bars in enumerate(ready))

    def value(
        self,
        operation: int,
        *inputs: Value,
        a: int = 0,
        b: int = 0,
        warm: int = 1,
        memory: tuple[float, ...] = (),
        delay: int = 0,
    ) -> Value:
        """Ask for a node with one result; see `values`."""
        return self.values(operation, *inputs, a=a, b=b, warm=(warm,), memory=memory, delay=delay)[0]

    def ring(self, source: Value, depth: int, *, lag: int = 0) -> Value:
        """Ask for the last `depth` values of `source`, seen `lag` bars late."""
        self._depth = max(self._depth, depth + lag)
        number = self._place(Node(RECORD, (source,), 0, 0, source.ready - 1, (), ()))
        return Value(number, 0, source.ready + lag, is_ring=True, lag=lag)

    def lay_out(self, outputs: tuple[Value, ...]) -> tuple[Ints, Ints, Floats]:
        """Return the program (rows, COLUMNS), the index of each output in the state, the state before the first bar."""
        offsets, size = self._offsets()
        program = np.zeros((len(self._nodes), layout.COLUMNS), dtype=np.int64)
        first = np.full(size, np.nan)
        first[: layout.HEADER] = 0.0
        first[layout.DEPTH] = self._depth
        first[layout.POSITION] = 2 * self._depth - 1
        for row, node in enumerate(self._nodes):
            program[row, : layout.X] = (node.operation, offsets[row], node.start, node.a, node.b)
            for column, given in enumerate(node.inputs, start=layout.X):
                program[row, column] = self._input(given, offsets)
            program[row, layout.TO :] = -offsets[row] - np.arange(layout.RESULTS)  # what is none is read back unchanged
            memory = offsets[row] + node.results
            first[memory : memory + len(node.memory)] = node.memory
        gather = np.array([-self._input(given, offsets) for given in outputs], dtype=np.int64)
        return program, gather, first

    def lay_out_blocks(self, outputs: tuple[Value, ...], places: Sequence[int]) -> Blocks:
        """Return the same program for blocks of bars; `places` tells where in a row of outputs each stands."""
        offsets, size = self._offsets()
        rings = {node.inputs[0]: offsets[row] for row, node in enumerate(self._nodes) if node.operation == RECORD}
        spare, end = -size, size + layout.BLOCK
        columns: dict[tuple[int, int], int] = {}
        joints = []
        for value in self._values():
            key = (value.node, value.place)
            ring = rings.get(value, 0)
            columns[key] = end if ring else -end
            joints.append((columns[key], -self._input(value, offsets), ring))
            end += _staggered(layout.ring_length(self._depth) if ring else layout.BLOCK)
        rows = [row for row, node in enumerate(self._nodes) if node.operation != RECORD]
        program = np.zeros((len(rows), layout.COLUMNS), dtype=np.int64)
        for to, row in zip(program, rows, strict=True):
            node = self._nodes[row]
            to[: layout.X] = (node.operation, offsets[row], node.start, node.a, node.b)
            to[layout.X : layout.X + len(node.inputs)] = [self._column(given, columns) for given in node.inputs]
            results = [columns[row, place] for place in range(node.results)]
            to[layout.TO :] = results + [spare] * (layout.RESULTS - len(results))
        gather = np.array([[self._column(given, columns) for given in outputs], places], dtype=np.int64)
        return Blocks(program, np.array(joints, dtype=np.int64), gather, end)

    def _values(self) -> list[Value]:
        """Return the values that lie in registers: the inputs of the bar, in order, and each row's results."""
        found = [OPEN_PRICE, HIGH_PRICE, LOW_PRICE, CLOSE_PRICE, TRADED_VOLUME, OPEN_DAY, OPEN_TIME]
        for number, node in enumerate(self._nodes):
            found += [Value(number, place, node.ready[place]) for place in range(node.results)]
        return found

    def _column(self, given: Value, columns: dict[tuple[int, int], int]) -> int:
        """Return the column of a value, or of the values that a ring remembers."""
        if not given.is_ring:
            return columns[given.node, given.place]
        source = self._nodes[given.node].inputs[0]
        return columns[source.node, source.place] - given.lag

    def _place(self, node: Node) -> int:
        number = self._known.setdefault(node, len(self._nodes))
        if number == len(self._nodes):
            self._nodes.append(node)
        return number

    def _offsets(self) -> tuple[list[int], int]:
        """Lay registers and memory first, where they share cache lines, and the rings behind them."""
        offsets = [0] * len(self._nodes)
        end = layout.HEADER
        for is_ring in (False, True):
            for row, node in enumerate(self._nodes):
                if (node.operation == RECORD) == is_ring:
                    offsets[row] = end
                    end += 2 * self._depth if is_ring else node.results + len(node.memory)
        return offsets, end + layout.RESULTS  # the last row's results may be fewer than are read back

    def _input(self, given: Value, offsets: list[int]) -> int:
        if given.node == HEADER_NODE:
            return -given.place
        if given.is_ring:
            return offsets[given.node] - given.lag
        return -(offsets[given.node] + given.place)


def _staggered(length: int) -> int:
    """Return the length of a column, so that columns side by side do not share the same few sets of the cache."""
    line = 8
    lines = -(-length // line)
    return line * (lines + 1 - lines % 2)
