# SPDX-License-Identifier: Apache-2.0
"""From a setting to strategies: shipped by name, a user's by file and class, each mistake told with its place."""

from pathlib import Path
from typing import Any

import pytest

from bot4.decision.strategies import Momentum
from bot4.domain.errors import BadInput
from bot4.domain.values import DAY_NS
from bot4.runtime.settings import StrategySettings
from bot4.runtime.strategy_loader import Recruit, freeze_day, recruit
from tests.simulation.engine_run import lively, run, walk

MINE = '''
"""A strategy of my own."""
from bot4.decision.strategies import Strategy
from bot4.domain.signal import Signal


class Mine(Strategy):
    """Long while the price is above its moving average."""

    def __init__(self, window: int = 10, name: str = "mine") -> None:
        self.average = f"sma_{window}"
        self.name = name
        self.features = (self.average,)

    def on_bar(self, view):
        """Speak on a crossing."""
        wish = 1.0 if view.close > view[self.average] else 0.0
        if wish == view.position:
            return None
        return Signal(wish, "crossed", view.after(100))


class Nothing:
    """No strategy."""


number = 7
'''


def one(kind: str, folder: Path = Path(), **changes: Any) -> Recruit:
    """Load one strategy."""
    return recruit([StrategySettings(kind=kind, **changes)], folder)[0]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a user's file."""
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    return tmp_path


def refusal(kind: str, folder: Path, **changes: Any) -> BadInput:
    """What is said about a strategy that cannot be loaded."""
    with pytest.raises(BadInput) as refused:
        one(kind, folder, **changes)
    return refused.value


def test_a_shipped_strategy_is_made_by_name_with_its_parameters() -> None:
    """Each call gives an object of its own, for one instrument."""
    loaded = one("momentum", parameters={"lookback": 5})
    first, second = loaded.instance(), loaded.instance()
    assert isinstance(first, Momentum)
    assert first is not second
    assert loaded.features == ("roc_5", "volatility_5")
    assert [loaded.slot, loaded.name, loaded.code_hash, loaded.freeze_day] == [0, "momentum", "", 0]


def test_a_user_s_strategy_is_loaded_from_its_file_and_trades(mine: Path) -> None:
    """Relative to the configuration's folder; its hash is that of its bytes; it runs like a shipped one."""
    loaded = one("mine.py:Mine", mine, parameters={"window": 7})
    assert loaded.name == "mine"
    assert loaded.features == ("sma_7",)
    assert len(loaded.code_hash) == 64
    ran = run(walk(1, 300), lively(), recruits=[loaded])
    assert ran.fills() > 10
    assert ran.of("halted") == []


@pytest.mark.requirement("I-10")
def test_an_edited_file_is_another_strategy(mine: Path) -> None:
    """One byte more, another hash; and the new code is what runs."""
    before = one("mine.py:Mine", mine)
    (mine / "mine.py").write_text(MINE.replace("window: int = 10", "window: int = 12"), encoding="utf-8")
    after = one("mine.py:Mine", mine)
    assert before.code_hash != after.code_hash
    assert after.features == ("sma_12",)


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("momentun", "'momentun'"),
        ("absent.py:Mine", "'absent.py:Mine'"),
        ("mine.py", "'mine.py'"),
        (":Mine", "':Mine'"),
        ("mine.py:", "'mine.py:'"),
        ("mine.py:Absent", "no class Absent"),
        ("mine.py:number", "no class number"),
        ("mine.py:Nothing", "a Nothing"),
    ],
)
def test_a_kind_that_is_none_is_refused_with_what_is_allowed(mine: Path, kind: str, value: str) -> None:
    """Unknown name, missing file, missing class, something that is no strategy."""
    no = refusal(kind, mine)
    assert no.value == value
    assert no.allowed
    assert no.mend


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    "code",
    [
        "def broken(:",
        "import no_such_module_anywhere",
        "1 / 0",
        "undefined",
        "raise RuntimeError('stop')",
        "raise OSError('disk')",
        "assert False",
        "[].pop()",
        "b'\\xff'.decode()",
    ],
)
def test_a_file_that_python_cannot_run_is_the_user_s_to_correct(tmp_path: Path, code: str) -> None:
    """Whatever the file fails with becomes a message with its path."""
    (tmp_path / "broken.py").write_text(code + "\n", encoding="utf-8")
    no = refusal("broken.py:Mine", tmp_path)
    assert no.place.endswith("broken.py")


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    "body",
    ["raise KeyError('x')", "raise RuntimeError('x')", "1 / 0", "pass", "self.name = 7; self.features = ()"],
)
def test_a_constructor_that_fails_or_says_too_little_is_told(tmp_path: Path, body: str) -> None:
    """A class that raises, or has no name and features, is refused under its kind."""
    code = f"""
from bot4.decision.strategies import Strategy


class Mine(Strategy):
    def __init__(self):
        {body}

    def on_bar(self, view):
        return None
"""
    (tmp_path / "odd.py").write_text(code, encoding="utf-8")
    assert "odd.py:Mine" in refusal("odd.py:Mine", tmp_path).place


@pytest.mark.requirement("P-21")
def test_a_parameter_that_does_not_exist_or_fit_is_told() -> None:
    """An unknown name and an impossible value."""
    assert "lookbak" in refusal("momentum", Path(), parameters={"lookbak": 5}).value
    assert refusal("momentum", Path(), parameters={"lookback": -1}).place.startswith("strategies[0]")


def test_names_are_unique_in_a_run(mine: Path) -> None:
    """Two of the same name cannot be told apart in a report."""
    with pytest.raises(BadInput, match="two named 'mine'"):
        recruit([StrategySettings(kind="mine.py:Mine")] * 2, mine)
    with pytest.raises(BadInput, match="at least one"):
        recruit([], mine)


@pytest.mark.requirement("EMOTION_001-B")
def test_the_day_after_the_freeze_is_the_first_that_counts() -> None:
    """Frozen on the second of January 1970, evidence begins on the third; no date, no freeze."""
    assert freeze_day("", "here") == 0
    assert freeze_day("1970-01-02", "here") == 2
    assert freeze_day("2021-03-01", "here") * DAY_NS == 1_614_643_200_000_000_000
    with pytest.raises(BadInput, match="2021-02-30"):
        freeze_day("2021-02-30", "here")
