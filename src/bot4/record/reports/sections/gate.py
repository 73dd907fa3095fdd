# SPDX-License-Identifier: Apache-2.0
"""The sections about the gate and the rules: what was refused, on what evidence, and what got through."""

from bot4.record.counts import count_text
from bot4.record.reports.data import OBSERVE, ReportData, StrategyData
from bot4.record.reports.figures import Drawing, evidence_figure, refusals_figure, shadow_figure
from bot4.record.reports.markup import Markup, element, figure, paragraph, section, table
from bot4.record.reports.wording import (
    DASH,
    day_text,
    moment_text,
    money_text,
    number_text,
    percent_text,
    signed_money_text,
    signed_percent_text,
    small_text,
)

DEFAULTS = {"p_value_max": 0.05, "sharpe_excess_min": 2.0, "deflated_min": 0.95, "confidence_min": 0.75}
RULES_SHOWN_MAX = 40
MODES_SHOWN_MAX = 40


def thresholds(data: ReportData) -> dict[str, float]:
    """Return the gate's thresholds as the settings give them."""
    told = data.facts.settings.get("evidence")
    found = dict(DEFAULTS)
    if isinstance(told, dict):
        found.update({key: float(told[key]) for key in DEFAULTS if isinstance(told.get(key), int | float)})
    return found


def gate_section(data: ReportData) -> Markup:
    """Return what the gate let through and what it refused, strategy by strategy."""
    rows = [_gate_row(one) for one in data.strategies]
    head = ("Strategy", "Verdict", "First rule that failed", "Days passed", "Opinions", "Certificates")
    parts = [
        paragraph(_gate_words(data)),
        table("Verdicts", head, rows, text_columns=3),
        table(
            "The shadow record the gate judges: every signal, with costs, whether or not it was let through",
            (
                "Strategy",
                "Sum of days",
                "Sharpe",
                "Less luck's best",
                "p-value",
                "Deflated",
                "P(mean > 0)",
                "Days",
                "Trades",
            ),
            [_shadow_row(one) for one in data.strategies],
        ),
    ]
    judged = [one for one in data.strategies if len(one.evidence.days)]
    if judged:
        parts.append(
            figure(
                "shadow",
                "Shadow books: what each strategy would have earned after costs",
                "Shadow return of each strategy over time. " + "; ".join(_shadow_words(one) for one in judged) + ".",
                height=300,
                note="Daily returns on one constant notional, added up and not compounded: a loss can exceed 100 %.",
            )
        )
        parts.append(
            figure(
                "evidence",
                "Evidence over time, against the thresholds",
                "p-value, Sharpe ratio less the best expected of luck, deflated Sharpe ratio and probability of a "
                "positive mean of each strategy, day by day. " + "; ".join(_passed_words(one) for one in judged) + ".",
                height=620,
                note="Dashed: the threshold. A strategy passes a day only where all of these hold, its record is long "
                "enough and its trades are enough.",
            )
        )
    return section("gate", "What the gate let through and what it refused", *parts)


def _gate_words(data: ReportData) -> str:
    """Return what the gate did, and what became of the orders."""
    count = len(data.strategies)
    refused = sum(not one.ever_passed for one in data.strategies)
    if data.facts.gate == OBSERVE:
        return (
            f"Research mode: verdicts were computed, recorded and shown, and not obeyed. Enforced, "
            f"{count_text(refused, 'strategy', 'strategies')} of {count} would never have sent an order."
        )
    if refused == count and data.facts.orders == 0:
        return (
            f"The gate refused {refused} of {count_text(count, 'strategy', 'strategies')}; no order was sent. What "
            "they would have done is below, as their shadow records."
        )
    opinions = sum(int(column.sum()) for rule, column in data.refusals.counts if rule.startswith("evidence."))
    return (
        f"{count_text(count - refused, 'strategy', 'strategies')} of {count} passed on at least one day, and only "
        f"signals of such days could become orders. {count_text(opinions, 'signal')} found no evidence to rest on."
    )


def _gate_row(one: StrategyData) -> list[str | Markup]:
    """Return what the gate did with one strategy."""
    evidence = one.evidence
    last = evidence.last
    if last is None:
        verdict, why = "never judged", DASH
    elif one.ever_passed:
        verdict = (
            f"passed first on {day_text(evidence.first_passed)}; {'passes' if last.passed else 'refused'} at the end"
        )
        why = DASH if last.passed else f"{last.rule}: {small_text(last.measured)}, limit {small_text(last.limit)}"
    else:
        verdict, why = "refused throughout", f"{last.rule}: {small_text(last.measured)}, limit {small_text(last.limit)}"
    if one.facts.halted:
        verdict += f"; halted: {one.facts.halted}"
    passed = f"{evidence.passed_days:,} of {evidence.judged_days:,}"
    through = f"{one.certified:,}" + (f" ({one.observed:,} only looked on)" if one.observed else "")
    return [
        one.facts.name,
        verdict,
        why,
        passed,
        f"{one.signals:,}",
        through,
    ]


def _shadow_row(one: StrategyData) -> list[str | Markup]:
    """Return one strategy's shadow record."""
    last = one.evidence.last
    if last is None:
        return [one.facts.name, *[DASH] * 8]
    figures = last.figures
    return [
        one.facts.name,
        signed_percent_text(float(figures.total_return)),
        number_text(float(figures.sharpe)),
        number_text(float(figures.sharpe_excess)),
        number_text(float(figures.p_value), 3),
        number_text(float(figures.deflated), 3),
        number_text(float(figures.confidence), 3),
        f"{int(figures.days):,}",
        f"{int(figures.closed_trades):,}",
    ]


