# SPDX-License-Identifier: Apache-2.0
"""ccxt itself, imported only when it is needed, and its object of a venue, set up so that it decides nothing for us.

Numbers are texts; nothing is retried; its request log and its own sessions stay unused. ccxt sets the rounding of the
thread's decimal numbers while it works: whoever calls it does so in a decimal context of its own.
"""

import importlib
from dataclasses import dataclass
from typing import Any, Final

from bot4.adapters.venues.ccxt.offered import OFFERED, CcxtVenue
from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.errors import BadInput

INSTALL: Final = "pip install 'bot4[venues]'"


@dataclass(frozen=True, slots=True)
class Library:
    """Hold what of ccxt is used: the class of a venue, and the root of its errors."""

    venue: Any
    errors: type[Exception]


def offered(name: str) -> CcxtVenue:
    """Return a venue that is offered through ccxt.

    Raises
    ------
    BadInput
        If it is not: ccxt may know it, but nobody has shown what it does there with an order.
    """
    found = OFFERED.get(name)
    if found is None:
        known = ", ".join(sorted(OFFERED))
        raise BadInput("venue", name, known, "Only a venue that passes bot4's conformance suite is offered.")
    return found


def library(venue: CcxtVenue) -> Library:
    """Import ccxt.

    Raises
    ------
    BadInput
        If the extra is not installed.
    """
    try:
        errors = importlib.import_module("ccxt.base.errors")
        module = importlib.import_module(f"ccxt.async_support.{venue.id}")
    except ModuleNotFoundError:
        raise BadInput("extra", "ccxt is not installed", "bot4[venues]", f"Run: {INSTALL}", "no_extra") from None
    return Library(getattr(module, venue.id), errors.BaseError)


def exchange_of(found: Library, venue: CcxtVenue, api_key: str, secret: Secret) -> Any:
    """Return ccxt's object of a venue; it holds the secret, since it signs.

    Parameters
    ----------
    found : Library
        From :func:`library`.
    venue : CcxtVenue
        What is spoken to.
    api_key : str
        As the venue issued it.
    secret : Secret
        The key's other half, as text.
    """
    exchange = found.venue(
        {
            "apiKey": api_key,
            "secret": secret.reveal().decode(),
            "enableRateLimit": True,  # ccxt then asks for leave before each request, and bot4's limiter gives it
            "options": {**venue.options, "maxRetriesOnFailure": 0, "adjustForTimeDifference": True},
        }
    )
    exchange.number = str
    exchange.has["fetchCurrencies"] = False  # a signed question that nobody asked
    return exchange
