# SPDX-License-Identifier: Apache-2.0
"""A market that goes up and down like a wave, and a strategy that knows it, so that the gate lets it trade.

The venue shows months of it as its past; what trades after it has opened is the same wave going on.
"""

import random
from collections.abc import Iterator
from itertools import pairwise

from bot4.apps.venue_server.background import Print
from bot4.apps.venue_server.listing import listed
from bot4.apps.venue_server.past import Past, candle
from bot4.apps.venue_server.serve import ServeRequest
from bot4.simulation.exchange.rules import ONE

SYMBOL = "BTCUSDT"
INTERVAL = "3m"
INTERVAL_MS = 180_000
FIRST_MS = 1_600_000_200_000 // INTERVAL_MS * INTERVAL_MS
PAST_BARS = 100 * 480
FOLLOWING = 1_000
HALF = 3
"""Bars that rise, and then as many that fall."""

STEP = 0.006
TICK = ONE // 100
PRINTS = 4
SPEED = 400.0
CASH = 100_000 * ONE
KEY, SECRET = "the-key-of-a-live-test", "the-secret-of-a-live-test"

STRATEGY = """
from bot4.decision.strategies import Strategy, View
from bot4.domain.signal import Signal


class Rider(Strategy):
    name = "rider"
    features = ()

    def on_bar(self, view: View) -> Signal | None:
        place = int(view.bar.open_ns) // 180_000_000_000 % 6
        if place == 5:
            return Signal(1.0, "it rises", view.after(4))
        if place == 2:
            return Signal(0.0, "it falls", view.after(4))
        return None
"""
"""At the last bar of a fall it buys, at the last bar of a rise it leaves."""


def close_at(bar: int, chance: random.Random) -> int:
    """Return the close of a bar, counted from the first one, in 1e-8."""
    place = (FIRST_MS // INTERVAL_MS + bar) % (2 * HALF)
    steps = place + 1 if place < HALF else 2 * HALF - 1 - place
    price = 50_000 * (1 + STEP * steps) * (1 + chance.uniform(-0.0005, 0.0005))
    return round(price * 100) * TICK


def bars(count: int) -> list[tuple[int, int, int, int]]:
    """Return open, high, low and close of so many bars: each opens at the last close."""
    chance = random.Random(7)
    closes = [close_at(bar, chance) for bar in range(-1, count)]
    return [(before, max(before, now), min(before, now), now) for before, now in pairwise(closes)]


def prints(following: list[tuple[int, int, int, int]]) -> Iterator[Print]:
    """Yield the trades of bars: from the open to the close in equal steps."""
    for place, (first, _, _, last) in enumerate(following):
        before = first
        for step in range(PRINTS):
            price = first + (last - first) * step // (PRINTS - 1)
            price -= price % TICK
            at_ms = place * INTERVAL_MS + step * INTERVAL_MS // PRINTS
            yield Print(at_ms, SYMBOL, price, ONE // 10, price < before)
            before = price


def wave(speed: float = SPEED, *, turns: bool = False) -> ServeRequest:
    """Return what a venue is asked for that has the wave as its market; where it ``turns``, upside down."""
    shift = HALF if turns else 0
    made = bars(PAST_BARS + shift + FOLLOWING)
    past = tuple(candle(FIRST_MS + place * INTERVAL_MS, one, ONE) for place, one in enumerate(made[:PAST_BARS]))
    return ServeRequest(
        symbols=(listed(SYMBOL),),
        api_key=KEY,
        api_secret=SECRET,
        balances={"USDT": CASH},
        speed=speed,
        began_ns=(FIRST_MS + PAST_BARS * INTERVAL_MS) * 1_000_000,
        past=(Past(SYMBOL, INTERVAL_MS, past),),
        prints=prints(made[PAST_BARS + shift :]),
    )
