# SPDX-License-Identifier: Apache-2.0
"""What a run adds up to: orders and trades of other hands are counted and cause nothing."""

from bot4.domain.external import MANUAL, External
from bot4.domain.stage import Outbox
from bot4.domain.values import SELL, Lots, Nanos, Ticks
from bot4.record.tally import Tally


def test_what_other_hands_did_is_counted() -> None:
    """Each report of other hands counts once, and nothing follows from it."""
    tally, out = Tally(1), Outbox(4)
    for trade_id in (-1, 5):
        seen = External(
            Nanos(1),
            Nanos(2),
            instrument=0,
            venue_order_id=9,
            trade_id=trade_id,
            side=SELL,
            lots=Lots(3),
            price=Ticks(4),
            reason=MANUAL,
        )
        tally.handle(seen, Nanos(2), out)
    assert (tally.external, tally.orders, tally.fills, int(out.tail)) == (2, 0, 0, 0)
