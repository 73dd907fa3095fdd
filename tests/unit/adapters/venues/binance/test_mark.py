# SPDX-License-Identifier: Apache-2.0
"""A mark comes back from the journal as it went in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.adapters.venues.binance.account.mark import Mark
from bot4.domain.books_equal import BooksEqual
from bot4.domain.instrument import Instrument
from bot4.domain.values import Nanos
from bot4.record.decode import to_event
from bot4.record.format import Record, frame_record

TABLE = [
    Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001")),
    Instrument(1, "ETHUSDT", base="ETH", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001")),
]
AMOUNT = st.integers(-(1 << 62), 1 << 62)


@pytest.mark.requirement("P-06", "I-3", "I-4")
@given(
    ids=st.lists(st.integers(-1, 1 << 62), min_size=2, max_size=2),
    held=st.lists(AMOUNT, min_size=2, max_size=2),
    balances=st.dictionaries(st.text("ABCDEFG123", min_size=1, max_size=9), AMOUNT, max_size=9),
)
def test_a_mark_is_journaled_whole(ids: list[int], held: list[int], balances: dict[str, int]) -> None:
    """Trades, positions and balances, by the venue's names."""
    symbols = [one.symbol for one in TABLE]
    mark = Mark(dict(zip(symbols, ids, strict=True)), balances, dict(zip(symbols, held, strict=True)))
    event = mark.event(Nanos(7), TABLE)
    out = BytesWriter()
    event.write(out)
    again = to_event(Record(frame_record(int(event.kind), out.getvalue(), 7, 7), 0))
    assert isinstance(again, BooksEqual)
    assert Mark.of(again, TABLE) == mark
