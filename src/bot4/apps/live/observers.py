# SPDX-License-Identifier: Apache-2.0
"""What looks on while a run goes on at a venue, and what it leaves for summary and report."""

from typing import Final, final

from bot4.account.attribution import Attribution
from bot4.adapters.stores.history import FileNote, Survey
from bot4.adapters.stores.live_data import LIVE_DATA, live_data_path
from bot4.apps.conduct import ConductWatch
from bot4.apps.execute import Executed
from bot4.apps.live.request import LiveRequest
from bot4.apps.live.vitals import Vitals, vitals_of
from bot4.apps.live_plan import LivePlan
from bot4.apps.live_recording import LiveRecording
from bot4.apps.session import Prepared, RunRequest
from bot4.domain.marketdata import Bar
from bot4.domain.readiness import readiness_word
from bot4.domain.stage import Stage
from bot4.domain.values import DAY_NS, MONEY_ONE, Money
from bot4.domain.verdict import SAFETY_MODES
from bot4.market.faults import FaultReport
from bot4.record.connections import Connections
from bot4.record.curve import CurveRecorder
from bot4.record.tally import Tally
from bot4.runtime.wiring import Wired

SPAN_NS: Final = 366 * DAY_NS
"""The curve is drawn for so long a run; a longer one is thinned."""


@final
class Observers:
    """Look on.

    Parameters
    ----------
    plan : LivePlan
        The run.
    recording : LiveRecording
        Its files.

    Attributes
    ----------
    wired : Wired
        Set once the engine is built around :attr:`stages`.
    last_known_ns : int
        When the last bar was known, 0 before the first.
    """

    wired: Wired

    def __init__(self, plan: LivePlan, recording: LiveRecording) -> None:
        self.plan = plan
        self.last_known_ns = 0
        self.tally = Tally(len(plan.recruits))
        self.watch = ConductWatch(plan.instruments)
        cash = Money(plan.settings.account.cash * MONEY_ONE)
        self.curve = CurveRecorder(plan.instruments, cash, span_ns=SPAN_NS)
        self.attribution = Attribution(plan.instruments, slots=len(plan.recruits))
        self.stages: tuple[Stage, ...] = (
            self.attribution,
            self.curve,
            self.tally,
            *self.watch.stages,
        )
        self._recording = recording
        self._bars = [0] * len(plan.instruments)
        self._opens = [0] * len(plan.instruments)
        self._ends = [0] * len(plan.instruments)

    def count(self, bar: Bar) -> None:
        """Count a bar before the engine takes it."""
        index = int(bar.instrument)
        if not self._bars[index]:
            self._opens[index] = int(bar.open_ns)
        self._bars[index] += 1
        self._ends[index] = self.last_known_ns = int(bar.ts_known_ns)

    def vitals(self, *, now_ns: int, market: str, account: str, note: str) -> Vitals:
        """Return what the view shows."""
        return vitals_of(
            self.wired,
            self.tally,
            now_ns=now_ns,
            bar_ns=self.last_known_ns,
            holds=tuple(dict.fromkeys(readiness_word(one.reason) for one in self.wired.judge.holds.standing)),
            market=market,
            account=account,
            note=note,
        )

    def prepared(self, request: LiveRequest) -> Prepared:
        """Return the run as summary and report want it: its data are what was heard."""
        plan = self.plan
        data = live_data_path(self._recording.path)
        surveys = tuple(self._survey(index) for index in range(len(plan.instruments)))
        return Prepared(
            request=RunRequest(
                command=request.command,
                config=request.config,
                interval=request.venue.interval,
                out=request.out,
                report=request.report,
                config_folder=request.config_folder,
                nonce=plan.header.nonce,
                data_note=request.data_note,
                typed=request.typed,
            ),
            instruments=plan.instruments,
            paths=tuple((data,) for _ in plan.instruments),
            histories=(),
            surveys=surveys,
            recruits=plan.recruits,
            trials=plan.trials,
            header=plan.header,
        )

    def executed(self, digest: bytes, connections: Connections) -> Executed:
        """Return what the run left behind besides its journal, and how its connections were."""
        wired = self.wired
        return Executed(
            rows=self._recording.data.rows,
            bars=sum(self._bars),
            carried=sum(self._bars),
            interrupted=False,
            state_hash=digest.hex(),
            final_equity=wired.portfolio.equity,
            safety_mode=SAFETY_MODES[int(wired.judge.ladder.mode)],
            wired=wired,
            tally=self.tally,
            shortfalls=self.watch.shortfalls,
            curve=self.curve,
            attribution=self.attribution,
            conduct=self.watch.conduct(wired),
            connections=connections,
        )

    def _survey(self, index: int) -> Survey:
        """Return what was heard of one instrument, told as a data set is."""
        interval_ns = int(self.plan.intervals_ns[index])
        bars = self._bars[index]
        return Survey(
            symbol=self.plan.instruments[index].symbol,
            interval_ns=interval_ns,
            source_interval_ns=interval_ns,
            rows=bars,
            bars=bars,
            first_open_ns=self._opens[index],
            last_known_ns=self._ends[index],
            faults=FaultReport({}, {}, 0, 0, None),
            sha256="",
            files=(FileNote(LIVE_DATA, "what was heard, sealed in the journal", bars, ()),),
        )
