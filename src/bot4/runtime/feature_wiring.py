# SPDX-License-Identifier: Apache-2.0
"""Which features a run has: those its strategies read, compiled, and refused where its data cannot give them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from bot4.domain.errors import BadInput
from bot4.domain.instrument import Instrument
from bot4.domain.stage import Stage
from bot4.domain.values import Nanos
from bot4.insight.features import FeatureStage, check_references
from bot4.insight.flow import FlowFeatures
from bot4.kernels.features import DEFAULT_FEATURES, FeatureProgram, compile_features, parse
from bot4.kernels.orderflow import QuoteFlow, TradeFlow, compile_quote_flow, compile_trade_flow, flow_of
from bot4.runtime.settings import Settings
from bot4.runtime.strategy_loader import Recruit

Program = TypeVar("Program")


def feature_stages(
    settings: Settings, recruits: Sequence[Recruit], instruments: Sequence[Instrument], intervals_ns: Sequence[Nanos]
) -> tuple[FeatureStage, Stage, dict[str, int]]:
    """Return the stage of the bars' features, the one that answers bars, and where each feature stands in its answer.

    They are one and the same unless a strategy reads order flow.
    """
    read = features_read(settings, recruits)
    of_bars = [name for name in read if not flow_of(name)]
    trades, quotes = compiled_flow(read)
    bars = FeatureStage(compiled_features(settings, recruits), of_bars, instruments, intervals_ns)
    index = {name: place for place, name in enumerate([*of_bars, *trades.names, *quotes.names])}
    if len(of_bars) == len(read):
        return bars, bars, index
    return bars, FlowFeatures(bars, trades, quotes, instruments), index


def features_read(settings: Settings, recruits: Sequence[Recruit]) -> list[str]:
    """Return every feature that a strategy, sizing or exits read, each once."""
    names = [settings.decision.volatility_feature, settings.decision.atr_feature]
    for one in recruits:
        names.extend(one.features)
    return list(dict.fromkeys(names))


def compiled_features(settings: Settings, recruits: Sequence[Recruit]) -> FeatureProgram:
    """Compile the run's features of bars: those configured or the default set, and all that are read.

    Raises
    ------
    BadInput
        If one of them does not exist.
    """
    check_atr(settings.decision.atr_feature)
    names = [*(settings.features or DEFAULT_FEATURES), *features_read(settings, recruits)]
    return named(compile_features, [name for name in dict.fromkeys(names) if not flow_of(name)])


def compiled_flow(names: Sequence[str], place: str = "features") -> tuple[TradeFlow, QuoteFlow]:
    """Compile those of some features that trades and quotes update.

    Raises
    ------
    BadInput
        If one of them is not written as its kind wants it.
    """
    return (
        named(compile_trade_flow, [name for name in names if flow_of(name) == "trades"], place),
        named(compile_quote_flow, [name for name in names if flow_of(name) == "quotes"], place),
    )


def named(compile_names: Callable[[Sequence[str]], Program], names: Sequence[str], place: str = "features") -> Program:
    """Compile features by name.

    Raises
    ------
    BadInput
        With code ``feature_unknown``, if one cannot be understood.
    """
    try:
        return compile_names(names)
    except ValueError as error:
        found, mend = str(error), "Correct the name."
        if joined := next((name for name in names if "," in name), ""):
            found = f"{joined!r}, a comma within a name"
            mend = "Separate the names by spaces." if place.startswith("--") else "Give each name a string of its own."
        raise BadInput(place, found, "the names of `bot4 features list`", mend, "feature_unknown") from None


def check_features(
    settings: Settings,
    recruits: Sequence[Recruit],
    symbols: Sequence[str],
    intervals_ns: Sequence[Nanos],
    *,
    ticks: bool,
) -> None:
    """Refuse what a run over this data cannot give its strategies, before anything of it is read or written.

    Raises
    ------
    BadInput
        If a strategy or feature needs ticks where bars are fed; if a feature does not
        exist, compares with a symbol that is not there, or is of a timeframe that
        the bars do not add up to.
    """
    read = features_read(settings, recruits)
    if ticks:
        compiled_flow(read)
    else:
        refuse_tick_strategies(recruits)
        refuse_flow(read)
    program = compiled_features(settings, recruits)
    check_references(program.references, symbols, option="--ticks" if ticks else "--bars")
    for interval_ns in intervals_ns:
        check_timeframes(program, int(interval_ns))


def refuse_tick_strategies(recruits: Sequence[Recruit]) -> None:
    """Refuse strategies that would never be asked, since nobody trades in a run over bars.

    Raises
    ------
    BadInput
        With code ``strategy_needs_ticks``.
    """
    for one in recruits:
        if one.needs_ticks:
            raise BadInput(
                f"strategies[{one.slot}]",
                f"{one.name} is asked about trades",
                "strategies of bars where bars are given",
                "Give ticks (--ticks) instead, or leave it out.",
                "strategy_needs_ticks",
            )


def refuse_flow(names: Sequence[str], place: str = "features") -> None:
    """Refuse features of trades and quotes where there are only bars.

    Raises
    ------
    BadInput
        With code ``feature_needs_ticks``.
    """
    for name in names:
        if flow_of(name):
            raise BadInput(
                place,
                f"{name} is updated by {flow_of(name)}",
                "features of bars where bars are given",
                "Give ticks (--ticks) instead, or leave it out.",
                "feature_needs_ticks",
            )


def check_timeframes(program: FeatureProgram, interval_ns: int, place: str = "features") -> None:
    """Refuse bars that do not add up to those of a feature.

    Raises
    ------
    BadInput
        With code ``timeframe``.
    """
    try:
        program.new_state(interval_ns)
    except ValueError as error:
        raise BadInput(
            place, str(error), "a timeframe that is a multiple of the bars", "Choose another.", "timeframe"
        ) from None


def check_atr(name: str) -> None:
    """Refuse a feature as the distance of stops that is no amount of price.

    Raises
    ------
    BadInput
        If the feature is unknown, or has another unit.
    """
    try:
        unit = parse(name).info.unit
    except ValueError as error:
        raise BadInput("decision.atr_feature", str(error), "such as atr_14", "Correct the name.") from None
    if unit != "price":
        raise BadInput(
            "decision.atr_feature", f"{name} is a {unit}", "a feature that is an amount of price", "Write atr_14."
        )
