# SPDX-License-Identifier: Apache-2.0
"""Explaining an order: the whole chain and nothing else, found by number or by the venue's id."""

import json

import pytest
from librt.strings import BytesWriter

from bot4.domain.errors import BadInput
from bot4.domain.event import CERTIFICATE, EVIDENCE, FEE_TAKEN, POSITION, READINESS, SIGNAL, SUBMIT, Event
from bot4.domain.fee import FeeTaken
from bot4.domain.values import MONEY_ONE, Money, Nanos
from bot4.record.explain import OF_INTENT, OF_ORDER, Step, explain
from bot4.record.format import Record, frame_record
from bot4.record.phrases import PHRASES, explanation_lines, step_line
from bot4.record.schema import kind_name
from bot4.record.wording import Names, plain
from tests.unit.record.events import RUN, seeded_events
from tests.unit.record.story import NAMES, Told, told, venue_id

CHAIN = [
    "evidence",
    "evidence",
    "signal",
    "signal",
    "certificate",
    "certificate",
    "intent",
    "approved",
    "submit",
    "accepted",
    "order_update",
    "execution",
    "fill",
    "order_update",
    "position",
    "execution",
    "fill",
    "order_update",
    "position",
]


def test_the_chain_behind_an_order_is_whole_and_in_order() -> None:
    """Evidence, signals, certificates, intent, verdict, submit, reports, fills, positions: each once, none foreign."""
    found = explain(told(), "7")
    assert [step.name for step in found.steps] == CHAIN
    by_name = {step.name: [each.fields for each in found.steps if each.name == step.name] for step in found.steps}
    assert [fields["evidence_id"] for fields in by_name["evidence"]] == [4, 5]
    assert [fields["reason"] for fields in by_name["signal"]] == ["12 days up", "below the band"]
    assert [fields["certificate_id"] for fields in by_name["certificate"]] == [51, 52]
    assert by_name["approved"][0]["checks"] == [
        {"measured": 0.0195, "limit": 0.02, "rule": "risk.position_cap"},
        {"measured": 0.1, "limit": 1.0, "rule": "risk.gross"},
    ]
    assert [fields["trade_id"] for fields in by_name["fill"]] == [1, 2]
    assert [fields["lots"] for fields in by_name["position"]] == [40, 100]


def test_each_link_names_the_market_row_it_rested_on() -> None:
    """The decision rests on the last bar consumed before it; what came later on later bars."""
    found = explain(told(), "7")
    assert found.row == 122
    rows = [step.row for step in found.steps]
    assert rows == [122] * 9 + [123] * 6 + [124] * 4


def test_an_order_is_found_by_the_id_the_venue_knows() -> None:
    """The client order id leads to the same chain as the number."""
    found = explain(told(), venue_id(7))
    assert found.order_id == 7
    assert found.client_order_id == venue_id(7)
    assert [step.offset for step in found.steps] == [step.offset for step in explain(told(), " 7 ").steps]


def test_a_protective_order_is_explained_by_the_entry_it_protects() -> None:
    """A stop serves the entry's intent, so its chain begins with the same opinions."""
    found = explain(told(), "8")
    assert [step.name for step in found.steps] == [*CHAIN[:8], "submit"]
    assert found.steps[-1].fields["purpose"] == 2


def test_an_order_nobody_wished_for_shows_what_there_is() -> None:
    """Without an intent in the journal the chain is the order's own life."""
    found = explain(told(), "31")
    assert [step.name for step in found.steps] == ["submit", "cancel", "canceled"]
    assert found.row == 200


def test_an_open_journal_is_explained_up_to_where_it_goes() -> None:
    """While the run goes on, what is not yet there is left out."""
    assert [step.name for step in explain(told(closed=False, last=1), "7").steps] == CHAIN[:9]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("9", "such as 8, 7, 31"),
        ("30", "such as 31, 8, 7"),
        (f"b4{RUN[:16]}-1-7", venue_id(7)),
        (f"b4{'0' * 16}-0-7", f"b4{RUN[:16]}-SLOT-NUMBER"),
        ("seven", f"b4{RUN[:16]}-SLOT-NUMBER"),
        ("", "a number"),
    ],
)
def test_an_unknown_order_is_bad_input_that_names_the_nearest(order: str, said: str) -> None:
    """The message says what would have been found."""
    with pytest.raises(BadInput, match=said):
        explain(told(), order)


def test_a_run_without_orders_says_so() -> None:
    """Nothing is near where nothing was sent."""
    with pytest.raises(BadInput, match="sent no order"):
        explain(told(last=0), "1")


