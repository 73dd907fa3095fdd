# SPDX-License-Identifier: Apache-2.0
"""Commands about what goes in: recorded data and what is wrong with it, and the features made of it."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from bot4.apps.cli.options import RUN, Bars, Interval, Screen, Strict, Symbols, Ticks
from bot4.apps.cli.reply import Reply
from bot4.domain.errors import BadInput
from bot4.domain.values import SECOND_NS
from bot4.record.counts import count_text

if TYPE_CHECKING:
    from rich.console import Console

    from bot4.adapters.stores.history import Survey
    from bot4.apps.features import Computed
    from bot4.kernels.catalog import FeatureInfo

Groups = tuple[tuple[str, tuple["FeatureInfo", ...]], ...]
"""Entries of the catalogue by what they are updated by."""

EXAMPLES_SHOWN = 3
OTHER_TABLES: Final = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".gz", ".zip", ".xlsx", ".feather", ".arrow"}
)
"""Ends of names of tables that are not Parquet."""
NAMES_TOLD: Final = (
    "rsi_14@1h is the feature of the last finished bar of an hour on the clock of shorter bars; "
    "beta_60~BTCUSDT is one against a reference; those of trades and quotes need ticks (--ticks), and a name that bars "
    "have too means theirs"
)


def check(
    *,
    bars: Bars = (),
    ticks: Ticks = (),
    symbols: Symbols = (),
    interval: Interval = "",
    strict: Strict = False,
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Read recorded bars or ticks once and tell every kind of fault: how often, where first, and what is done about it.

    Of ticks it also tells what became of every message.
    """
    from bot4.apps.session import RunRequest, open_data, survey

    request = RunRequest(command="check", bars=bars, ticks=ticks, symbols=symbols, interval=interval, strict=strict)
    with screen.working(stoppable=False) as progress:
        surveys = [survey(history, progress) for history in open_data(request)[1]]
    data = {"symbols": [survey_fields(one) for one in surveys]}

    def show(console: "Console") -> None:
        for one in surveys:
            show_survey(one, console)

    return Reply(data, show, as_json=screen.as_json)


