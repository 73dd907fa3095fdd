# SPDX-License-Identifier: Apache-2.0
"""Which files belong to which symbol: names, patterns, and the errors of both."""

from pathlib import Path

import pytest

from bot4.adapters.stores.paths import group_paths, read_name, venue_of
from bot4.domain.errors import BadInput

NAMES = (
    "binance_BTCUSDT_1m_2018.parquet",
    "binance_BTCUSDT_1m_2017.parquet",
    "binance_ETHUSDT_1h.parquet",
    "binanceusdm_BTCUSDT_1h.parquet",
    "bars.csv",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with empty files of these names."""
    for name in NAMES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(groups: dict[str, list[Path]]) -> dict[str, list[str]]:
    """Return groups with the files' names."""
    return {symbol: [path.name for path in paths] for symbol, paths in groups.items()}


@pytest.mark.parametrize(
    ("name", "symbol", "venue"),
    [
        ("binance_BTCUSDT_1m_2017.parquet", "BTCUSDT", "binance"),
        ("lean_coinbase_BTCUSD_1m.parquet", "BTCUSD", "coinbase"),
        ("BTCUSDT-1h-2023-01.csv", "BTCUSDT", None),
        ("1INCHUSDT_1d.csv", "1INCHUSDT", None),
        ("BTCUSDT.csv", "BTCUSDT", None),
        ("bars.csv", None, None),
        ("my_data_1m.csv", None, None),
    ],
)
def test_a_name_tells_symbol_and_venue(name: str, symbol: str | None, venue: str | None) -> None:
    """Where the name follows one of the two customs; otherwise nothing is guessed."""
    found = read_name(Path("somewhere") / name)
    assert (found.symbol, found.venue) == (symbol, venue)


def test_a_pattern_gives_the_files_in_the_order_of_their_names(folder: Path) -> None:
    """Relative or absolute."""
    expected = {"BTCUSDT": ["binance_BTCUSDT_1m_2017.parquet", "binance_BTCUSDT_1m_2018.parquet"]}
    assert names(group_paths(["binance_BTC*"])) == expected
    assert names(group_paths([f"{folder}/binance_BTC*_1m_*.parquet"])) == expected


def test_symbols_choose_among_a_patterns_files_and_give_the_order(folder: Path) -> None:
    """Files of other symbols are left out; without symbols all are taken as they come."""
    assert list(group_paths(["binance_*"], ["ETHUSDT", "BTCUSDT"])) == ["ETHUSDT", "BTCUSDT"]
    assert list(group_paths(["binance_*"])) == ["BTCUSDT", "ETHUSDT"]
    assert list(group_paths(["binance_*"], ["ETHUSDT"])) == ["ETHUSDT"]


def test_a_symbol_before_the_path_overrules_the_name(folder: Path) -> None:
    """Also for patterns, and for names that tell nothing."""
    assert names(group_paths(["PERP=binanceusdm_*", "BTCUSDT=bars.csv"])) == {
        "PERP": ["binanceusdm_BTCUSDT_1h.parquet"],
        "BTCUSDT": ["bars.csv"],
    }


def test_one_symbol_takes_a_file_whose_name_does_not_tell(folder: Path) -> None:
    """There is nothing else it could be."""
    assert names(group_paths(["bars.csv"], ["BTCUSDT"])) == {"BTCUSDT": ["bars.csv"]}


def test_a_path_with_an_equals_sign_that_exists_is_a_path(folder: Path) -> None:
    """The file system is asked first."""
    (folder / "BTCUSDT=old.csv").touch()
    assert names(group_paths(["BTCUSDT=old.csv"], ["BTCUSDT"])) == {"BTCUSDT": ["BTCUSDT=old.csv"]}


def test_the_venue_is_known_where_all_names_agree(folder: Path) -> None:
    """One name without a venue, and it is not."""
    assert venue_of(group_paths(["binance_BTC*"])["BTCUSDT"]) == "binance"
    assert venue_of([Path("binance_A12_1m.csv"), Path("kraken_BTCUSD_1m.csv")]) is None
    assert venue_of([Path("bars.csv")]) is None


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("values", "symbols", "code", "words"),
    [
        ([], [], "path_empty", "at least one file"),
        (["nothing_*.csv"], [], "path_empty", "no file matches"),
        (["bars.csv"], [], "symbol_unknown", "Write --bars SYMBOL=bars.csv"),
        (["bars.csv"], ["BTCUSDT", "ETHUSDT"], "symbol_unknown", "does not name its symbol"),
        (["binance_ETHUSDT_1h.parquet"], ["BTCUSDT"], "symbol_differs", "a file of ETHUSDT"),
        (["ETHUSDT=bars.csv"], ["BTCUSDT"], "symbol_differs", "--symbol ETHUSDT"),
        (["binance_ETH*"], ["ETHUSDT", "BTCUSDT"], "symbol_without_file", "--symbol BTCUSDT"),
        (["bars.csv", "./bars.csv"], ["BTCUSDT"], "file_repeated", "twice"),
        (["*BTCUSDT*"], ["BTCUSDT"], "venue_mixed", "one venue"),
    ],
)
def test_unclear_paths_are_refused(
    folder: Path, values: list[str], symbols: list[str], code: str, words: str
) -> None:  # fmt: skip
    """With the value, what is allowed and what to write instead."""
    with pytest.raises(BadInput, match=words) as caught:
        group_paths(values, symbols)
    assert caught.value.code == code
    assert caught.value.place.startswith("--")