def test_the_text_is_one_line_a_link_in_units_people_use() -> None:
    """Prices, quantities and names are those of the run's tables; refused limits and reasons are spelled out."""
    lines = explanation_lines(explain(told(), "7"), NAMES)
    assert len(lines) == 2 + len(CHAIN) + 1
    assert lines[-1] == "Traded +0.50 bp from the price decided at (+ is worse)"
    text = "\n".join(lines)
    for words in (
        f"Order 7, known to the venue as {venue_id(7)}",
        "row 122 of run",
        "2022-01-08 12:00:01 UTC",
        "momentum thinks +0.8 of BTCUSDT until 2022-01-08 12:15:00 UTC: 12 days up",
        "momentum passed (evidence 4: 120 days, 40 trades, p 0.01, Sharpe above chance 2.5 of 3 trials",
        "range failed evidence.p_value: measured 0.4, limit 0.05",
        "the gate only observed, enforced it would have refused",
        "rests on momentum 0.7 (certificate 51), range 0.3 (certificate 52)",
        "risk.position_cap: measured 0.0195, limit 0.02",
        "buy 0.00100 BTC of BTCUSDT, market, reference 20000.00, stop 19000.00, target 22000.00 (to enter)",
        "buy 0.00040 BTC at 20001.00, fee 2.0001 as taker (trade 1)",
        "part_filled: filled 0.00040 BTC, open 0.00060 BTC",
        "BTCUSDT: 0.00100 BTC, cost 2000.1, realised 0, fees 2.0001",
    ):
        assert words in text


def test_the_slippage_is_told_where_it_is_known() -> None:
    """100 lots at 20001 that were decided at 20000; a stop that has not traded has none."""
    assert explain(told(), "7").told()["slippage_bp"] == 0.5
    assert explain(told(), "8").told()["slippage_bp"] is None
    assert explain(told(), "31").slippage_bp is None


def test_every_kind_of_link_has_a_phrase() -> None:
    """Also those that only a real venue brings."""
    kinds = (*OF_ORDER, *OF_INTENT, SUBMIT, POSITION, SIGNAL, EVIDENCE, CERTIFICATE, READINESS)
    assert {kind_name(kind) for kind in kinds} == PHRASES.keys()


def test_every_kind_of_an_orders_chain_has_its_words() -> None:
    """Whatever a chain may hold is told as a line, with the run's names and without; a fee in its own asset."""
    lines = {}
    for event in seeded_events(7, 2_000):
        if event.kind in OF_ORDER:
            record = Record(frame_record(int(event.kind), payload(event), 1, 1), 0)
            lines[int(event.kind)] = step_line(Step(record, 3), Names())
    assert set(lines) == set(OF_ORDER)
    fee = FeeTaken(
        Nanos(1), Nanos(1), order_id=1, trade_id=5, instrument=0, payer=0, amount=130_000, worth=Money(7 * MONEY_ONE),
        asset="BTC",
    )  # fmt: skip
    line = step_line(Step(Record(frame_record(FEE_TAKEN, payload(fee), 1, 1), 0), 3), Names())
    assert line.endswith("instrument 0: fee of 0.0013 BTC, worth 7 (trade 5)")


def payload(event: Event) -> bytes:
    """What an event writes."""
    out = BytesWriter()
    event.write(out)
    return out.getvalue()


def test_without_the_runs_tables_the_text_shows_the_numbers() -> None:
    """No names known: slots, instruments, lots and ticks as they stand in the journal."""
    text = "\n".join(explanation_lines(explain(told(), "7")))
    assert "strategy 0 thinks" in text
    assert "buy 100 lots of instrument 0, market, reference 2,000,000 ticks" in text
    assert "order 31 of instrument 0: stale" in "\n".join(explanation_lines(explain(told(), "31")))


def test_the_chain_is_plain_data() -> None:
    """``--json`` can print it, and it holds what the steps hold."""
    data = json.loads(json.dumps(explain(told(), "7").told()))
    assert [step["name"] for step in data["steps"]] == CHAIN
    assert (data["order_id"], data["row"], data["run"]) == (7, 122, RUN)


def test_what_json_cannot_hold_is_told_as_none_or_hex() -> None:
    """NaN is no JSON: a figure that is not known yet is null; a hash is hex."""
    values = {"p_value": float("nan"), "rows": [{"limit": float("inf"), "passed": True}], "head": b"\x0a", "n": 1}
    assert plain(values) == {"p_value": None, "rows": [{"limit": None, "passed": True}], "head": "0a", "n": 1}


def test_the_journal_is_only_streamed() -> None:
    """Three passes at most, whatever the order."""
    journal = told()
    explain(journal, "7")
    assert journal.passes <= 3
    assert isinstance(journal, Told)
