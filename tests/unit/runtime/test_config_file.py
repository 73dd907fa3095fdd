# SPDX-License-Identifier: Apache-2.0
"""The configuration: what wins over what, where each value came from, and what a mistake is told."""

import json
import os
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.errors import BadInput, OutsideFault
from bot4.runtime.config_file import LoadedSettings, Override, load_settings, parse_override, settings_schema
from bot4.runtime.settings import Settings, canonical

pytestmark = pytest.mark.requirement("P-21")


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None, *flags: str) -> LoadedSettings:
    """Write a file called my.toml and load it."""
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environment or {}, [parse_override(flag) for flag in flags])


def refused(tmp_path: Path, text: str, environment: dict[str, str] | None = None, *flags: str) -> BadInput:
    """Return the error that loading raises, its place with the folder taken off."""
    with pytest.raises(BadInput) as caught:
        load(tmp_path, text, environment, *flags)
    caught.value.place = caught.value.place.replace(f"{tmp_path}{os.sep}", "")
    return caught.value


def test_nothing_given_is_the_default_run() -> None:
    """Without file, variables and flags the settings are the defaults, and no key has a source."""
    loaded = load_settings()
    assert loaded.settings == Settings()
    assert {source for _, _, source in loaded.rows()} == {"default"}


def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(tmp_path: Path) -> None:
    """Each of four keys comes from the strongest source that sets it, and says which."""
    text = "[costs]\nmaker = 0.1\ntaker = 0.1\nslippage = 0.01\n"
    environment = {"BOT4_COSTS__MAKER": "0.2", "BOT4_COSTS__TAKER": "0.2"}
    loaded = load(tmp_path, text, environment, "costs.maker=0.3")
    costs = loaded.settings.costs
    assert (costs.maker, costs.taker, costs.slippage, costs.latency_ms) == (0.3, 0.2, 0.01, 0)
    sources = {key: source.rpartition(os.sep)[2] for key, _, source in loaded.rows()}
    assert sources["costs.maker"] == "--set"
    assert sources["costs.taker"] == "BOT4_COSTS__TAKER"
    assert sources["costs.slippage"] == "my.toml:4"
    assert sources["costs.latency_ms"] == "default"


def test_the_last_flag_wins() -> None:
    """A key set by two flags has the value of the later one."""
    loaded = load_settings(None, {}, [Override("seed", "1", "--set"), Override("seed", "2", "--seed")])
    assert loaded.settings.seed == 2
    assert loaded.sources == {"seed": "--seed"}


def test_one_element_of_a_list_can_be_set(tmp_path: Path) -> None:
    """A number in a key names an element: of the default list, or of the file's."""
    assert load(tmp_path, "", {}, "strategies.2.weight=3").settings.strategies[2].weight == 3.0
    text = '[[strategies]]\nkind = "breakout"\nparameters = { entry = 9 }\n'
    strategy = load(tmp_path, text, {"BOT4_STRATEGIES__0__PARAMETERS__LEAVE": "4"}).settings.strategies[0]
    assert strategy.parameters == {"entry": 9, "leave": 4}


def test_a_text_setting_takes_its_text_as_it_is() -> None:
    """A text needs no quotes on the command line, even one that looks like a number or a date."""
    settings = load_settings(None, {"BOT4_EVIDENCE__TRIAL_LEDGER": "2023"}, [parse_override("gate=observe")]).settings
    assert (settings.evidence.trial_ledger, settings.gate) == ("2023", "observe")


