# SPDX-License-Identifier: Apache-2.0
"""What the venue answers where it will not: its error codes and texts, each in one place.

A refusal is a value. The server sends it as it stands, ``{"code": …, "msg": …}``.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """Say why nothing was done: the venue's code (negative) and its text."""

    code: int
    message: str


def filter_failure(name: str) -> Refusal:
    """Return the refusal by a filter."""
    return Refusal(-1013, f"Filter failure: {name}")


def too_precise(parameter: str) -> Refusal:
    """Return the refusal of a number with more digits than its asset counts."""
    return Refusal(-1111, f"Parameter '{parameter}' has too much precision.")


def missing(parameter: str) -> Refusal:
    """Return the refusal of a request that lacks a parameter."""
    return Refusal(-1102, f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.")


def unwanted(parameter: str) -> Refusal:
    """Return the refusal of a parameter that the order type has no use for."""
    return Refusal(-1106, f"Parameter '{parameter}' sent when not required.")


def rejected(text: str) -> Refusal:
    """Return the engine's refusal of an order."""
    return Refusal(-2010, text)


def not_canceled(text: str) -> Refusal:
    """Return the engine's refusal to cancel."""
    return Refusal(-2011, text)


def not_amended(text: str) -> Refusal:
    """Return the engine's refusal to amend."""
    return Refusal(-2038, text)


INVALID_SYMBOL: Final = Refusal(-1121, "Invalid symbol.")
INVALID_TYPE: Final = Refusal(-1116, "Invalid orderType.")
INVALID_SIDE: Final = Refusal(-1117, "Invalid side.")
INVALID_TIME_IN_FORCE: Final = Refusal(-1115, "Invalid timeInForce.")
NO_SUCH_ORDER: Final = Refusal(-2013, "Order does not exist.")
UNKNOWN_ORDER: Final = not_canceled("Unknown order sent.")
CLOSED: Final = "Market is closed."
INSUFFICIENT: Final = rejected("Account has insufficient balance for requested action.")
DUPLICATE: Final = rejected("Duplicate order sent.")
WOULD_TAKE: Final = rejected("Order would immediately match and take.")
WOULD_TRIGGER: Final = rejected("Order would trigger immediately.")
WRONG_PRICES: Final = rejected("The relationship of the prices for the orders is not correct.")
DISABLED: Final = rejected("This action is disabled on this account.")
RESTRICTED: Final = not_canceled("Order was not canceled due to cancel restrictions.")
