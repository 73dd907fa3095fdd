# SPDX-License-Identifier: Apache-2.0
"""Blocks of bars: integer columns that nobody changes, of a bounded size."""

import numpy as np
import pytest

from bot4.domain.errors import OurFault
from bot4.domain.values import MINUTE_NS
from bot4.market.bars import BLOCK_ROWS, BarBlock, cut_blocks, join_rows
from bot4.market.rows import RawRows, cut_rows
from tests.unit.market.recorded import pieces, raw, rows_at, walk


def test_a_block_holds_its_columns_read_only() -> None:
    """It is a copy: neither side can change the other."""
    rows = rows_at([MINUTE_NS, 2 * MINUTE_NS])
    block = BarBlock(3, MINUTE_NS, rows)
    rows[:] = 0
    assert len(block) == 2
    assert (block.instrument, block.interval_ns) == (3, MINUTE_NS)
    assert block.open_ns.tolist() == [MINUTE_NS, 2 * MINUTE_NS]
    assert block.tobytes() == np.stack(block.columns()).astype("<i8").tobytes()
    for column in block.columns():
        assert column.dtype == np.int64
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_a_block_of_too_many_bars_is_our_fault() -> None:
    """Whoever makes blocks cuts them first."""
    with pytest.raises(OurFault):
        BarBlock(0, MINUTE_NS, rows_at(list(range(BLOCK_ROWS + 1))))


@pytest.mark.parametrize("sizes", [[1], [10], [3, 50, 7], [1000]])
def test_any_stream_is_cut_into_equal_tables(sizes: list[int]) -> None:
    """All but the last are full, nothing is lost or moved."""
    rows = rows_at(list(range(105)))
    tables = list(cut_blocks(pieces(rows, sizes), 10))
    assert [table.shape[1] for table in tables] == [10] * 10 + [5]
    assert (join_rows(tables) == rows).all()


@pytest.mark.parametrize("size", [1, 9, 64, 1000])
def test_any_chunks_are_cut_into_equal_pieces(size: int) -> None:
    """Raw rows keep their numbers."""
    whole = raw(walk(105))
    chunks: list[RawRows] = [whole.cut(i, min(105, i + size)) for i in range(0, 105, size)]
    cut = list(cut_rows(chunks, 10))
    assert [len(piece) for piece in cut] == [10] * 10 + [5]
    assert np.concatenate([piece.numbers for piece in cut]).tolist() == list(range(1, 106))
    assert (np.concatenate([piece.values for piece in cut], axis=1) == whole.values).all()
