# SPDX-License-Identifier: Apache-2.0
"""What happened, in plain sentences, and what a reader must know before any figure.

A loss is told in the same words and at the same place as a gain.
"""

from bot4.domain.values import DAY_NS
from bot4.domain.verdict import EMERGENCY, SAFETY_MODES
from bot4.record.counts import count_text
from bot4.record.reports.data import ENFORCE, OBSERVE, Banner, ReportData
from bot4.record.reports.statistics import Estimate, implausible
from bot4.record.reports.wording import day_text, moment_text, money_text, percent_text, signed_percent_text

LIKELY_CAUSES = (
    "Before believing it, look for: a feature or a rule that sees the future; costs or slippage set below what the "
    "venue takes; fills that no book would have given; data with repeated or reordered bars; parameters chosen on "
    "these very days; too short a time."
)


def headline_of(data: ReportData) -> tuple[str, ...]:
    """Return the sentences that open the page: what happened first, what it means after."""
    if not len(data.days.days):
        return ("The run saw no bar: there is nothing to show.",)
    if data.facts.orders == 0:
        return (_gate_sentence(data), _quiet_sentence(data), edge_sentence(data))
    return (_account_sentence(data), _benchmark_sentence(data), _gate_sentence(data), edge_sentence(data))


def _span_text(data: ReportData) -> str:
    """Return on which day, or from when to when and how many days; begins a sentence."""
    days = data.days.days
    if len(days) == 1:
        return f"On {day_text(int(days[0]))}"
    return f"From {day_text(int(days[0]))} to {day_text(int(days[-1]))} ({count_text(len(days), 'day')})"


def _quiet_sentence(data: ReportData) -> str:
    """Return what became of an account that sent nothing."""
    return f"{_span_text(data)} the account stayed at {money_text(data.final, data.facts.currency)}."


def _account_sentence(data: ReportData) -> str:
    """Return what became of the account."""
    facts = data.facts
    start, final = (money_text(amount, facts.currency) for amount in (data.start, data.final))
    moved = f"went from {start} to {final}"
    if data.final == data.start:
        moved = f"ended where it began, at {final}"
    done = f"{count_text(facts.orders, 'order')} and {count_text(facts.fills, 'fill')}"
    change = signed_percent_text(data.final / data.start - 1.0)
    return f"{_span_text(data)} the account {moved}: {change} after all costs, with {done}."


def _benchmark_sentence(data: ReportData) -> str:
    """Return what doing nothing clever would have made."""
    hold = signed_percent_text(data.buy_and_hold.total_return.value)
    matched = signed_percent_text(data.matched.total_return.value)
    return (
        f"Holding the same instruments from the first bar on would have made {hold}; holding as much of them as this "
        f"run held on average ({percent_text(data.mean_exposure)} of equity), {matched}; cash, {percent_text(0.0, 0)}."
    )


def _gate_sentence(data: ReportData) -> str:
    """Return what the evidence gate did."""
    count = len(data.strategies)
    refused = sum(not one.ever_passed for one in data.strategies)
    strategies = count_text(count, "strategy", "strategies")
    sent = "no order was sent" if data.facts.orders == 0 else "orders were sent all the same"
    if data.facts.gate == OBSERVE:
        return (
            f"The evidence gate only looked on; enforced, it would have refused {refused} of {strategies} throughout. "
            f"Here {sent}."
        )
    if refused == count:
        return f"The gate refused {refused} of {strategies}; {sent}."
    passed = count_text(count - refused, "strategy", "strategies")
    tail = f"; {sent}" if data.facts.orders == 0 else ""
    return f"The gate let {passed} of {count} through on at least one day and refused {refused} throughout{tail}."


def edge_sentence(data: ReportData) -> str:
    """Return what the interval of the mean daily return says of an edge, if anything."""
    mean = data.performance.mean_year
    if data.facts.orders == 0:
        return "An account without orders says nothing of an edge; the shadow records below do."
    if not mean.has_interval:
        verb = "is" if data.performance.days == 1 else "are"
        return f"{count_text(data.performance.days, 'day')} {verb} too few for an interval: no evidence of an edge."
    bounds = f"{percent_text(mean.low)} to {percent_text(mean.high)} a year"
    if mean.covers_zero:
        return f"The 90 % interval of the mean return, {bounds}, covers zero: no evidence of an edge."
    if mean.high < 0.0:
        return (
            f"The 90 % interval of the mean return, {bounds}, lies below zero: the run lost more than chance explains."
        )
    return (
        f"The 90 % interval of the mean return, {bounds}, lies above zero: on these days chance alone is an unlikely "
        "explanation. That is no promise for others."
    )


def against_sentence(difference: Estimate, benchmark: str) -> str:
    """Return how the mean return compares with a benchmark's, in words."""
    if not difference.has_interval:
        return f"Too few days to compare with {benchmark}."
    if difference.covers_zero:
        return f"No difference from {benchmark} is shown: the interval covers zero."
    return f"{'Ahead of' if difference.low > 0.0 else 'Behind'} {benchmark}, and the interval does not cover zero."


def banners_of(data: ReportData) -> tuple[Banner, ...]:
    """Return the banners, the gravest first."""
    facts = data.facts
    found: list[Banner] = []
    suspicious = implausible(data.days.days, data.days.strategy, data.performance)
    if suspicious:
        text = f"This run shows {', '.join(suspicious)}. Results like these are nearly always an error. {LIKELY_CAUSES}"
        if facts.is_synthetic:
            text += " Here an edge was planted on purpose, which is cause enough; a real market owes nobody one."
        found.append(Banner("danger", "Implausible result", text))
    for change in data.modes:
        if change.after == SAFETY_MODES[EMERGENCY]:
            text = (
                f"On {moment_text(change.ts_ns)} the drawdown reached {percent_text(change.measured)} (limit "
                f"{percent_text(change.limit)}; rule {change.rule}). Everything was closed and the account stays flat: "
                "no order follows, and the rest of the run shows an account that stood aside."
            )
            found.append(Banner("danger", "Emergency reached: flat, and stays flat", text))
            break
    if facts.was_interrupted:
        until = moment_text(int(data.curve.times_ns[-1])) if len(data.curve.times_ns) else "its first bar"
        text = f"The run was stopped at {until}, before its data ended. Everything below ends there."
        found.append(Banner("warning", "Interrupted run", text))
    if facts.gate == OBSERVE:
        text = (
            "Orders went out whether or not there was evidence for them. This account shows what the strategies do, "
            "not what bot4 would have allowed them to do."
        )
        found.append(Banner("warning", "RESEARCH MODE: the evidence gate looked on", text))
    if facts.is_synthetic:
        text = (
            "These prices were generated, and an edge was planted in them. Nothing here says anything about a real "
            "market."
        )
        found.append(Banner("warning", "SYNTHETIC MARKET", text))
    found.extend(_short_run(data))
    return tuple(found)


def _short_run(data: ReportData) -> list[Banner]:
    """Return a note where the run is too short for yearly figures."""
    times = data.curve.times_ns
    span_days = float(times[-1] - times[0]) / DAY_NS if len(times) else 0.0
    if data.performance.days == 0 or data.facts.gate != ENFORCE or span_days >= 90.0:
        return []
    days = count_text(data.performance.days, "day")
    text = f"{days} of data: the gate asks for at least 90 before it judges at all, and "
    if data.facts.is_live:
        text = f"{days} of trading; the gate judges by the bars before as well. It is far too short for a verdict, and "
    text += "every figure below is uncertain accordingly."
    return [Banner("note", "Short run", text)]