def _shadow_words(one: StrategyData) -> str:
    """Return where one shadow book ended."""
    return f"{one.facts.name} ended at {signed_percent_text(float(one.evidence.total_return[-1]))}"


def _passed_words(one: StrategyData) -> str:
    """Return how often one strategy passed."""
    return f"{one.facts.name} passed {one.evidence.passed_days:,} of {count_text(one.evidence.judged_days, 'day')}"


def refusals_section(data: ReportData) -> Markup:
    """Return refusals by rule over time, and the changes of the safety mode."""
    refusals = data.refusals
    if refusals.total == 0:
        return section("refusals", "Refusals", paragraph("Nothing was refused by any rule."), *_modes(data))
    unit = "month" if refusals.is_monthly else "day"
    counted = [(rule, int(column.sum())) for rule, column in refusals.counts]
    rows: list[list[str | Markup]] = [
        [rule, f"{count:,}", percent_text(count / refusals.total, 1)] for rule, count in counted[:RULES_SHOWN_MAX]
    ]
    most = ", ".join(f"{rule} {count:,}" for rule, count in counted[:3])
    return section(
        "refusals",
        "Refusals",
        figure(
            "refusals",
            f"Refusals by rule, each {unit}",
            f"{count_text(refusals.total, 'refusal')} by rule and {unit}; most often {most}.",
            height=300,
            note="A refusal is a verdict, not an error: the rule, what was measured and the limit are in the journal.",
        ),
        table("Refusals by rule", ("Rule", "Refusals", "Share"), rows),
        *_modes(data),
    )


def _modes(data: ReportData) -> list[Markup]:
    """Return the changes of the safety mode, where there were any."""
    if not data.modes:
        return [paragraph("The safety mode was normal throughout.")]
    rows: list[list[str | Markup]] = [
        [
            moment_text(one.ts_ns),
            f"{one.before} → {one.after}",
            one.rule,
            small_text(one.measured),
            small_text(one.limit),
        ]
        for one in data.modes[:MODES_SHOWN_MAX]
    ]
    shown = table("Changes of the safety mode", ("When", "Change", "Rule", "Measured", "Limit"), rows, text_columns=3)
    if data.modes_seen > len(rows):
        return [shown, paragraph(f"The first {len(rows)} of {data.modes_seen:,} changes.", class_="small")]
    return [shown]


def costs_section(data: ReportData) -> Markup:
    """Return what trading cost."""
    costs, currency = data.costs, data.facts.currency
    traded = costs.notional or 1
    rows: list[list[str | Markup]] = [
        ["Fees paid", money_text(costs.fees, currency), _bps(costs.fees, traded)],
        [
            "Shortfall of entries and exits",
            money_text(costs.shortfall, currency),
            _bps(costs.shortfall, costs.shortfall_notional),
        ],
        ["Traded", money_text(costs.notional, currency), DASH],
    ]
    return section(
        "costs",
        "Costs",
        table("What trading cost", ("", "Amount", "Basis points of what was traded"), rows),
        paragraph(
            "Fees are exact. Shortfall is an estimate of slippage: what entries and exits paid above, or got below, "
            "the last close known when they were decided. It holds the gap to the next open too, so it can be "
            "negative. Stops and targets are left out: their price was not decided then.",
            class_="small",
        ),
    )


def _bps(amount: int, notional: int) -> str:
    """Return an amount in basis points of a notional."""
    return number_text(amount / notional * 10_000.0) if notional else DASH


def strategies_section(data: ReportData) -> Markup:
    """Return the account's profit by strategy; the parts add up to the whole."""
    currency = data.facts.currency
    rows: list[list[str | Markup]] = []
    total = [0, 0, 0]
    for one in data.strategies:
        parts = (one.facts.realised, one.facts.unrealised, one.facts.fees)
        total = [a + b for a, b in zip(total, parts, strict=True)]
        rows.append([one.facts.name, number_text(one.facts.weight), *_profit_cells(*parts)])
    rest = data.final - data.start - (total[0] + total[1] - total[2])
    if rest:
        rows.append(["in no strategy's name", DASH, DASH, DASH, DASH, signed_money_text(rest)])
    rows.append(
        [element("strong", "Account"), "", "", "", "", element("strong", signed_money_text(data.final - data.start))]
    )
    head = ("Strategy", "Weight", "Realised", "Unrealised", "Fees", f"Profit, {currency}")
    return section(
        "strategies",
        "Profit by strategy",
        table("Profit by strategy, fills divided by the shares of their intents", head, rows),
    )


def _profit_cells(realised: int, unrealised: int, fees: int) -> list[str]:
    """Return the parts of a profit and their sum."""
    return [
        signed_money_text(realised),
        signed_money_text(unrealised),
        money_text(fees),
        signed_money_text(realised + unrealised - fees),
    ]


def gate_figures(data: ReportData) -> dict[str, Drawing]:
    """Return the drawings of these sections by the names of their places."""
    drawn: dict[str, Drawing] = {}
    if data.refusals.total:
        drawn["refusals"] = refusals_figure(data.refusals)
    if any(len(one.evidence.days) for one in data.strategies):
        drawn["shadow"] = shadow_figure(data.strategies)
        drawn["evidence"] = evidence_figure(data.strategies, thresholds(data))
    return drawn
