# SPDX-License-Identifier: Apache-2.0
"""The places of keys in a TOML text, through every form a key and a value can take."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot4.runtime.config_lines import key_lines, line_of, split_key

TEXT = '''# a comment with [brackets] and a "quote
a = 1
b.c = "x # no comment"
d = [ # [
  1,
  "]",
]
e = """
f = 1
"""
g = { h = 1 }
[t]
a = \'\'\'
[no]
\'\'\' # end
"quo.ted" . k = 2
[[s]]
kind = 1
[s.p]
q = 1
[[s]]
kind = 2
[[s.deep]]
r = 1
[[s.deep]]
r = 2
'''


def test_each_key_has_the_line_on_which_it_begins() -> None:
    """Headers, dotted and quoted keys, arrays of tables; nothing inside strings, arrays or comments counts."""
    lines = key_lines(TEXT)
    assert lines == {
        ("a",): 2,
        ("b",): 3,
        ("b", "c"): 3,
        ("d",): 4,
        ("e",): 8,
        ("g",): 11,
        ("t",): 12,
        ("t", "a"): 13,
        ("t", "quo.ted"): 16,
        ("t", "quo.ted", "k"): 16,
        ("s",): 17,
        ("s", "0"): 17,
        ("s", "0", "kind"): 18,
        ("s", "0", "p"): 19,
        ("s", "0", "p", "q"): 20,
        ("s", "1"): 21,
        ("s", "1", "kind"): 22,
        ("s", "1", "deep"): 23,
        ("s", "1", "deep", "0"): 23,
        ("s", "1", "deep", "0", "r"): 24,
        ("s", "1", "deep", "1"): 25,
        ("s", "1", "deep", "1", "r"): 26,
    }


def test_a_key_without_a_line_has_that_of_what_holds_it() -> None:
    """A key inside an inline table is found by its table, an unknown one by the first line."""
    lines = key_lines(TEXT)
    assert line_of(lines, ("g", "h")) == 11
    assert line_of(lines, ("s", "1", "kind")) == 22
    assert line_of(lines, ("z",)) == 1


def test_a_dotted_key_is_split_outside_its_quotes() -> None:
    """Dots inside quotes are part of a name."""
    assert split_key("a . \"b.c\" .'d'") == ("a", "b.c", "d")


@given(st.lists(st.text(), max_size=5))
def test_strings_of_any_content_never_hide_the_key_behind_them(texts: list[str]) -> None:
    """Whatever strings hold, the last key has the last line."""
    lines = [f"k{i} = {json.dumps(text)}" for i, text in enumerate(texts)]
    assert key_lines("\n".join([*lines, "last = 1"]))[("last",)] == len(texts) + 1
