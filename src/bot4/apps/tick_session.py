# SPDX-License-Identifier: Apache-2.0
"""A run over ticks, from request to what is ready to start: the counterpart of :mod:`bot4.apps.session` for bars."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bot4.adapters.stores.instruments import instrument_for
from bot4.adapters.stores.paths import group_paths
from bot4.adapters.stores.recorded_lines import numbered_lines
from bot4.adapters.stores.tick_history import TickHistory, is_raw_traffic, open_tick_file, steps_of, symbol_in
from bot4.adapters.venues.binance.market.recordings import BinanceLines
from bot4.domain.errors import BadInput
from bot4.market.intervals import interval_text, parse_interval
from bot4.market.tick_reader import TickReader

BAR_INTERVAL: Final = "1s"
"""The bars that are built of trades unless another length is asked for."""

TICKS_WORD: Final = "ticks "
"""Before the interval of a data set in a journal's header: its rows are ticks, bars were built of them."""


def tick_paths(values: Sequence[str], symbols: Sequence[str]) -> dict[str, list[Path]]:
    """Return the files of each symbol; bot4's own files name theirs.

    Raises
    ------
    BadInput
        As :func:`bot4.adapters.stores.paths.group_paths`.
    """
    named = [f"{symbol}={value}" if (symbol := symbol_in(Path(value))) else value for value in values]
    try:
        return group_paths(named, symbols)
    except BadInput as error:
        words = [text.replace("--bars", "--ticks") for text in (error.place, error.value, error.allowed, error.mend)]
        raise BadInput(words[0], words[1], words[2], words[3], error.code) from None


def open_ticks(path: Path, symbol: str) -> TickReader:
    """Return the reader for a file of ticks, by what is in it.

    Raises
    ------
    BadInput
        If it is missing or unreadable, or holds no ticks of a known kind.
    """
    if is_raw_traffic(path):
        return BinanceLines(str(path), partial(numbered_lines, path), symbol)
    return open_tick_file(path, symbol)


def open_tick_histories(
    groups: Mapping[str, Sequence[Path]],
    overrides: Mapping[str, Mapping[str, object]],
    *,
    interval: str = "",
    strict: bool = False,
) -> list[TickHistory]:
    """Open the recorded ticks of every symbol, in the order of the command line.

    ``overrides`` is what the configuration says of each symbol's instrument.

    Raises
    ------
    BadInput
        If a file holds no ticks.
    """
    interval_ns = parse_interval(interval or BAR_INTERVAL)
    histories: list[TickHistory] = []
    for index, (symbol, paths) in enumerate(groups.items()):
        readers = [open_ticks(path, symbol) for path in paths]
        instrument = instrument_for(
            symbol,
            index,
            first_price=readers[0].first_price(),
            overrides={**steps_of(readers), **overrides.get(symbol, {})},
            venue=next((one.venue for one in readers if one.venue), None),
        )
        histories.append(TickHistory(symbol, readers, instrument, interval_ns, strict=strict))
    return histories


def refuse_inverse(histories: Sequence[TickHistory]) -> None:
    """Refuse to trade contracts that are settled in coin.

    Raises
    ------
    BadInput
        If a recording is of such.
    """
    for history in histories:
        if history.is_inverse:
            raise BadInput(
                history.symbol,
                "contracts settled in coin",
                "spot and linear contracts",
                "Look at it with bot4 data check; it cannot be traded yet.",
                "inverse_contract",
            )


def tick_interval(interval_ns: int) -> str:
    """Return how a journal's header calls the interval of a data set of ticks."""
    return TICKS_WORD + interval_text(interval_ns)