@pytest.mark.parametrize(
    ("text", "place", "value", "allowed", "mend"),
    [
        ("[risk]\nposition_mille = 30", "my.toml:2: risk.position_mille", "30", "from 1 to 20", "Correct"),
        (
            "seed = 1\n[risk]\n\n# x\nposition_mile = 3",
            "my.toml:5",
            "risk.position_mile",
            "gross_mille",
            "position_mille?",
        ),
        ("cost = 1", "my.toml:1", "unknown key cost", "costs", "Did you mean costs?"),
        ('seed = "3"', "my.toml:1: seed", '"3"', "a whole number from 0", "without quotes"),
        ("seed = true", "my.toml:1: seed", "true", "a whole number", "Correct seed"),
        ("seed = 1.5", "my.toml:1: seed", "1.5", "a whole number", "Correct seed"),
        ("[costs]\ntaker = nan", "my.toml:2: costs.taker", "nan", "a number from 0 to 1", "Correct"),
        ("[evidence]\nsharpe_excess_min = inf", "my.toml:2: evidence.sharpe_excess_min", "inf", "a number", "Correct"),
        ("[decision]\nstop_atr = 0", "my.toml:2: decision.stop_atr", "0", "above 0 and at most 100", "Correct"),
        ("costs = 3", "my.toml:1: costs", "3", "a table of maker", "Correct"),
        ("strategies = 3", "my.toml:1: strategies", "3", "a list, each a table of kind", "Correct"),
        ('gate = "enforced"', "my.toml:1: gate", '"enforced"', "enforce or observe", "Did you mean enforce?"),
        ("gate = \u201cobserve\u201d", "my.toml:1", "Invalid value", "key = value", "curly quotes"),
        ("seed = 1\n[risk\n", "my.toml:2", "[risk", "key = value", "Correct the line"),
        ("a = [1,\n2,\n", "my.toml:2", "2,", "key = value", "Correct the line"),
        (
            '[[strategies]]\nkind = "momentun"',
            "my.toml:2: strategies.0.kind",
            '"momentun"',
            "file.py:",
            "mean momentum?",
        ),
        ("[[strategies]]\nweight = 1.0", "my.toml:2", "no kind", "a text", "Add it"),
        ("strategies = []", "my.toml:1: strategies", "[]", "at least one", "momentum"),
        (
            '[[strategies]]\nkind = "breakout"\n\n[[strategies]]\nkind = "breakout"\n',
            "my.toml:5: strategies.1.kind",
            "a second time",
            "each strategy once",
            "Leave one out",
        ),
        (
            '[[strategies]]\nkind = "breakout"\n[strategies.parameters]\nentri = 3\n',
            "my.toml:4: strategies.0.parameters.entri",
            "entri",
            "entry, leave",
            "Did you mean entry?",
        ),
        ('[[strategies]]\nkind="breakout"\nfreeze="1.2.23"', "my.toml:3: strategies.0.freeze", "1.2", "YYYY", "2023"),
        ("[risk]\nreduce_mille = 40\npause_mille = 40", "my.toml:3: risk.pause_mille", "40", "above reduce", "ladder"),
        ("[risk]\nemergency_mille = 99", "my.toml:2: risk.emergency_mille", "99", "above pause_mille", "ladder"),
        ("[costs]\nfee_tiers = [[1, 0.1, 0.1]]", "my.toml:2: costs.fee_tiers.0", "[1.0", "the first from 0", "Sort"),
        ("[costs]\nfee_tiers = [[1, 0.1]]", "my.toml:2: costs.fee_tiers", "[[1, 0.1]]", "a list of 3", "Correct"),
        (
            '[[instruments]]\nsymbol="A"\ntick_size="0"',
            "my.toml:3: instruments.0.tick_size",
            '"0"',
            "positive",
            "Write",
        ),
        ('[[instruments]]\nsymbol="A"\ntype="sport"', "my.toml:3: instruments.0.type", "sport", "spot, ", "mean spot?"),
        ('[[instruments]]\nsymbol="A"\n[[instruments]]\nsymbol="A"', "my.toml:4: instruments.1", "A", "once", "Join"),
        ('features = ["rsi_14", "rsj_14"]', "my.toml:1: features.1", "rsj_14", "features list", "mean rsi_14?"),
        ('features = ["vpin_50_100"]', "my.toml:1: features.0", "vpin_50_100", "of bars", "where a strategy reads"),
        ('features = ["rsi_14", "rsi_14"]', "my.toml:1: features.1", "a second time", "once", "Leave one out"),
        (
            '[decision]\natr_feature = "atr"',
            "my.toml:2: decision.atr_feature",
            '"atr"',
            "features list",
            "atr_{window}",
        ),
    ],
)
def test_a_mistake_in_the_file_is_told_with_line_value_allowed_and_mend(
    tmp_path: Path, text: str, place: str, value: str, allowed: str, mend: str
) -> None:
    """A mistake names the file and line, what stood there, what may stand there and how to mend it."""
    error = refused(tmp_path, text)
    assert error.place.startswith(place)
    assert value in error.value
    assert allowed in error.allowed
    assert mend in error.mend


