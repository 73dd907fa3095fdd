# SPDX-License-Identifier: Apache-2.0
"""A strategy that reads features of larger bars and against another instrument, in the whole engine."""

from pathlib import Path

import numpy as np
import pytest

from bot4.domain.errors import BadInput
from bot4.runtime.settings import Settings, StrategySettings
from bot4.runtime.strategy_loader import recruit
from tests.simulation.engine_run import Ran, Table, run, walk

pytestmark = pytest.mark.requirement("ML_017")

LINKED = '''
from bot4.decision.strategies import Strategy
from bot4.domain.signal import Signal


class Linked(Strategy):
    """Buy what is weak by the last finished half day and moves with the first instrument."""

    name = "linked"
    features = ("rsi_5@12h", "corr_30~AAAUSDT", "hour_sin", "fracdiff_0.4_20")

    def on_bar(self, view):
        """Return nothing until all is warm: NaN compares with nothing."""
        weak, tied = view["rsi_5@12h"], view["corr_30~AAAUSDT"]
        if view.position == 0.0 and weak < 45.0 and tied > 0.3 and view["fracdiff_0.4_20"] > 0.0:
            return Signal(1.0, "weak", view.after(40))
        if view.position > 0.0 and weak > 55.0 and view["hour_sin"] > 0.0:
            return Signal(0.0, "strong", view.after(1))
        return None
'''


def ran(folder: Path, tables: list[Table], *, ahead: bool, chunk: int = 1 << 14) -> Ran:
    """Run the strategy over tables, orders let through unproven."""
    (folder / "linked.py").write_text(LINKED, encoding="utf-8")
    settings = Settings(gate="observe", strategies=(StrategySettings(kind="linked.py:Linked"),))
    return run(tables, settings, recruits=recruit(settings.strategies, folder), ahead=ahead, chunk=chunk)


def tied(bars: int) -> list[Table]:
    """Two walks of which the second goes half of the first's way each bar."""
    first, second = walk(11, bars, gaps=0.0), walk(12, bars, gaps=0.0)
    scale = np.sqrt(first[4] / first[4][0])
    second[1:5] = np.maximum(np.rint(second[1:5] * scale), 1).astype(np.int64)
    return [first, second]


def test_ahead_and_bar_by_bar_decide_the_same_to_the_byte(tmp_path: Path) -> None:
    """Whatever the blocks, there are fills, and journal and state are equal."""
    tables = tied(900)
    one = ran(tmp_path, tables, ahead=True)
    assert one.fills() > 10
    for ahead, chunk in ((False, 1 << 14), (True, 37)):
        other = ran(tmp_path, tables, ahead=ahead, chunk=chunk)
        assert (other.state, other.journal) == (one.state, one.journal)


def test_a_cut_changes_nothing_that_was_decided_before_it(tmp_path: Path) -> None:
    """The same records up to the cut, with and without what came after."""
    tables = tied(700)
    cut_ns = int(tables[0][0, 500])
    whole, part = (ran(tmp_path, [table[:, :stop] for table in tables], ahead=True) for stop in (700, 500))
    before = whole.raws(before_ns=cut_ns)
    assert len(before) > 20
    assert before == part.raws(before_ns=cut_ns)


def test_a_run_without_the_reference_is_refused(tmp_path: Path) -> None:
    """Before its first bar, with a way out."""
    settings = Settings(strategies=(StrategySettings(kind="linked.py:Linked"),))
    (tmp_path / "linked.py").write_text(LINKED.replace("AAAUSDT", "CCCUSDT"), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        run(tied(50), settings, recruits=recruit(settings.strategies, tmp_path))
    assert caught.value.code == "reference_missing"
