# SPDX-License-Identifier: Apache-2.0
"""What a member's own stream says: execution reports letter by letter, balances, lists."""

from typing import Final

from bot4.apps.venue_server.gate.amounts import text_of
from bot4.domain.errors import OurFault
from bot4.simulation.exchange.events import AccountPosition, BalanceUpdate, Event, ExecutionReport, ListStatus

ENDED: Final = "eventStreamTerminated"


def owner_of(event: Event) -> str:
    """Return whose stream an event belongs to, empty for the market's own."""
    return event.account if isinstance(event, ExecutionReport | AccountPosition | BalanceUpdate | ListStatus) else ""


def user_event(event: Event) -> dict[str, object]:
    """Return how an event looks on its owner's stream.

    Raises
    ------
    OurFault
        If it is the market's own.
    """
    if isinstance(event, ExecutionReport):
        return report_message(event)
    if isinstance(event, AccountPosition):
        balances = [{"a": asset, "f": text_of(free), "l": text_of(locked)} for asset, free, locked in event.balances]
        return {"e": "outboundAccountPosition", "E": event.at_ms, "u": event.at_ms, "B": balances}
    if isinstance(event, BalanceUpdate):
        return {
            "e": "balanceUpdate",
            "E": event.at_ms,
            "a": event.asset,
            "d": text_of(event.delta),
            "T": event.at_ms,
        }
    if isinstance(event, ListStatus):
        return list_message(event)
    raise OurFault(f"nobody's event: {event!r}")


def ended_event(now_ms: int) -> dict[str, object]:
    """Return the last event of a subscription."""
    return {"e": ENDED, "E": now_ms}


def list_message(status: ListStatus) -> dict[str, object]:
    """Return ``listStatus``."""
    return {
        "e": "listStatus",
        "E": status.at_ms,
        "s": status.symbol,
        "g": status.list_id,
        "c": status.contingency,
        "l": status.status_type,
        "L": status.order_status,
        "r": status.reject_reason,
        "C": status.list_client_order_id,
        "T": status.at_ms,
        "O": [{"s": symbol, "i": order_id, "c": own_id} for symbol, order_id, own_id in status.orders],
    }


def report_message(report: ExecutionReport) -> dict[str, object]:
    """Return ``executionReport``; what only some orders have is left out where it does not apply."""
    message: dict[str, object] = {
        "e": "executionReport",
        "E": report.at_ms,
        "s": report.symbol,
        "c": report.client_order_id,
        "S": report.side,
        "o": report.type,
        "f": report.time_in_force or "GTC",
        "q": text_of(report.quantity),
        "p": text_of(report.price),
        "P": text_of(report.stop_price),
        "F": text_of(report.iceberg_quantity),
        "g": report.order_list_id,
        "C": report.original_client_order_id,
        "x": report.execution_type,
        "X": report.status,
        "r": report.reject_reason,
        "i": report.order_id,
        "l": text_of(report.last_quantity),
        "z": text_of(report.executed_quantity),
        "L": text_of(report.last_price),
        "n": text_of(report.commission) if report.commission_asset else "0",
        "N": report.commission_asset,
        "T": report.at_ms,
        "t": report.trade_id,
        "I": report.execution_id,
        "w": report.is_on_book,
        "m": report.is_maker,
        "M": False,
        "O": report.created_ms,
        "Z": text_of(report.executed_quote),
        "Y": text_of(report.last_quote),
        "Q": text_of(report.quote_quantity),
        "V": report.stp_mode,
    }
    return message | _conditional(report)


def _conditional(report: ExecutionReport) -> dict[str, object]:
    """Return the fields that only some reports have."""
    numbers = (
        ("W", report.working_ms),
        ("j", report.strategy_id),
        ("J", report.strategy_type),
        ("v", report.prevented_match_id),
        ("u", report.trade_group_id),
        ("U", report.counter_order_id),
    )
    shape: dict[str, object] = {letter: value for letter, value in numbers if value >= 0}
    amounts = (
        ("A", report.prevented_quantity),
        ("B", report.last_prevented_quantity),
        ("pl", report.prevented_execution_quantity),
        ("pL", report.prevented_execution_price),
        ("pY", report.prevented_execution_quote),
    )
    shape |= {letter: text_of(value) for letter, value in amounts if value}
    if report.counter_order_id >= 0:
        shape["Cs"] = report.symbol
    if report.expiry_reason:
        shape["eR"] = report.expiry_reason
    return shape
