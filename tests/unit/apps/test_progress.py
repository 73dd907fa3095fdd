# SPDX-License-Identifier: Apache-2.0
"""Progress: the first signal stops, the second aborts, and a bar is drawn only where it is asked for."""

import io
import os
import signal

import pytest
from rich.console import Console

from bot4.apps.progress import DrawnBar, Progress, Silent, StopFlag, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_and_the_second_aborts(number: signal.Signals) -> None:
    """A task hears of the first signal by asking; the second raises where it is."""
    stop = StopFlag()
    progress: Progress = Silent(stop)
    before = signal.getsignal(number)
    with stop_on_signals(stop):
        assert not progress.should_stop()
        os.kill(os.getpid(), number)
        assert progress.should_stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_a_bar_shows_name_count_and_rate() -> None:
    """Both parts of a task are drawn, each with its name, how much is done and how fast."""
    drawn = io.StringIO()
    bar = DrawnBar(StopFlag(), Console(file=drawn, force_terminal=True, width=100))
    bar.begin(2000, "checking")
    bar.advance(500)
    bar.begin(None, "running")
    bar.advance(7)
    bar.end()
    bar.end()
    text = drawn.getvalue()
    assert "checking" in text
    assert "500/2000" in text.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert "running" in text
    assert "/s" in text


def test_silence_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """The silent progress writes nothing and never stops by itself."""
    progress = Silent()
    progress.begin(3, "bars")
    progress.advance(2)
    progress.end()
    assert capfd.readouterr() == ("", "")
    assert not progress.should_stop()
