# SPDX-License-Identifier: Apache-2.0
"""Answers and events in microseconds, for who asked for them: the same values, their times a thousandfold."""

from collections.abc import Mapping
from typing import Final

ANSWER_TIMES: Final = frozenset(
    {
        "serverTime",
        "time",
        "updateTime",
        "transactTime",
        "transactionTime",
        "workingTime",
        "openTime",
        "closeTime",
        "createTime",
        "T",
    }
)
KLINE_FIELDS: Final = 12
KLINE_CLOSE: Final = 6
EVENT_TIMES: Final = frozenset({"E", "T", "O", "C", "W"})
ACCOUNT_TIME: Final = "u"


def answer_in_microseconds(body: object) -> object:
    """Return an answer with its times in microseconds; a time that was not (-1) stays so."""
    if isinstance(body, Mapping):
        return {
            name: _scaled(value) if name in ANSWER_TIMES else answer_in_microseconds(value)
            for name, value in body.items()
        }
    if isinstance(body, list):
        if len(body) == KLINE_FIELDS and isinstance(body[0], int):
            return _kline(body)
        return [answer_in_microseconds(value) for value in body]
    return body


def event_in_microseconds(event: Mapping[str, object]) -> dict[str, object]:
    """Return an event of a stream with its times in microseconds."""
    scaled = {name: _scaled(value) if name in EVENT_TIMES else value for name, value in event.items()}
    if event.get("e") == "outboundAccountPosition":
        scaled[ACCOUNT_TIME] = _scaled(event[ACCOUNT_TIME])
    kline = event.get("k")
    if isinstance(kline, Mapping):
        scaled["k"] = {**kline, "t": _scaled(kline["t"]), "T": _end(kline["T"])}
    return scaled


def _kline(row: list[object]) -> list[object]:
    """Return a kline's row."""
    return [_scaled(row[0]), *row[1:KLINE_CLOSE], _end(row[KLINE_CLOSE]), *row[KLINE_CLOSE + 1 :]]


def _scaled(value: object) -> object:
    """Return a time in microseconds; a text or a list of the same name is no time."""
    return value * 1000 if isinstance(value, int) and value > 0 else value


def _end(value: object) -> object:
    """Return the last microsecond of a span that ends with this millisecond."""
    return value * 1000 + 999 if isinstance(value, int) else value
