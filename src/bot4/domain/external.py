# SPDX-License-Identifier: Apache-2.0
"""What other hands do on our account: an order, or one trade of it, that this run did not ask for.

A person trades by hand, another program shares the account, an earlier run left an order behind: all of it changes
the balances that we rest on, so that it is seen, marked and counted. Nothing here is ours to cancel or to fill.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import EXTERNAL, Event, write_text
from bot4.domain.values import Lots, Nanos, Ticks

NO_TRADE: Final = -1
"""The trade id of an order that was seen, and has not traded."""

MANUAL: Final = "not placed by bot4"
OTHER_RUN: Final = "placed by another run of bot4"


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class External(Event):
    """Report: an order of other hands, or one trade of it; each is told once.

    Parameters
    ----------
    instrument : int
        In the run's table.
    venue_order_id, trade_id : int
        The venue's numbers, unique within the instrument; ``trade_id`` is ``NO_TRADE`` for the order itself.
    side : int
        ``BUY`` or ``SELL``.
    lots : Lots
        Of the trade, or of the whole order.
    price : Ticks
        Of the trade, or the order's limit: 0 where it has none.
    reason : str
        Whose it is: ``MANUAL`` or ``OTHER_RUN``.
    """

    __slots__ = ("instrument", "venue_order_id", "trade_id", "side", "lots", "price", "reason")

    def __init__(
        self,
        ts_event_ns: Nanos,
        ts_known_ns: Nanos,
        *,
        instrument: i64,
        venue_order_id: i64,
        trade_id: i64,
        side: i64,
        lots: Lots,
        price: Ticks,
        reason: str,
    ) -> None:
        self.kind = EXTERNAL
        self.ts_event_ns = ts_event_ns
        self.ts_known_ns = ts_known_ns
        self.instrument = instrument
        self.venue_order_id = venue_order_id
        self.trade_id = trade_id
        self.side = side
        self.lots = lots
        self.price = price
        self.reason = reason

    def write(self, out: BytesWriter) -> None:
        """Write the seven fields in order."""
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.venue_order_id)
        write_i64_le(out, self.trade_id)
        write_i64_le(out, self.side)
        write_i64_le(out, self.lots)
        write_i64_le(out, self.price)
        write_text(out, self.reason)