def list_features(
    *words: Annotated[
        str,
        Parameter(name="NAME", help="Only those whose name holds it, or whose family or input (bars, ...) it is."),
    ],
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """List the features: the form of the name, when it is warm, what it means.

    Of those that are asked for by name, family or input it tells all: inputs,
    parameters and their ranges, when a value is none, what an update costs, and the
    source of the formula. --json tells all of all.
    """
    from bot4.kernels.catalog import BULK, CATALOG, PAIRS, QUOTE_FLOW, TRADE_FLOW
    from bot4.kernels.features import DEFAULT_FEATURES

    groups = wanted((("bars", CATALOG + BULK), ("pairs", PAIRS), ("trades", TRADE_FLOW), ("quotes", QUOTE_FLOW)), words)
    rows = [feature_fields(info, of) for of, infos in groups for info in infos]

    def show(console: "Console") -> None:
        if words:
            show_entries(groups, console)
            return
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for column in ("name", "of", "until warm", "meaning"):
            table.add_column(column, no_wrap=column in ("name", "of"))
        for of, infos in groups:
            for info in infos:
                table.add_row(full_pattern(info, of), of, info.warm_up, f"{info.meaning} ({info.unit})")
        console.print(table, markup=False)
        console.print(
            f"{count_text(len(rows), 'kind')}; computed by default: {', '.join(DEFAULT_FEATURES)}", markup=False
        )
        console.print(NAMES_TOLD, markup=False)
        console.print("bot4 features list NAME tells all about some of them, --json all about all", markup=False)

    data = {"count": len(rows), "features": rows, "default": list(DEFAULT_FEATURES)}
    return Reply(data, show, as_json=screen.as_json)


def wanted(groups: Groups, words: Sequence[str]) -> Groups:
    """Return the entries of a catalogue that words name: by a part of their name, by family, or by what they are of.

    Raises
    ------
    BadInput
        If a word names none.
    """
    if not words:
        return groups
    stems = [word.lower().partition("@")[0].partition("~")[0].rstrip("0123456789._") for word in words]
    found = tuple(
        (of, tuple(one for one in infos if any(_names(stem, one, of) for stem in stems))) for of, infos in groups
    )
    for word, stem in zip(words, stems, strict=True):
        if not any(_names(stem, one, of) for of, infos in found for one in infos):
            known = [of for of, _ in groups] + [
                text for _, infos in groups for one in infos for text in (one.kind, one.family)
            ]
            near = get_close_matches(stem, known, n=1)
            allowed = "a part of a feature's name, a family, or one of: " + ", ".join(of for of, _ in groups)
            mend = f"Did you mean {near[0]}?" if near else "Leave it out to see all."
            raise BadInput("NAME", word, allowed, mend, "feature_unknown")
    return found


def _names(stem: str, info: "FeatureInfo", of: str) -> bool:
    """Say whether a word means an entry."""
    return stem in (of, info.family) or (stem != "" and stem in info.kind)


def full_pattern(info: "FeatureInfo", of: str) -> str:
    """Return the form of an entry's names, that of its reference included."""
    return info.pattern + ("~{symbol}" if of == "pairs" else "")


def nan_text(info: "FeatureInfo", of: str) -> str:
    """Return when an entry's value is none."""
    input_name = {"trades": "trade", "quotes": "quote"}.get(of, "bar")
    return f"until warm; with a {input_name} that is not usable" + (f"; {info.nan}" if info.nan else "")


def show_entries(groups: Groups, console: "Console") -> None:
    """Print all that there is to tell of entries of the catalogue."""
    for of, infos in groups:
        for info in infos:
            console.print(f"{full_pattern(info, of)} of {of}: {info.meaning} ({info.unit})", markup=False)
            for one in info.parameters:
                what = f"{'a whole number' if one.is_whole else 'a number'} from {one.least:g} to {one.most:g}"
                console.print(f"  {one.name:<11} {what}, usually {one.usual:g}", markup=False)
            source = f"{info.source}; as TA-Lib's {info.talib}" if info.talib else info.source
            for name, text in (
                ("reads", ", ".join(info.inputs)),
                ("until warm", info.warm_up),
                ("none", nan_text(info, of)),
                ("an update", info.cost),
                ("source", source),
            ):
                console.print(f"  {name:<11} {text}", markup=False)


def feature_fields(info: "FeatureInfo", of: str) -> dict[str, object]:
    """Return one entry of the catalogue as plain values; ``of`` is what it is updated by."""
    return {
        "name": full_pattern(info, of),
        "example": info.usual_name + ("~BTCUSDT" if of == "pairs" else ""),
        "family": info.family,
        "of": of,
        "parameters": [
            {"name": one.name, "usual": one.usual, "least": one.least, "most": one.most} for one in info.parameters
        ],
        "inputs": list(info.inputs),
        "warm_up": info.warm_up,
        "unit": info.unit,
        "meaning": info.meaning,
        "nan": nan_text(info, of),
        "cost": info.cost,
        "source": info.source,
        "talib": info.talib or None,
    }


def compute_features(
    *,
    bars: Bars = (),
    ticks: Ticks = (),
    symbols: Symbols = (),
    interval: Interval = "",
    strict: Strict = False,
    features: Annotated[
        tuple[str, ...],
        Parameter(
            name="--features",
            consume_multiple=True,
            negative=(),
            show_default=False,
            group=RUN,
            help="Names such as rsi_14, rsi_14@1h or beta_60~BTCUSDT, of ticks also vpin_50_100 or ofi_100; "
            "the default set if none.",
        ),
    ] = (),
    out: Annotated[Path, Parameter(name="--out", group=RUN, help="The Parquet file to write.")],
    screen: Screen = Screen(),  # noqa: B008 - frozen
) -> Reply:
    """Compute features of recorded bars or ticks into a Parquet file: ts, symbol if there are several, one column each.

    A value is NULL until it is warm, and where its bar was refused. A feature
    against a reference needs the reference's bars among those given. Of ticks there
    is a row for each bar built of their trades, features of trades and quotes as
    they stood when the bar was handed on: what a strategy is told in a run.
    """
    from bot4.apps.session import RunRequest

    check_table_name(out)
    if ticks:
        from bot4.apps.tick_features import compute
    else:
        from bot4.apps.features import compute

    request = RunRequest(command="features", bars=bars, ticks=ticks, symbols=symbols, interval=interval, strict=strict)
    with screen.working() as progress:
        told = compute(request, features, out, progress)
    not_ready = [column.name for column in told.columns if column.known == 0]
    data = {
        "count": len(told.columns),
        "rows": told.rows,
        "refused": told.refused,
        "ticks_refused": told.ticks_refused,
        "features": [
            {"name": one.name, "warm_up": one.warm_up, "known": one.known, "ready": one.known > 0}
            for one in told.columns
        ],
        "not_ready": not_ready,
        "symbols": [survey_fields(one) for one in told.surveys],
        "out": told.out,
        "elapsed_s": told.elapsed_s,
    }

    return Reply(
        data, lambda console: show_computed(told, not_ready, console, of_ticks=bool(ticks)), as_json=screen.as_json
    )


def check_table_name(out: Path) -> None:
    """Refuse a file that by its name would be something else than Parquet.

    Raises
    ------
    BadInput
        With code ``out_format``.
    """
    if out.suffix.lower() in OTHER_TABLES:
        allowed, mend = "a Parquet file, the one format written", f"Write --out {out.with_suffix('.parquet')}."
        raise BadInput("--out", str(out), allowed, mend, "out_format")


def show_computed(told: "Computed", not_ready: list[str], console: "Console", *, of_ticks: bool) -> None:
    """Print what was computed, and of what nothing could be."""
    read, word = sum(one.bars for one in told.surveys), "messages" if of_ticks else "rows"
    rate = read / told.elapsed_s if told.elapsed_s > 0 else 0.0
    spent = f"in {told.elapsed_s:.1f} s ({rate:,.0f} {word}/s, reading twice and writing included)"
    console.print(
        f"{count_text(told.rows, 'row')} of {count_text(len(told.columns), 'feature')} {spent}: {told.out}",
        markup=False,
    )
    if told.refused:
        console.print(f"all NULL, since the bar was refused: {count_text(told.refused, 'row')}", markup=False)
    if told.ticks_refused:
        unusable = count_text(told.ticks_refused, "trade or quote", "trades or quotes")
        console.print(f"not usable for its features: {unusable}", markup=False)
    for name in not_ready:
        console.print(f"not ready: {name} has no value in the whole series", markup=False)


def survey_fields(survey: "Survey") -> dict[str, object]:
    """Return one symbol's survey as plain values."""
    report = survey.faults
    return {
        **tick_fields(survey),
        "symbol": survey.symbol,
        "interval_ns": survey.interval_ns,
        "rows": survey.rows,
        "bars": survey.bars,
        "from": moment(survey.first_open_ns),
        "to": moment(survey.last_known_ns),
        "sha256": survey.sha256,
        "files": [{"name": note.name, "format": note.format, "rows": note.rows} for note in survey.files],
        "faults": {
            kind: {
                "count": count,
                "done": report.examples[kind][0].done,
                "examples": [
                    {"place": f"{fault.file}:{fault.row}", "at": moment(fault.stamp_ns), "value": fault.value}
                    for fault in report.examples[kind][:EXAMPLES_SHOWN]
                ],
            }
            for kind, count in report.counts.items()
        },
        "missing_bars": report.missing_bars,
        "longest_gap_bars": report.longest_gap_bars,
        "longest_gap_from": moment(report.longest_gap_from_ns),
    }


def tick_fields(survey: "Survey") -> dict[str, object]:
    """Return what a survey of ticks tells beyond one of bars: what became of each message, and of the clocks."""
    from bot4.adapters.stores.tick_history import TickSurvey

    if not isinstance(survey, TickSurvey):
        return {}
    return {"messages": survey.bars, "fates": survey.fates, "clocks": list(survey.clocks)}


def show_ticks(survey: "Survey", console: "Console") -> bool:
    """Print what is special of ticks; False for bars."""
    from rich.table import Table

    told = tick_fields(survey)
    if not told:
        return False
    head = f"{count_text(survey.bars, 'message')} of ticks from {survey.rows:,}"
    console.print(
        f"{survey.symbol}: {head}, {moment(survey.first_open_ns)} to {moment(survey.last_known_ns)}", markup=False
    )
    table = Table("message", "became", "count", box=None, padding=(0, 2))
    table.columns[2].justify = "right"
    fates, clocks = told["fates"], told["clocks"]
    assert isinstance(fates, dict) and isinstance(clocks, list), "a survey of ticks tells fates and clocks"
    for kind, row in fates.items():
        for i, (fate, count) in enumerate(row.items()):
            table.add_row("" if i else kind, fate, f"{count:,}")
    console.print(table, markup=False)
    for clock in clocks:
        console.print(f"  {clock}", markup=False, soft_wrap=True)
    return True


def show_survey(survey: "Survey", console: "Console") -> None:
    """Print one symbol's survey."""
    from rich.table import Table

    from bot4.market.intervals import interval_text

    if not show_ticks(survey, console):
        bars, rows = count_text(survey.bars, "bar"), count_text(survey.rows, "row")
        head = f"{bars} of {interval_text(survey.interval_ns)} from {rows}"
        console.print(
            f"{survey.symbol}: {head}, {moment(survey.first_open_ns)} to {moment(survey.last_known_ns)}", markup=False
        )
    report = survey.faults
    if not report.counts:
        console.print("  no faults")
        return
    table = Table("fault", "count", "done", "row", "at", "value", box=None, padding=(0, 2))
    table.columns[1].justify = "right"
    several = len(survey.files) > 1
    for kind, count in report.counts.items():
        for i, fault in enumerate(report.examples[kind][:EXAMPLES_SHOWN]):
            lead = ("", "", "") if i else (kind, f"{count:,}", fault.done)
            row = f"{Path(fault.file).name}:{fault.row}" if several else str(fault.row)
            value = fault.value.replace(str(Path(fault.file).parent) + os.sep, "")
            table.add_row(*lead, row, moment(fault.stamp_ns) or "-", value)
    console.print(table, markup=False)
    if report.missing_bars:
        console.print(
            f"  {count_text(report.missing_bars, 'bar')} missing, the longest gap {report.longest_gap_bars:,}"
            f" from {moment(report.longest_gap_from_ns)}",
            markup=False,
        )


def moment(at_ns: int | None) -> str | None:
    """Return a moment as UTC text to the second, None for none."""
    if at_ns is None:
        return None
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
