# SPDX-License-Identifier: Apache-2.0
"""One symbol on the floor: its rules, book, waiting triggers and tape, and the numbers it gives out."""

from typing import final

from bot4.simulation.exchange.book import Book
from bot4.simulation.exchange.rules import SymbolRules
from bot4.simulation.exchange.tape import Tape
from bot4.simulation.exchange.triggers import Triggers
from bot4.simulation.exchange.working import Order


@final
class Listing:
    """Hold what belongs to one symbol; orders, trades and prevented matches are numbered by symbol, from 1.

    ``prints`` are the trade prices that the waiting triggers have not yet been shown.
    """

    __slots__ = ("book", "last_match_id", "last_order_id", "prints", "rules", "tape", "triggers")

    def __init__(self, rules: SymbolRules) -> None:
        self.rules = rules
        self.book = Book(rules.symbol)
        self.triggers = Triggers()
        self.tape = Tape()
        self.prints: list[int] = []
        self.last_order_id = 0
        self.last_match_id = 0

    def next_order_id(self) -> int:
        """Return a fresh order number."""
        self.last_order_id += 1
        return self.last_order_id

    def withdraw(self, order: Order) -> None:
        """Take an order off the book or out of the triggers, wherever it is."""
        self.triggers.remove(order)
        if not order.is_market:
            self.book.own_side(order).remove(order)
