# SPDX-License-Identifier: Apache-2.0
"""Place, find and cancel an order through ccxt, at a simulated venue of this machine and nowhere else.

Start the venue, and hand over the address that it names as ``rest``::

    bot4 venue serve --symbols BTCUSDT --api-key key-of-mine --api-secret secret-of-mine
    python examples/order_through_ccxt.py http://127.0.0.1:40001
"""

import asyncio
import sys
from decimal import Decimal

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.venues.ccxt.door import CcxtDoor
from bot4.adapters.venues.ccxt.library import offered
from bot4.adapters.venues.ccxt.order_entry import CcxtOrderEntry
from bot4.adapters.venues.ccxt.venue_reads import CcxtReads
from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.instrument import Instrument
from bot4.domain.order import ENTER, LIMIT, Submit
from bot4.domain.values import BUY, Lots, Nanos, Ticks
from bot4.runtime.clocks import SystemClock

BTCUSDT = Instrument(0, "BTCUSDT", base="BTC", quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
RUN = "e" * 64  # whose first 16 characters begin the name of each order


async def main(address: str) -> None:
    """Trade a little and print what the venue says."""
    venue = offered("binance")
    http = HttpClient(allowed(address, ["127.0.0.1", "localhost"]))
    try:
        # ccxt believes that it speaks to the real host; what carries its requests brings them to this machine
        clients = dict.fromkeys(venue.origins, http)
        secret = Secret(b"secret-of-mine")
        door = await CcxtDoor.open(venue, clients, api_key="key-of-mine", secret=secret, clock=SystemClock())
        entry, reads = CcxtOrderEntry(door, run=RUN, instruments=[BTCUSDT]), CcxtReads(door, [BTCUSDT])
        a_thousandth = Submit(
            Nanos(0), order_id=1, intent_id=1, slot=0, instrument=0, purpose=ENTER, order_type=LIMIT, side=BUY,
            lots=Lots(100), limit=Ticks(2_000_000), trigger=Ticks(0), sibling_id=0, reduce_only=False,
        )  # fmt: skip
        print("placed:  ", (await entry.place(a_thousandth)).outcome)
        print("found:   ", await entry.query(1, 0))
        print("a pair:  ", (await entry.place_pair(a_thousandth, a_thousandth)).rule)
        print("canceled:", (await entry.cancel(1, 0)).outcome)
        print("balances:", await reads.balances())
    finally:
        await http.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
