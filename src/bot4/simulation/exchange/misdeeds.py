# SPDX-License-Identifier: Apache-2.0
"""What a venue does to open orders although its own rules say otherwise: faults to be tried, the ledger still true."""

from collections.abc import Callable
from typing import final

from bot4.simulation.exchange.floor import Floor
from bot4.simulation.exchange.working import Order


@final
class Misdeeds:
    """Break the rules of lists and triggers. An order that is not open is the caller's mistake (KeyError).

    Parameters
    ----------
    floor : Floor
        Where the orders are.
    begin, finish : callable
        Begin a request at a time, returning when it happens; tell what it has changed.
    """

    __slots__ = ("_begin", "_finish", "_floor")

    def __init__(self, floor: Floor, begin: Callable[[int], int], finish: Callable[[int], None]) -> None:
        self._floor = floor
        self._begin = begin
        self._finish = finish

    def drop(self, account: str, symbol: str, order_id: int, at_ms: int) -> None:
        """End an order as rejected, and leave the others of its list as they are."""
        at_ms = self._begin(at_ms)
        self._floor.endings.drop(self._open(account, symbol, order_id), at_ms)
        self._finish(at_ms)

    def jam(self, account: str, symbol: str, order_id: int) -> None:
        """Let an order find nobody to trade with once its trigger fires."""
        self._open(account, symbol, order_id).is_jammed = True

    def _open(self, account: str, symbol: str, order_id: int) -> Order:
        """Return an open order by number."""
        return self._floor.register.file(account, symbol).open[order_id]
