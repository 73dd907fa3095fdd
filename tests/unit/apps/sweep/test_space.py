# SPDX-License-Identifier: Apache-2.0
"""The space of a sweep: what the table says of each parameter, which sets come of it, and what is refused."""

import tomllib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.sweep.space import Axis, Space, space_of
from bot4.domain.errors import BadInput


def space(text: str) -> Space:
    """The space of a configuration's text."""
    return space_of(tomllib.loads(text).get("sweep"), ".".join)


def test_a_grid_is_every_combination_with_both_ends_of_a_range() -> None:
    """A list, a range of whole numbers and a range of fractions; the last parameter changes fastest."""
    found = space(
        '[sweep]\nkind = "momentum"\n[sweep.parameters]\n'
        "lookback = { from = 10, to = 30, step = 10 }\nenter = [0.5, 1.0]\nleave = { from = 0.1, to = 0.3, step = 0.1 }"
    )
    assert found.names == ("lookback", "enter", "leave")
    assert list(found.grid()) == list(product((10, 20, 30), (0.5, 1.0), (0.1, 0.2, 0.3)))
    assert found.grid_size == 18


@pytest.mark.parametrize(
    ("text", "value", "mend"),
    [
        ("", "no table [sweep]", "examples"),
        ("[sweep]\nkind = 'momentun'\nparameters = { enter = 1 }", "momentun", "Did you mean momentum?"),
        ("[sweep]\nkind = 'momentum'\nparametres = { enter = 1 }", "parametres", "Did you mean parameters?"),
        ("[sweep]\nkind = 'momentum'\nparameters = { entr = 1 }", "sweep.parameters.entr", "Did you mean enter?"),
        ("[sweep]\nkind = 'momentum'\nparameters = {}", "{}", "Add one."),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = '1' }", '"1"', "without quotes"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = true }", "true", "Write numbers"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = nan }", "nan", "Write numbers"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = [] }", "[]", "Correct the list"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = [1, 1.0] }", "[1, 1.0]", "Correct the list"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 1 } }", "no to", "Add to"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 1, to = 0, step = 1 } }", "from 1", "Correct"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 0, to = 1, step = 0 } }", "step 0", "Correct"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 0, to = 1, step = 1e-9 } }", "step", "Correct"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 0, to = 1, scale = 'log' } }", "log", "Correct"),
        ("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 0, to = 1, stp = 1 } }", "stp", "mean step"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_place(text: str, value: str, mend: str) -> None:
    """Every refusal names what was found and how to mend it."""
    with pytest.raises(BadInput) as caught:
        space(text)
    assert value in caught.value.value
    assert mend in caught.value.mend


def test_a_grid_over_a_range_without_a_step_is_refused() -> None:
    """Only chance can choose from it, and the message says so."""
    found = space("[sweep]\nkind = 'momentum'\nparameters = { enter = { from = 0, to = 1 } }")
    with pytest.raises(BadInput, match="step"):
        found.grid()


@given(seed=st.integers(0, 1 << 32), count=st.integers(1, 60))
def test_drawn_sets_are_different_lie_in_their_ranges_and_repeat_with_their_seed(seed: int, count: int) -> None:
    """Whole numbers stay whole, ends are kept, logarithmic ranges too; the same seed draws the same."""
    axes = (
        Axis("listed", (1, 2.5)),
        Axis("whole", (), 3, 9),
        Axis("even", (), -0.5, 0.5),
        Axis("ratio", (), 10, 1000, is_log=True),
    )
    found = Space("momentum", axes).drawn(count, seed)
    assert len(found) == count == len(set(found))
    for listed, whole, even, ratio in found:
        assert listed in (1, 2.5)
        assert isinstance(whole, int)
        assert 3 <= whole <= 9
        assert -0.5 <= even <= 0.5
        assert isinstance(ratio, int)
        assert 10 <= ratio <= 1000
    assert Space("momentum", axes).drawn(count, seed) == found


def test_drawing_more_sets_than_there_are_gives_all_of_them() -> None:
    """A small space is simply searched whole; one that has too few values between its ends gives what it has."""
    small = Space("momentum", (Axis("a", (1, 2)), Axis("b", (3, 4, 5))))
    assert small.drawn(100, 1) == list(product((1, 2), (3, 4, 5)))
    assert sorted(Space("momentum", (Axis("a", (), 1, 4),)).drawn(100, 1)) == [(1,), (2,), (3,), (4,)]
