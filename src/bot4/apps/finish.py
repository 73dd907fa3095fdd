# SPDX-License-Identifier: Apache-2.0
"""The end of a run: summary, manifest and report beside the journal, and the folder made whole."""

import json
from collections.abc import Sequence

from bot4.adapters.stores.history import Survey
from bot4.apps.execute import Executed
from bot4.apps.outcome import Outcome
from bot4.apps.output import JOURNAL, RunFolder, write_whole
from bot4.apps.session import Prepared
from bot4.domain.values import MONEY_ONE
from bot4.market.faults import FAULT_KINDS
from bot4.runtime.unread import unread_settings

MANIFEST = "manifest.json"
SUMMARY = "summary.json"
REPORT = "report.html"


def finish(prepared: Prepared, executed: Executed, folder: RunFolder, elapsed_s: float) -> Outcome:
    """Write what belongs beside the journal, publish the folder, and return the outcome."""
    outcome = outcome_of(prepared, executed, folder, elapsed_s)
    write_whole(folder.path / MANIFEST, manifest(prepared))
    if prepared.request.report:
        from bot4.apps.reporting import report_page  # plotly and its five megabytes only where a page is wanted

        write_whole(folder.path / REPORT, report_page(prepared, executed, outcome).encode())
    write_whole(folder.path / SUMMARY, as_json(outcome.summary()))
    folder.publish()
    return outcome


def outcome_of(prepared: Prepared, executed: Executed, folder: RunFolder, elapsed_s: float) -> Outcome:
    """Return the outcome of a run."""
    tally = executed.tally
    names = tuple(one.name for one in prepared.recruits)
    return Outcome(
        run=prepared.run,
        gate=prepared.request.config.gate,
        bars=executed.bars,
        carried=executed.carried,
        unforeseen=tuple(names[slot] for slot in executed.wired.strategies.unforeseen()),
        ticks=executed.rows if prepared.ticks else None,
        orders=tally.orders,
        fills=tally.fills,
        slippage_bp=executed.shortfalls.mean_slippage_bp(),
        shortfall_bp=executed.shortfalls.mean_shortfall_bp(),
        refused=tally.refused_by_rule(),
        strategies=names,
        passed=tuple(names[slot] for slot in tally.passed()),
        final_equity=int(executed.final_equity) / MONEY_ONE,
        currency=prepared.instruments[0].quote,
        state_hash=executed.state_hash,
        journal=folder.final / JOURNAL,
        report=folder.final / REPORT if prepared.request.report else None,
        elapsed_s=elapsed_s,
        interrupted=executed.interrupted,
        safety_mode=executed.safety_mode,
        faults=faults_of(prepared.surveys),
        halted={names[slot]: reason for slot, reason in sorted(tally.halted.items())},
        unread=tuple(unread_settings(prepared.request.config, over_ticks=bool(prepared.ticks))),
        conduct=executed.conduct,
        connections=executed.connections,
    )


def faults_of(surveys: Sequence[Survey]) -> dict[str, int]:
    """Return how often each kind of fault changed or set aside a row of any data set; kinds not found are absent."""
    counts = {
        kind.name: sum(survey.faults.counts.get(kind.name, 0) for survey in surveys)
        for kind in FAULT_KINDS
        if kind.stops_strict
    }
    return {name: count for name, count in counts.items() if count}


def manifest(prepared: Prepared) -> bytes:
    """Return what a replay needs to find the data again: a hint, never part of the journal."""
    data = [
        {
            "symbol": one.symbol,
            "sha256": one.sha256,
            "paths": [str(path.resolve()) for path in paths],
            "interval_ns": one.interval_ns,
        }
        for one, paths in zip(prepared.surveys, prepared.paths, strict=True)
    ]
    folder = str(prepared.request.config_folder.resolve())
    return as_json({"run": prepared.run, "command": prepared.request.command, "data": data, "config_folder": folder})


def as_json(value: object) -> bytes:
    """Return a value as readable JSON with a newline at the end."""
    return (json.dumps(value, indent=2, sort_keys=False) + "\n").encode()
