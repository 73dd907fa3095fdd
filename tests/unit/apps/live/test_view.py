# SPDX-License-Identifier: Apache-2.0
"""The live view: what it shows, what it never shows, and how often it writes where there is no terminal."""

import io
from dataclasses import replace

from rich.console import Console

from bot4.apps.live.view import LINE_NS, LineView, TerminalView, line_of
from bot4.apps.live.vitals import Held, Vitals

CALM = Vitals(
    now_ns=1_700_000_000_000_000_000,
    bar_ns=1_699_999_200_000_000_000,
    mode="normal",
    holds=(),
    market="fresh",
    account="equal",
    held=(Held("BTCUSDT", "0.05", 0.0187, is_covered=True),),
    gross=0.0187,
    open_orders=2,
    doubtful=0,
    orders=7,
    fills=5,
    refused=3,
)


def drawn(vitals: Vitals) -> str:
    """What the terminal view leaves on a screen."""
    paper = io.StringIO()
    view = TerminalView(Console(file=paper, width=100, force_terminal=True, color_system=None), "bot4 live")
    view.show(vitals, 0)
    view.end()
    view.end()
    return paper.getvalue()


def test_health_exposure_and_mode_are_shown_and_no_profit() -> None:
    """Everything a keeper needs, and nothing that invites to act on emotion."""
    text = drawn(CALM)
    for word in ("normal", "trading", "fresh", "equal", "BTCUSDT", "0.05", "1.87%", "stop at the venue", "7 sent"):
        assert word in text
    assert not any(word in text.lower() for word in ("profit", "loss", "p&l", "equity 1", "earned"))


def test_what_is_wrong_stands_out() -> None:
    """A hold, a doubt and a position without a stop are said in words."""
    bare = replace(CALM.held[0], is_covered=False)
    text = drawn(replace(CALM, mode="paused", holds=("reconciling",), doubtful=1, held=(bare,), note="stopping"))
    for word in ("paused", "no new risk: reconciling", "1 in doubt", "no stop", "stopping"):
        assert word in text
    line = line_of(replace(CALM, holds=("reconciling",), held=(bare,)))
    assert "no new risk: reconciling" in line
    assert "WITHOUT A STOP" in line


def test_lines_come_at_most_so_often() -> None:
    """Logs are not flooded where there is no terminal."""
    paper = io.StringIO()
    view = LineView(Console(file=paper, width=400))
    for at_ns in (0, LINE_NS // 2, LINE_NS, LINE_NS + 1):
        view.show(CALM, at_ns)
    view.end()
    assert paper.getvalue().count("normal, trading") == 2
