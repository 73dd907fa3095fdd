# SPDX-License-Identifier: Apache-2.0
"""Other participants, imagined: one that quotes around a price that wanders, and one that trades against it.

A pure generator: the seed and the best prices it is shown decide what it asks for. What
it assumes: the price moves by up to ``STEP_PPM`` of itself a step and is drawn back
to where it began; a third of the steps bring a taker; whoever offers a better price
than the fair one by more than the spread is traded against at once.
"""

from dataclasses import dataclass
from typing import Final, final

from bot4.simulation.exchange.chance import drawn
from bot4.simulation.exchange.requests import Cancel, PlaceOrder
from bot4.simulation.exchange.rules import BUY, GTC, IOC, LIMIT, LIMIT_MAKER, ONE, SELL, SymbolRules

LEVELS: Final = 10
REQUOTED: Final = 3
STEP_PPM: Final = 60
PULL: Final = 0.002
SPREAD_PPM: Final = 50
TAKER_SHARE: Final = 1 / 3
LEVEL_QUOTE: Final = 4_000 * ONE
"""What one level is worth, in the quote asset."""
PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FlowStep:
    """Hold what the two participants ask for, in this order: cancels and quotes of one, orders of the other."""

    cancels: tuple[Cancel, ...]
    quotes: tuple[PlaceOrder, ...]
    takes: tuple[PlaceOrder, ...]


@final
class Ladder:
    """Keep quotes on both sides of a price, a few of them renewed each time.

    Parameters
    ----------
    rules : SymbolRules
        The grid and the bounds that quotes keep to.
    """

    def __init__(self, rules: SymbolRules) -> None:
        self._rules = rules
        self._next = 0
        self._turn = 0
        self._anchor = 0

    def requote(self, price: int, count: int = REQUOTED) -> tuple[tuple[Cancel, ...], tuple[PlaceOrder, ...]]:
        """Return cancels and new quotes for the next levels of either side; the first call quotes all of them."""
        levels = range(LEVELS) if self._turn == 0 else [(self._next + step) % LEVELS for step in range(count)]
        cancels, quotes = [], []
        for level in levels:
            for side in (BUY, SELL):
                if self._turn:
                    cancels.append(Cancel(self._rules.symbol, original_client_order_id=f"{side}-{level}"))
                quotes.append(self._quote(side, level, price))
        self._next = (self._next + count) % LEVELS
        self._turn += 1
        return tuple(cancels), tuple(quotes)

    def follow(self, price: int) -> tuple[tuple[Cancel, ...], tuple[PlaceOrder, ...]]:
        """Return what moves every level, where the price has come near the first one; else nothing."""
        if abs(price - self._anchor) * 2 * PPM <= self._anchor * SPREAD_PPM:
            return (), ()
        self._anchor = price
        return self.requote(price, LEVELS)

    def quantity(self, price: int, worth: int = LEVEL_QUOTE) -> int:
        """Return about how much is worth so much of the quote, on the symbol's grid and within its bounds."""
        lot = self._rules.lot_size
        quantity = worth * ONE // max(price, 1)
        return min(max(quantity - quantity % lot.step, lot.lowest, lot.step), lot.highest)

    def on_grid(self, price: int) -> int:
        """Return the nearest price below that the symbol allows."""
        bounds = self._rules.price
        return max(price - price % bounds.tick, bounds.lowest, bounds.tick)

    def _quote(self, side: str, level: int, price: int) -> PlaceOrder:
        """Return the quote of one level, farther away and larger the higher it is."""
        away = max(price * SPREAD_PPM * (level + 1) // PPM, self._rules.price.tick * (level + 1))
        quoted = self.on_grid(price - away if side == BUY else price + away)
        return PlaceOrder(
            self._rules.symbol,
            side=side,
            type=LIMIT_MAKER,
            quantity=self.quantity(price, LEVEL_QUOTE * (level + 1)),
            price=quoted,
            client_order_id=f"{side}-{level}",
        )


@final
class RandomFlow:
    """Quote and trade around a seeded random walk.

    Parameters
    ----------
    rules : SymbolRules
        The symbol.
    price : int
        Where the walk begins, in 1e-8 of the quote.
    seed : int
        Seed of every draw.
    """

    def __init__(self, rules: SymbolRules, price: int, seed: int) -> None:
        self.price = price
        self._rules = rules
        self._home = price
        self._ladder = Ladder(rules)
        self._seed = seed
        self._drawn = 0

    def step(self, best_bid: int, best_ask: int) -> FlowStep:
        """Move the price and return what is asked for; 0 is an empty side."""
        swing = (self._draw() + self._draw() + self._draw()) * 2 / 3 - 1
        pull = (self._home - self.price) * PULL
        self.price = self._ladder.on_grid(int(self.price * (1 + swing * STEP_PPM / PPM) + pull))
        cancels, quotes = self._ladder.requote(self.price)
        return FlowStep(cancels, quotes, self._takes(best_bid, best_ask))

    def _takes(self, best_bid: int, best_ask: int) -> tuple[PlaceOrder, ...]:
        """Return what the taker asks for: what is better than fair, else now and then something at random."""
        edge = self.price * SPREAD_PPM // PPM
        if best_bid > self.price + edge:
            return (self._take(SELL, self.price, LEVEL_QUOTE),)
        if 0 < best_ask < self.price - edge:
            return (self._take(BUY, self.price, LEVEL_QUOTE),)
        if self._draw() >= TAKER_SHARE:
            return ()
        side = BUY if self._draw() < 1 / 2 else SELL
        worth = int(LEVEL_QUOTE * self._draw() ** 3)
        reach = best_ask if side == BUY else best_bid
        return (self._take(side, reach, worth),) if reach else ()

    def _take(self, side: str, price: int, worth: int) -> PlaceOrder:
        """Return an order that takes what there is up to a price and leaves nothing."""
        return PlaceOrder(
            self._rules.symbol,
            side=side,
            type=LIMIT,
            quantity=self._ladder.quantity(price, max(worth, 2 * self._rules.notional.lowest)),
            price=self._ladder.on_grid(price),
            time_in_force=IOC,
        )

    def _draw(self) -> float:
        """Return the next number in [0, 1)."""
        self._drawn += 1
        return drawn(self._seed, self._rules.symbol, self._drawn)


def replayed(ladder: Ladder, rules: SymbolRules, print_: tuple[int, int, bool]) -> FlowStep:
    """Return what makes a recorded trade (price, quantity, whether a sale) happen again, with quotes around it.

    The maker's side is put at its price first and the taker meets it; a member's order that
    is better than that price is filled instead, as it would have been.
    """
    price, quantity, is_sale = print_
    quoted = ladder.on_grid(price)
    amount = min(max(quantity - quantity % rules.lot_size.step, rules.lot_size.lowest), rules.lot_size.highest)
    cancels, quotes = ladder.follow(quoted)
    maker = PlaceOrder(
        rules.symbol,
        side=BUY if is_sale else SELL,
        type=LIMIT,
        quantity=amount,
        price=quoted,
        time_in_force=GTC,
        client_order_id="print",
    )
    taker = PlaceOrder(
        rules.symbol,
        side=SELL if is_sale else BUY,
        type=LIMIT,
        quantity=amount,
        price=quoted,
        time_in_force=IOC,
    )
    return FlowStep((*cancels, Cancel(rules.symbol, original_client_order_id="print")), (*quotes, maker), (taker,))
