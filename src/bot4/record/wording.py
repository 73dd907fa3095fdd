# SPDX-License-Identifier: Apache-2.0
"""Words for what records hold in numbers: names of strategies and instruments, prices, moments.

A journal refers to strategies and instruments by index. Who has the run's tables
gives them here; who has not still gets a readable line, with the numbers.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite

from bot4.domain.instrument import Instrument
from bot4.domain.values import MONEY_ONE, SECOND_NS, Lots, Ticks
from bot4.record.counts import count_text
from bot4.record.decode import Values


class Names:
    """Turn indices and integers into words.

    Parameters
    ----------
    strategies : sequence of str
        Names by slot.
    instruments : sequence of Instrument
        By index.
    """

    def __init__(self, strategies: Sequence[str] = (), instruments: Sequence[Instrument] = ()) -> None:
        self.strategies = tuple(strategies)
        self.instruments = tuple(instruments)

    def strategy(self, slot: int) -> str:
        """Return a strategy's name; slot -1 means no one of them."""
        if slot < 0:
            return "no one strategy"
        return self.strategies[slot] if slot < len(self.strategies) else f"strategy {slot}"

    def symbol(self, index: int) -> str:
        """Return an instrument's symbol."""
        return self.instruments[index].symbol if 0 <= index < len(self.instruments) else f"instrument {index}"

    def price(self, index: int, ticks: int) -> str:
        """Return a price in quote units, in ticks where the instrument is not known."""
        if 0 <= index < len(self.instruments):
            return self.instruments[index].price_text(Ticks(ticks))
        return count_text(ticks, "tick")

    def quantity(self, index: int, lots: int) -> str:
        """Return a quantity in base units, in lots where the instrument is not known."""
        if 0 <= index < len(self.instruments):
            return f"{self.instruments[index].quantity_text(Lots(lots))} {self.instruments[index].base}"
        return count_text(lots, "lot")


def money(amount: int) -> str:
    """Return an amount in units of its currency, exactly."""
    return f"{(Decimal(amount) / MONEY_ONE).normalize():f}"


def moment(at_ns: int) -> str:
    """Return a moment in UTC to the second, with the fraction where there is one."""
    seconds, rest = divmod(at_ns, SECOND_NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + " UTC" if rest else f"{text} UTC"


def whole(values: Values, name: str) -> int:
    """Return one decoded field that the schema says is an integer."""
    value = values[name]
    assert isinstance(value, int), f"{name} is {type(value).__name__}"
    return value


def real(values: Values, name: str) -> float:
    """Return one decoded field that the schema says is a float."""
    value = values[name]
    assert isinstance(value, float), f"{name} is {type(value).__name__}"
    return value


def inner(values: Values, name: str) -> Values:
    """Return one decoded group of fields."""
    value = values[name]
    assert isinstance(value, dict), f"{name} is {type(value).__name__}"
    return value


def rows(values: Values, name: str) -> list[Values]:
    """Return one decoded repeated field."""
    value = values[name]
    assert isinstance(value, list), f"{name} is {type(value).__name__}"
    return value


def measured(values: Values) -> str:
    """Return rule, measured value and limit as one phrase."""
    return f"{values['rule']}: measured {real(values, 'measured'):.6g}, limit {real(values, 'limit'):.6g}"


def plain(value: object) -> object:
    """Return a decoded value as JSON can hold it: hashes in hex, NaN and infinities as None."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return None if isinstance(value, float) and not isfinite(value) else value
