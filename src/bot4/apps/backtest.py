# SPDX-License-Identifier: Apache-2.0
"""The backtest: recorded bars through the engine, as fast as they can be read."""

from bot4.adapters.stores.journal_key import JournalKey
from bot4.apps.execute import execute
from bot4.apps.finish import finish
from bot4.apps.outcome import Outcome
from bot4.apps.output import RunFolder
from bot4.apps.progress import Progress
from bot4.apps.recording import recording
from bot4.apps.session import Prepared, RunRequest, prepare
from bot4.runtime.clocks import SystemClock
from bot4.runtime.feature_wiring import compiled_features
from bot4.runtime.warm_up import warm_up


def run(request: RunRequest, progress: Progress) -> Outcome:
    """Run a backtest and return what came of it.

    Features are computed a block ahead; the journal waits for the operating
    system only, since whatever a power cut could take is reproduced by
    ``--resume``, byte for byte.
    """
    return carry_out(prepare(request, progress), progress, ahead=True, durable=False, key=None)


def carry_out(prepared: Prepared, progress: Progress, *, ahead: bool, durable: bool, key: JournalKey | None) -> Outcome:
    """Run what was prepared into its own folder, and publish the folder when all is in it."""
    request = prepared.request
    clock = SystemClock()
    folder = RunFolder(request.out, request.command, prepared.run)
    resume = request.resume is not None
    path = folder.open(resume=resume)
    try:
        progress.begin(None, "kernels (compiled on the first run)")
        warm_up(compiled_features(request.config, prepared.recruits))
        progress.end()
        began = int(clock.monotonic_ns())
        with recording(path, prepared.header, durable=durable, resume=resume, key=key) as journal:
            executed = execute(prepared, journal, progress, ahead=ahead)
        elapsed_s = (int(clock.monotonic_ns()) - began) / 1e9
        return finish(prepared, executed, folder, elapsed_s)
    finally:
        folder.release()
