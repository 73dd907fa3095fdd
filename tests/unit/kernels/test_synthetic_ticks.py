# SPDX-License-Identifier: Apache-2.0
"""The made-up tape: a market that keeps its own laws, whoever cuts it."""

from itertools import pairwise

import numpy as np
import pytest

from bot4.domain import event
from bot4.kernels import synthetic_ticks
from bot4.kernels.synthetic_ticks import Tape, TapeConfig, TapeMaker

SMALL = TapeConfig(depth=5, level_lots=60.0)


def tape(ticks: int, seed: int = 1, config: TapeConfig = SMALL, *, cuts: tuple[int, ...] = ()) -> Tape:
    """A tape with its head, made in pieces."""
    maker = TapeMaker(seed, config)
    head = maker.head()
    edges = (0, *cuts, ticks)
    pieces = [head, *(maker.next(b - a) for a, b in pairwise(edges))]
    rows = 0
    for piece in pieces:
        piece.messages[6] += rows
        rows = int(piece.messages[6, -1]) if piece.messages.shape[1] else rows
    return Tape(*(np.concatenate([getattr(one, name) for one in pieces], axis=1) for name in ("messages", "rows")))


def test_kinds_are_those_of_the_domain() -> None:
    """Kernels do not know the domain: the numbers are written down twice."""
    ours = (synthetic_ticks.TRADE, synthetic_ticks.QUOTE, synthetic_ticks.SNAPSHOT, synthetic_ticks.DELTA)
    assert ours == (event.TRADE, event.QUOTE, event.BOOK_SNAPSHOT, event.BOOK_DELTA)


def test_a_tape_does_not_depend_on_how_it_was_cut() -> None:
    """Equal seeds, equal bytes; another seed, another tape."""
    whole, cut = tape(300), tape(300, cuts=(1, 7, 150))
    assert (whole.messages == cut.messages).all()
    assert (whole.rows == cut.rows).all()
    other = tape(300, seed=2)
    assert whole.rows.shape != other.rows.shape or (whole.rows != other.rows).any()


def test_the_book_is_whole_and_trades_come_out_of_it() -> None:
    """Never crossed, spread one tick, every trade at the best price and taken from its level; quotes show the book."""
    made = tape(1_500)
    begins = np.concatenate([[0], made.messages[6, :-1]])
    book: dict[int, dict[int, int]] = {1: {}, -1: {}}
    expected: tuple[int, int, int] | None = None
    moves = 0
    for kind, begin, end in zip(made.messages[0].tolist(), begins.tolist(), made.messages[6].tolist(), strict=True):
        rows = made.rows[:, begin:end].T.tolist()
        if kind == event.TRADE:
            ((side, price, lots),) = rows
            best = min(book[-1]) if side > 0 else max(book[1])
            assert price == best
            assert 1 <= lots <= book[-side][price]
            expected = (-side, price, book[-side][price] - lots)
        elif kind == event.QUOTE:
            bid, ask = max(book[1]), min(book[-1])
            assert rows == [[1, bid, book[1][bid]], [-1, ask, book[-1][ask]]]
        else:
            for side, price, lots in rows:
                book[side].pop(price, None)
                if lots:
                    book[side][price] = lots
            assert max(book[1]) + 1 == min(book[-1])
            assert len(book[1]) == len(book[-1]) == SMALL.depth
            if expected is not None:
                side, price, left = expected
                assert book[side].get(price, 0) == left
                moves += left == 0
    assert moves > 100


def test_rows_per_tick_are_those_asked_for() -> None:
    """2.68 rows of the book a tick, and messages only of the kinds asked for."""
    made = tape(5_000, config=TapeConfig(quotes=0))
    sizes = np.diff(made.messages[6], prepend=0)
    deltas = made.messages[0] == event.BOOK_DELTA
    assert deltas.sum() == 5_000
    assert sizes[deltas].mean() == pytest.approx(2.68, abs=0.01)
    assert (np.diff(made.messages[2]) >= 0).all()
    bare = tape(200, config=TapeConfig(quotes=0, deltas=0))
    assert set(bare.messages[0, 1:].tolist()) == {event.TRADE}
    assert (np.diff(bare.messages[6]) == 1).all()


@pytest.mark.parametrize(
    "config",
    [TapeConfig(depth=1), TapeConfig(first_bid=5), TapeConfig(lean=0.6), TapeConfig(gap_ns=0.0), TapeConfig(quotes=2)],
)
def test_what_is_no_market_is_refused(config: TapeConfig) -> None:
    """Before anything is made."""
    with pytest.raises(ValueError, match="synthetic tape"):
        TapeMaker(0, config)
