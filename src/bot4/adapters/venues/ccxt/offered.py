# SPDX-License-Identifier: Apache-2.0
"""The venues that are offered through ccxt: one entry each, and none that has not passed the conformance suite.

ccxt knows more than a hundred venues, each at a depth of its own. An entry says what bot4 may rely on at one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot4.adapters.venues.kit.order_entry import Capability

RECV_WINDOW_MS: Final = 5_000
"""For how long after its time stamp a venue may take an order: half of what ccxt asks for by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CcxtVenue:
    """Describe one venue as ccxt speaks to it.

    Parameters
    ----------
    id : str
        ccxt's name of its class.
    origins : tuple of str
        The beginnings, such as ``https://api.binance.com``, of every address that a request may go to.
    options : mapping
        ccxt's options of this venue: spot alone, and nothing that asks for more than was asked for.
    name_keys : tuple of str
        Where the venue's own reply to a cancel or a question holds the name that we gave the order, first found first.
    trades_after : str
        The parameter that asks for our trades from an id on.
    balances_at : str
        The venue's name of the list of what is held; its other lists are whole replies.
    supports : frozenset of Capability
        What of the port was shown to work.
    rules : tuple of (words, rule)
        The venue's words that say more than ccxt's class does, in small letters, and our word for each. ``{}`` in a
        rule takes what follows the words.
    """

    id: str
    origins: tuple[str, ...]
    name_keys: tuple[str, ...]
    trades_after: str
    balances_at: str
    options: Mapping[str, Any] = field(default_factory=dict)
    supports: frozenset[Capability] = frozenset()
    rules: tuple[tuple[str, str], ...] = ()


BINANCE: Final = CcxtVenue(
    id="binance",
    origins=("https://api.binance.com",),
    options={
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchMargins": False,
        "recvWindow": RECV_WINDOW_MS,
    },
    name_keys=("origClientOrderId", "clientOrderId"),
    trades_after="fromId",
    balances_at="balances",
    supports=frozenset(
        {
            Capability.STOPS,
            Capability.POST_ONLY,
            Capability.IMMEDIATE_OR_CANCEL,
            Capability.FILL_OR_KILL,
            Capability.SELF_TRADE_PREVENTION,
            Capability.CANCEL_ALL,
        }
    ),
    rules=(
        ("filter failure: ", "filter.{}"),
        ("too many new orders", "too_many_orders"),
        ("would trigger immediately", "would_trigger"),
    ),
)
"""ccxt has neither lists nor a replacement whose halves could be told apart; bot4's own adapter has both."""

BINANCE_US: Final = replace(BINANCE, id="binanceus", origins=("https://api.binance.us",))
"""Another company, and Binance's protocol: what of it a market does not take, such as a type of order, ccxt refuses."""

OFFERED: Final = {one.id: one for one in (BINANCE, BINANCE_US)}
