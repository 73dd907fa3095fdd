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


def bad_characters(parameter: str) -> Refusal:
    """Return the refusal of a client id that the venue cannot print."""
    return Refusal(
        -1100, f"Illegal characters found in parameter '{parameter}'; legal range is '^[a-zA-Z0-9-_]{{1,36}}$'."
    )


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
BAD_OCO_TYPE: Final = Refusal(-1158, "Order type not supported in OCO.")
BUY_LIMIT_BELOW: Final = Refusal(-1165, "A limit order in a buy OCO must be below.")
SELL_LIMIT_ABOVE: Final = Refusal(-1166, "A limit order in a sell OCO must be above.")
NO_CONTINGENT: Final = Refusal(-1168, "At least one OCO order must be contingent.")
BUY_STOP_ABOVE: Final = Refusal(-1196, "A stop loss order in a buy OCO must be above.")
SELL_STOP_BELOW: Final = Refusal(-1197, "A stop loss order in a sell OCO must be below.")
BUY_PROFIT_BELOW: Final = Refusal(-1198, "A take profit order in a buy OCO must be below.")
SELL_PROFIT_ABOVE: Final = Refusal(-1199, "A take profit order in a sell OCO must be above.")
UNKNOWN_ORDER: Final = not_canceled("Unknown order sent.")
CLOSED: Final = "Market is closed."
INSUFFICIENT: Final = rejected("Account has insufficient balance for requested action.")
DUPLICATE: Final = rejected("Duplicate order sent.")
WOULD_TAKE: Final = rejected("Order would immediately match and take.")
WOULD_TRIGGER: Final = rejected("Order would trigger immediately.")
WRONG_PRICES: Final = rejected("The relationship of the prices for the orders is not correct.")
MAY_NOT_TRADE: Final = rejected("This account may not place or cancel orders.")
NOT_PERMITTED: Final = rejected("This symbol is not permitted for this account.")
NOTHING_ON_BOOK: Final = rejected("Order book liquidity is less than symbol minimum quantity.")
LITTLE_ON_BOOK: Final = rejected("Order book liquidity is less than LOT_SIZE filter minimum quantity.")
WRONG_STP_MODE: Final = Refusal(-1013, "This symbol does not allow the specified self-trade prevention mode.")
WRONG_COMBINATION: Final = Refusal(-1014, "Unsupported order combination.")
REPLACED_HALF: Final = Refusal(-2021, "Order cancel-replace partially failed.")
REPLACED_NOTHING: Final = Refusal(-2022, "Order cancel-replace failed.")
NO_REPLACING: Final = Refusal(-1013, "Order cancel-replace is not supported for this symbol.")
NO_OCO: Final = Refusal(-1013, "OCO orders are not supported for this symbol")
NO_OTO: Final = Refusal(-1013, "OTO orders are not supported for this symbol")
NO_QUOTE_QUANTITY: Final = Refusal(-1013, "Quote order qty market orders are not support for this symbol.")
NO_ICEBERGS: Final = Refusal(-1013, "Iceberg orders are not supported for this symbol.")
NO_TRAILING: Final = Refusal(-1013, "Trailing stop orders are not supported for this symbol.")
NO_AMENDS: Final = Refusal(-1013, "Order amend is not supported for this symbol.")
NO_INCREASE: Final = not_amended("Order amend (quantity increase) is not supported.")
NO_CHANGE: Final = not_amended("The requested action would change no state; rejecting.")
WRONG_RESTRICTION: Final = Refusal(-1145, "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.")
WHICH_ORDER: Final = Refusal(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
WHICH_LIST: Final = Refusal(-1102, "Param 'orderListId' or 'listClientOrderId' must be sent, but both were empty/null!")
RESTRICTED: Final = not_canceled("Order was not canceled due to cancel restrictions.")
REJECT_REASONS: Final = {
    INSUFFICIENT: "INSUFFICIENT_BALANCES",
    WOULD_TAKE: "WOULD_MATCH_IMMEDIATELY",
    WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    WRONG_PRICES: "OCO_BAD_PRICES",
}


def reject_reason(refusal: Refusal) -> str:
    """Return the word that a report has for a refusal."""
    return REJECT_REASONS.get(refusal, "NONE")
