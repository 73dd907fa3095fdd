# SPDX-License-Identifier: Apache-2.0
"""A sweep from request to folder: sets, data, forecast, screen, ledger, engine, results."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final

from bot4.adapters.stores.history import Survey
from bot4.adapters.stores.paths import group_paths
from bot4.apps.finish import REPORT, SUMMARY, as_json
from bot4.apps.output import RunFolder, write_whole
from bot4.apps.progress import Progress
from bot4.apps.session import RunRequest, check_currency, open_histories, survey
from bot4.apps.sweep.budget import Forecast, Work, forecast, free_bytes
from bot4.apps.sweep.columns import map_bars
from bot4.apps.sweep.confirm import Bench, Confirmed
from bot4.apps.sweep.findings import Context, Finding, findings_of, luck_of, verdict
from bot4.apps.sweep.ledger import TRIALS, append_trials
from bot4.apps.sweep.outcome import SweepOutcome
from bot4.apps.sweep.results import RESULTS, finite, write_results
from bot4.apps.sweep.space import ParameterSet, Space
from bot4.apps.sweep.table import FigureTable
from bot4.apps.sweep.trials import Trials, trials_of
from bot4.apps.sweep.workers import Crew, Task, Unit, warm_up
from bot4.domain.errors import BadInput
from bot4.domain.ids import run_id
from bot4.domain.values import DAY_NS
from bot4.kernels.sweep import holding_sharpe, plan_of
from bot4.kernels.sweep.screen import BLOCK_ROWS_MAX, SPAN_DAYS_MAX
from bot4.runtime.clocks import SystemClock
from bot4.runtime.settings import canonical
from bot4.runtime.wiring import first_taker

COMMAND: Final = "sweep"
BARS_FOLDER: Final = "bars"
SAMPLED_SETS: Final = 2048
"""Of so many sets the indicators are counted for the forecast."""

PROCESSES_PAY_S: Final = 5.0
"""Below so many seconds of screening the start of processes costs more than they bring."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Ask for a sweep.

    Attributes
    ----------
    base : RunRequest
        Settings, data, folder: as for a backtest.
    space : Space
        What is searched.
    random : int
        How many sets to draw; 0 for the whole grid.
    top : int
        How many of the best the engine confirms.
    workers : int
        Processes.
    say : callable
        Told the forecast before the work starts.
    """

    base: RunRequest
    space: Space
    random: int = 0
    top: int = 10
    workers: int = 1
    say: Callable[[str], None]


def run(request: SweepRequest, progress: Progress) -> SweepOutcome:
    """Carry out a sweep and return what came of it; stopped, it keeps what is done for ``--resume``.

    Raises
    ------
    BadInput
        If the sets, the data or the configuration cannot be used, or need more memory than there is.
    """
    clock = SystemClock()
    began = int(clock.monotonic_ns())
    base = request.base
    trials = made_trials(request)
    histories = open_histories(base, group_paths(base.bars, base.symbols))
    check_currency(base.config, [one.instrument for one in histories])
    surveys = tuple(survey(one, progress) for one in histories)
    told = forecast(work_of(request, trials, surveys), free_bytes())
    request.say(told.sentence())
    folder = RunFolder(base.out, COMMAND, identity(request, trials, surveys))
    if base.resume is not None and folder.final.exists():
        raise BadInput(
            str(folder.final), "a sweep that ended", "one that was stopped", "Leave out --resume.", "complete"
        )
    path = folder.open(resume=base.resume is not None)
    try:
        shutil.rmtree(path / BARS_FOLDER, ignore_errors=True)
        (path / BARS_FOLDER).mkdir()
        bars = map_bars(histories, surveys, path / BARS_FOLDER)
        bench = Bench(settings=base.config, bars=bars, surveys=surveys, folder=base.config_folder)
        costs = base.config.costs
        task = Task(bench=bench, trials=trials, cost=first_taker(costs) + costs.slippage)
        sweep = Sweep(request, task, told, folder, progress)
        sweep.work()
        return sweep.outcome((int(clock.monotonic_ns()) - began) / 1e9)
    finally:
        folder.release()


def made_trials(request: SweepRequest) -> Trials:
    """Return the sets to try; a grid too large to be listed is refused before it is."""
    space, base = request.space, request.base
    size = request.random or space.grid_size
    forecast(Work(size, 0, 0, 0, 1, False, 0), free_bytes())
    sets: Iterable[ParameterSet] = space.drawn(size, base.config.seed) if request.random else space.grid()
    return trials_of(space.kind, space.names, sets, base.config_folder)


def work_of(request: SweepRequest, trials: Trials, surveys: tuple[Survey, ...]) -> Work:
    """Return the size of the work."""
    sets = len(trials.sets)
    columns = 0
    if trials.is_screened:
        step = -(-sets // SAMPLED_SETS)
        plan = plan_of(trials.kind, [trials.whole(place) for place in range(0, sets, step)])
        columns = plan.column_count
    span = BLOCK_ROWS_MAX * min(one.interval_ns for one in surveys) // DAY_NS
    return Work(
        sets=sets,
        bars=sum(one.bars for one in surveys),
        columns=columns,
        engine_runs=min(request.top, sets) if trials.is_screened else sets,
        workers=request.workers,
        is_screened=trials.is_screened,
        span_days=min(max(span, 1), SPAN_DAYS_MAX),
    )


def identity(request: SweepRequest, trials: Trials, surveys: tuple[Survey, ...]) -> str:
    """Return the sweep's id: of settings, sets, data and seed; not of the ledger, which it writes itself."""
    searched = json.dumps([trials.kind, trials.names, trials.sets, trials.defaults, request.top])
    hashes = [one.sha256 for one in surveys] + [trials.code_hash or "-"]
    config = request.base.config
    return run_id(canonical(config) + sha256(searched.encode()).digest(), hashes, config.seed)


