# SPDX-License-Identifier: Apache-2.0
"""What clients of the whole house ask beside spot: lists of markets that this venue does not have, so they are empty.

A client such as ccxt learns every kind of market before its first order, and ends where one list
is missing. The venue trades spot alone: each list is there, in its own shape, with nothing on it.
"""

from typing import Final

from bot4.apps.venue_server.methods.asking import Answer, Ask, Desk, Outcome, finish

NO_MARKETS: Final[dict[str, object]] = {"timezone": "UTC", "rateLimits": [], "exchangeFilters": []}


def futures_info(_desk: Desk, ask: Ask) -> Outcome:
    """Answer that no future is listed, settled in quote or in coin."""
    return finish(ask) or Answer(NO_MARKETS | {"serverTime": ask.now_ms, "assets": [], "symbols": []})


def option_info(_desk: Desk, ask: Ask) -> Outcome:
    """Answer that no option is listed."""
    body = {"serverTime": ask.now_ms, "optionContracts": [], "optionAssets": [], "optionSymbols": []}
    return finish(ask) or Answer(NO_MARKETS | body)


def margin_pairs(_desk: Desk, ask: Ask) -> Outcome:
    """Answer that nothing is traded on margin."""
    return finish(ask) or Answer([])