@pytest.mark.parametrize(
    ("environment", "flags", "place", "value", "mend"),
    [
        ({"BOT4_COSTS__TAKR": "1"}, (), "BOT4_COSTS__TAKR", "costs.takr", "Did you mean BOT4_COSTS__TAKER?"),
        ({"BOT4_POSITION_MILLE": "1"}, (), "BOT4_POSITION_MILLE", "position_mille", "config schema"),
        ({"BOT4_RISK__POSITION_MILLE": "30"}, (), "BOT4_RISK__POSITION_MILLE: risk", "30", "Correct"),
        ({"BOT4_COSTS__TAKER": "a lot"}, (), "BOT4_COSTS__TAKER: costs.taker", '"a lot"', "Correct"),
        ({}, ("risk.position_mille=30",), "--set: risk.position_mille", "30", "Correct"),
        ({}, ("risk.positon_mille=3",), "--set", "risk.positon_mille", "Did you mean position_mille?"),
        ({}, ("strategies.3.weight=1",), "--set", "no element 3", "Count from 0"),
        ({}, ("seed.deep=1",), "--set", "seed.deep", "config schema"),
        ({}, ("seed",), "--set", '"seed"', "Write the key"),
        ({}, ("=1",), "--set", '"=1"', "Write the key"),
    ],
)
def test_a_mistake_in_a_variable_or_flag_names_it(
    tmp_path: Path, environment: dict[str, str], flags: tuple[str, ...], place: str, value: str, mend: str
) -> None:
    """A mistake outside the file is blamed on the variable or flag that made it."""
    error = refused(tmp_path, "", environment, *flags)
    assert error.place.startswith(place)
    assert value in error.value
    assert mend in error.mend


def test_the_ladder_is_blamed_on_the_key_that_was_set(tmp_path: Path) -> None:
    """Where two keys contradict and one is a default, the place is that of the other."""
    assert refused(tmp_path, "seed = 1\n[risk]\npause_mille = 50\n").place.startswith("my.toml:3")
    assert refused(tmp_path, "[risk]\nreduce_mille = 50\n", {}, "risk.pause_mille=20").place.startswith("--set")


def test_variables_of_other_programs_are_left_alone() -> None:
    """Variables without the prefix, and those of the build and the tests, are no settings."""
    loaded = load_settings(None, {"HOME": "x", "BOT4_SHARED": "x", "BOT4_TRACEBACK": "1", "SEED": "3"})
    assert loaded.settings == Settings()


def test_a_missing_file_and_a_folder_are_bad_input(tmp_path: Path) -> None:
    """A path that leads to no file names the path and says that none is needed."""
    for path in (tmp_path / "no.toml", tmp_path, tmp_path / "no.toml" / "deeper"):
        with pytest.raises(BadInput) as caught:
            load_settings(path)
        assert caught.value.place == str(path)
        assert caught.value.code == "no_file"


def test_a_file_that_is_no_text_is_bad_input(tmp_path: Path) -> None:
    """Bars given as the configuration are recognised, and the flag they belong to is named."""
    path = tmp_path / "bars.parquet"
    path.write_bytes(b"PAR1\n\xff\xfe")
    with pytest.raises(BadInput, match=r"bars\.parquet:2: byte 5 .*--bars"):
        load_settings(path)


def test_an_unreadable_file_is_a_fault_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses to read, exit code 3 is due."""
    path = tmp_path / "my.toml"
    path.write_text("", encoding="utf-8")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(OutsideFault, match="Permission denied"):
        load_settings(path)


def test_an_editors_byte_order_mark_and_line_ends_do_no_harm(tmp_path: Path) -> None:
    """A file saved on another system reads the same, and its lines count the same."""
    path = tmp_path / "my.toml"
    path.write_bytes("\ufeffseed = 4\r\n[risk]\r\nposition_mille = 7\r\n".encode())
    loaded = load_settings(path)
    assert (loaded.settings.seed, loaded.settings.risk.position_mille) == (4, 7)
    assert loaded.sources["risk.position_mille"] == f"{path}:3"


def test_the_schema_is_closed_and_knows_every_range() -> None:
    """What editors are given refuses unknown keys and holds the ceiling of a position."""
    schema = settings_schema()
    text = json.dumps(schema)
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    assert all(part["additionalProperties"] is False for part in definitions.values())
    assert definitions["RiskSettings"]["properties"]["position_mille"]["maximum"] == 20
    assert definitions["Settings"]["properties"]["gate"]["enum"] == ["enforce", "observe"]
    assert json.loads(text) == schema


VALUES = st.recursive(
    st.one_of(st.integers(-5, 2000), st.floats(), st.booleans(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["kind", "weight", "taker", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([*Settings.__struct_fields__, "sed", ""])


def toml(value: object) -> str:
    """Write a value as TOML, all inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=True).replace("NaN", "nan").replace("Infinity", "inf")


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_file_gives_settings_or_one_error_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    """Valid TOML gives settings as msgspec reads them, or bad input that names a line."""
    text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in tree.items())
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    try:
        settings = load_settings(path).settings
    except BadInput as error:
        told = error.fields()
    else:
        told = {"place": f"{path}:"}
        assert canonical(settings) == canonical(msgspec.convert(tomllib.loads(text), Settings))
    assert told["place"].startswith(f"{path}:")
    assert all(told.values())
