# SPDX-License-Identifier: Apache-2.0
"""A user's strategy file may fail in any way while it is loaded: the answer is always what is wrong and where."""

from pathlib import Path

import pytest

from bot4.domain.errors import BadInput
from bot4.runtime.settings import StrategySettings
from bot4.runtime.strategy_loader import recruit

HEAD = "from bot4.decision.strategies import Strategy, TickStrategy\nfrom bot4.domain.signal import Signal\n"
BODY = "    def on_bar(self, view):\n        return None\n"


def load(folder: Path, code: str) -> None:
    """Load a file's class S."""
    (folder / "mine.py").write_text(HEAD + code, encoding="utf-8")
    recruit([StrategySettings(kind="mine.py:S")], folder)


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("class E(Exception): pass\nraise E('custom')\n", "custom"),
        ("import sys\nsys.exit(3)\n", "SystemExit"),
        ("def (:\n", "SyntaxError"),
        (f"class S(Strategy):\n    name = 'a'\n    features = 5\n{BODY}", "features"),
        (f"class S(Strategy):\n    name = 'a'\n    features = 'rsi_14'\n{BODY}", "features"),
        (f"class S(Strategy):\n    name = 'a'\n    features = (1, 2)\n{BODY}", "features"),
        (f"class S(Strategy):\n    name = ''\n    features = ()\n{BODY}", "name"),
        (f"class S(Strategy):\n    name = 'a\\ud800'\n    features = ()\n{BODY}", "name"),
        ("class S:\n    pass\n", "a S"),
        ("class S(Strategy):\n    name = 1\n", "on_bar"),
        ("class S(TickStrategy):\n    name = 1\n", "on_tick"),
    ],
)
def test_a_file_that_cannot_be_a_strategy_is_refused_in_words(tmp_path: Path, code: str, told: str) -> None:
    """Whatever it raises or lacks, BadInput names it; nothing else escapes."""
    with pytest.raises(BadInput) as caught:
        load(tmp_path, code)
    assert told in str(caught.value)


def test_a_proper_file_is_loaded(tmp_path: Path) -> None:
    """The smallest strategy there is passes."""
    load(tmp_path, f"class S(Strategy):\n    name = 'a'\n    features = ('rsi_14',)\n{BODY}")
    assert (tmp_path / "mine.py").exists()