@final
class Sweep:
    """Do the work of one sweep in its folder, and tell what came of it."""

    def __init__(
        self, request: SweepRequest, task: Task, told: Forecast, folder: RunFolder, progress: Progress
    ) -> None:
        self.request = request
        self.task = task
        self.forecast = told
        self.folder = folder
        self.progress = progress
        self.data = [one.sha256[:16] for one in task.bench.surveys]
        ledger = request.base.config.evidence.trial_ledger
        self.ledger = request.base.config_folder / ledger if ledger else request.base.out / TRIALS
        self.table = FigureTable(folder.path, len(task.trials.sets))
        self.screened_now = 0
        self.screen_s = 0.0
        self.findings: list[Finding] = []
        self.confirmed = 0
        self.is_finished = False

    def work(self) -> None:
        """Screen, confirm, write; end early where the user asks for it."""
        crew = Crew(self.task, self.request.workers, self.progress)
        try:
            if self.task.trials.is_screened:
                self._screen(crew)
                ranked = self.table.ranking()[: self.request.top]
            else:
                ranked = list(range(len(self.task.trials.sets)))
            if self.table.known.all() or not self.task.trials.is_screened:
                self._confirm(crew, ranked)
        finally:
            crew.end()
        if self.is_finished:
            self._write()

    def outcome(self, elapsed_s: float) -> SweepOutcome:
        """Return what came of it so far."""
        rate = self.screened_now * self.forecast.work.bars / self.screen_s if self.screen_s > 0.0 else None
        return SweepOutcome(
            run=self.folder.final.name,
            kind=self.task.trials.kind,
            trials=len(self.task.trials.sets),
            done=int(self.table.known.sum()),
            confirmed=self.confirmed,
            to_confirm=self.forecast.work.engine_runs,
            left_out=self.task.trials.left_out,
            counted=append_trials(self.ledger, []),
            ledger=self.ledger,
            bars=self.forecast.work.bars,
            findings=self.findings,
            forecast=self.forecast,
            screened_per_s=rate,
            folder=self.folder.path,
            has_report=self.is_finished and self.request.base.report,
            elapsed_s=elapsed_s,
            interrupted=not self.is_finished,
        )

    def _screen(self, crew: Crew) -> None:
        """Screen what is not done; each unit is counted before it is begun."""
        work = self.forecast.work
        clock = SystemClock()
        left = self.table.missing(self.forecast.unit)
        pays = work.sets * work.bars > PROCESSES_PAY_S * 3e8 and len(left) > 1 and work.workers > 1
        self.progress.begin(None, "kernels (compiled on the first run)")
        warm_up(self.task)
        self.progress.end()
        began = int(clock.monotonic_ns())
        self.progress.begin(work.sets, "screening")
        try:
            self.progress.advance(int(self.table.known.sum()))
            for (begin, _), figures in crew.screened(self._counted(left), in_processes=pays):
                self.table.put(begin, figures)
                self.screened_now += len(figures)
                self.progress.advance(int(self.table.known.sum()))
        finally:
            self.progress.end()
        self.screen_s = (int(clock.monotonic_ns()) - began) / 1e9

    def _counted(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """Yield units whose trials stand in the ledger."""
        for unit in units:
            append_trials(self.ledger, self.task.trials.lines(range(*unit), self.data, self.task.cost))
            yield unit

    def _confirm(self, crew: Crew, ranked: list[int]) -> None:
        """Have the engine run what is to be confirmed."""
        confirmed = self.table.confirmed()
        left = [place for place in ranked if place not in confirmed]
        if not self.task.trials.is_screened:
            append_trials(self.ledger, self.task.trials.lines(left, self.data, self.task.cost))
        self.progress.begin(len(ranked), "the engine's word")
        try:
            self._advance(len(ranked) - len(left))
            for one in crew.confirmed(left):
                self.table.note_confirmed(one)
                confirmed[one.place] = one
                self._advance(self.confirmed + 1)
        finally:
            self.progress.end()
        if all(place in confirmed for place in ranked):
            self._judge(ranked, confirmed)

    def _advance(self, confirmed: int) -> None:
        """Take note of how many engine runs are done."""
        self.confirmed = confirmed
        self.progress.advance(confirmed)

    def _judge(self, ranked: list[int], confirmed: dict[int, Confirmed]) -> None:
        """Judge the best by all that was tried; without a screen the engine's records are the figures."""
        if not self.task.trials.is_screened:
            for place in ranked:
                self.table.put_record(confirmed[place])
            ranked = self.table.ranking()[: self.request.top]
        config = self.request.base.config
        context = Context(
            counted=append_trials(self.ledger, []), seed=config.seed, deflated_min=config.evidence.deflated_min
        )
        self.findings = findings_of(self.table, self.task.trials, ranked, confirmed, context)
        self.is_finished = True

    def _write(self) -> None:
        """Write results, summary and report, clear what was only for the work, and publish the folder."""
        path = self.folder.path
        write_results(path / RESULTS, self.task.trials, self.table, self.data, self.task.cost)
        days = int(self.table.figures[0, 0])
        counted = append_trials(self.ledger, [])
        spread, luck = luck_of(days, counted)
        best = self.findings[0] if self.findings else None
        holding = holding_sharpe([one.series() for one in self.task.bench.bars])
        summary = {
            "sweep": self.folder.final.name,
            "kind": self.task.trials.kind,
            "trials": len(self.task.trials.sets),
            "left_out": self.task.trials.left_out,
            "counted": counted,
            "bars": self.forecast.work.bars,
            "days": days,
            "verdict": verdict(best, counted),
            "luck": luck,
            "luck_deviation": spread,
            "holding_sharpe": holding,
            "findings": [one.fields() for one in self.findings],
        }
        write_whole(path / SUMMARY, as_json(finite(summary)))
        if self.request.base.report:
            from bot4.apps.sweep.reporting import sweep_page  # plotly only where a page is wanted

            page = sweep_page(
                self.task.trials,
                self.table,
                self.findings,
                self.task.bench.surveys,
                name=self.folder.final.name,
                typed=self.request.base.typed,
                counted=counted,
                ledger=str(self.ledger),
                cost=self.task.cost,
                holding=holding,
            )
            write_whole(path / REPORT, page.encode())
        self.table.clear()
        shutil.rmtree(path / BARS_FOLDER, ignore_errors=True)
        self.folder.publish()
