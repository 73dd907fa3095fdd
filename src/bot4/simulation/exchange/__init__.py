# SPDX-License-Identifier: Apache-2.0
"""A whole spot venue in memory, for a server to stand before: exact, deterministic, without a clock.

``venue.Exchange`` is the door. Beside it: ``rules`` (what a symbol allows), ``accounts``
and ``fees`` (who trades, on what terms), ``requests`` (what is asked), ``orders`` and
``refusals`` (what is answered), ``events`` (what is told), ``queries`` and ``market``
(what may be asked about). It shares no code with ``account`` nor with the one-account
venue beside it, which fills one strategy's orders from history instead of a book of members.
"""

from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.fees import Commission, Rates
from bot4.simulation.exchange.refusals import Refusal
from bot4.simulation.exchange.requests import Amend, Cancel, CancelList, CancelReplace, PlaceList, PlaceOrder
from bot4.simulation.exchange.rules import SymbolRules
from bot4.simulation.exchange.venue import Exchange

__all__ = [
    "Amend",
    "Cancel",
    "CancelList",
    "CancelReplace",
    "Commission",
    "Exchange",
    "PlaceList",
    "PlaceOrder",
    "Rates",
    "Refusal",
    "SymbolRules",
    "Terms",
]
