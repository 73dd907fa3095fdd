# SPDX-License-Identifier: Apache-2.0
"""Why nothing trades: the mode, the evidence, the refusals and the last movement, from the journal alone."""

import json

from bot4.domain.readiness import ALL_INSTRUMENTS, MARKET_STALE, RECONCILING, Readiness
from bot4.record.header import header_record
from bot4.record.journal import JournalWriter
from bot4.record.why import why, why_lines
from tests.unit.record.events import MemorySink
from tests.unit.record.story import HEADER, NAMES, Told, at, told


def test_the_reasons_are_those_of_the_last_record_of_each_kind() -> None:
    """The last mode, each strategy's last judgement, counts by rule, and when something last moved."""
    found = why(told())
    assert found.mode is not None
    assert found.mode.fields["rule"] == "risk.drawdown_10"
    assert {slot: step.fields["evidence_id"] for slot, step in found.evidence.items()} == {0: 4, 1: 5}
    assert {rule: tally.count for rule, tally in found.refused.items()} == {
        "risk.gross": 1,
        "evidence.p_value": 3,
        "evidence.days": 1,
    }
    assert found.refused["evidence.p_value"].last.row == 300
    assert {rule: tally.count for rule, tally in found.untradable.items()} == {"decision.size": 1}
    assert list(found.halted) == [1]
    assert (found.submits, found.fills, found.row) == (3, 2, 301)
    assert found.submit is not None
    assert found.submit.fields["order_id"] == 31
    assert found.fill is not None
    assert found.fill.fields["trade_id"] == 2
    assert found.end is not None


def test_the_text_says_each_reason_in_a_line() -> None:
    """Mode first, then what failed, was judged, was refused, and what moved last."""
    lines = why_lines(why(told()), NAMES)
    assert lines[0].startswith("Safety mode: paused since 2022-01-09 13:00:00 UTC (risk.drawdown_10: measured 0.11")
    assert lines[1] == "Halted: range at 2022-01-09 13:00:01 UTC: ValueError: no such thing"
    text = "\n".join(lines)
    for words in (
        "momentum passed (evidence 4",
        "range failed evidence.p_value: measured 0.4, limit 0.05",
        "Refused 3 times, last 2022-01-09 12:00:02 UTC (BTCUSDT): evidence.p_value: measured 0.4, limit 0.05",
        "Untradable 1 time,",
        "Last of 3 orders: 2022-01-08 12:01:10 UTC, buy 0.00100 BTC of BTCUSDT, limit",
        "Last of 2 fills: 2022-01-08 12:01:00 UTC, buy 0.00060 BTC at 20001.00",
        "market row 301, where the run ended.",
    ):
        assert words in text


def test_a_run_that_never_moved_says_so() -> None:
    """No mode change, no judged day, no order: each is said, not left out."""
    lines = why_lines(why(told(last=0)))
    assert lines[:3] == [
        "Safety mode: normal, never changed.",
        "Evidence: no day was judged yet.",
        "No order was ever sent.",
    ]


def test_the_holds_that_stand_are_told_and_those_that_are_over_are_not() -> None:
    """Over for every instrument is over for each; what stands says since when, and why."""

    def hold(at_s: int, reason: int, instrument: int, *, is_over: bool = False, note: str = "") -> Readiness:
        return Readiness(at(at_s), at(at_s), reason=reason, instrument=instrument, ready=is_over, note=note)

    sink = MemorySink(durable=True)
    writer = JournalWriter(sink, header_record(HEADER))
    for event in (
        hold(1, MARKET_STALE, 0),
        hold(2, MARKET_STALE, 1),
        hold(3, RECONCILING, ALL_INSTRUMENTS, note="the books differ"),
        hold(4, MARKET_STALE, ALL_INSTRUMENTS, is_over=True),
    ):
        writer.append(event)
    writer.commit()
    found = why(Told(sink.data))
    assert [line for line in why_lines(found, NAMES) if "Held" in line] == [
        "Held back since 2022-01-08 12:00:03 UTC: no new risk in every instrument: reconciling (the books differ)."
    ]
    assert [one["reason"] for one in found.holds.told()] == ["reconciling"]


def test_a_run_that_still_goes_on_is_not_called_ended() -> None:
    """An open journal has a last row and no end."""
    found = why(told(closed=False, last=2))
    assert found.end is None
    assert why_lines(found)[-1].endswith("market row 123.")


def test_the_reasons_are_plain_data() -> None:
    """``--json`` can print them."""
    data = json.loads(json.dumps(why(told()).told()))
    assert data["mode"] == "paused"
    assert data["refused"]["evidence.p_value"]["count"] == 3
    assert data["evidence"]["1"]["fields"]["rule"] == "evidence.p_value"
    assert (data["ended"], data["interrupted"], data["orders"], data["fills"]) == (True, False, 3, 2)
    assert json.loads(json.dumps(why(told(last=0)).told()))["mode"] == "normal"
