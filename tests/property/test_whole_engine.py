# SPDX-License-Identifier: Apache-2.0
"""Whole runs over generated markets: the future is unreachable, batch equals stream, and risk's promises hold."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from bot4.account.reconciliation import reconcile
from bot4.decision.strategies import Strategy, View
from bot4.domain.instrument import LINEAR_PERPETUAL, SPOT, Instrument
from bot4.domain.order import ENTER, EXIT, ORDER_STATES, PROTECT_STOP, Submit
from bot4.domain.signal import Signal
from bot4.domain.values import HOUR_NS
from bot4.domain.verdict import EMERGENCY, PAUSED
from bot4.kernels.features import DEFAULT_FEATURES
from bot4.runtime.settings import RiskSettings, Settings, StrategySettings
from bot4.runtime.strategy_loader import Recruit, recruit
from tests.simulation.engine_run import LIVELY, Ran, Table, Word, coin, costs, lively, run, walk

WHOLE_RUNS = settings(max_examples=max(5, settings().max_examples // 8))
"""Each example is a run or two of some hundred bars."""

ENDED = ("filled", "canceled", "rejected", "expired")


class Remembering(Strategy):
    """A user's strategy with a memory and every feature of the default set: it trades on a digest of all it saw."""

    def __init__(self) -> None:
        self.name = "remembering"
        self.features = tuple(DEFAULT_FEATURES)
        self.memory = 0.0

    def on_bar(self, view: View) -> Signal | None:
        """Turn around whenever the digest of all features crosses one."""
        digest = sum(number for name in self.features if abs(number := view[name]) < 1e12)
        self.memory = 0.9 * self.memory + digest / (1.0 + abs(digest)) + float(view.bar.volume % 7) - 3.0
        wish = 0.0 if abs(self.memory) < 1.0 else 1.0 if self.memory > 0 else -0.7
        return Signal(wish, f"{self.memory:.3f}", view.after(5)) if wish != view.position else None

    def state(self) -> tuple[float, ...]:
        """Return the digest."""
        return (self.memory,)


def recruits() -> list[Recruit]:
    """The shipped strategies and the remembering one."""
    shipped = recruit(LIVELY, Path())
    return [*shipped, Recruit(len(shipped), StrategySettings(kind="test.py:Remembering"), Remembering, "")]


def market(draw: st.DrawFn) -> tuple[list[Table], list[Instrument], Settings]:
    """One or two instruments, few bars, and a venue that may be slow, thin and dear."""
    count = draw(st.integers(1, 2))
    bars = draw(st.integers(40, 400))
    kind = draw(st.sampled_from([SPOT, LINEAR_PERPETUAL]))
    volume = draw(st.sampled_from([400_000, 2_000, 200]))
    noise = draw(st.sampled_from([0.004, 0.03]))
    seed = draw(st.integers(0, 10_000))
    tables = [walk(seed + i, bars, volume=volume, noise=noise, gaps=0.05) for i in range(count)]
    listed = [coin(i, symbol=f"{chr(65 + i) * 3}USDT", instrument_type=kind) for i in range(count)]
    told = lively(
        costs=costs(
            latency_ms=draw(st.sampled_from([0, 1, 1_800_000, 3_600_000, 5_400_000])),
            taker=draw(st.sampled_from([0.001, 0.05])),
        ),
        risk=RiskSettings(**draw(st.sampled_from(LADDERS))),
    )
    return tables, listed, told


LADDERS: Sequence[dict[str, int]] = ({}, {"reduce_mille": 1, "pause_mille": 2, "emergency_mille": 4})
markets = st.composite(market)()


def run_market(given_market: tuple[list[Table], list[Instrument], Settings], **how: Any) -> Ran:
    """Run a drawn market with all strategies."""
    tables, listed, told = given_market
    return run(tables, told, instruments=listed, recruits=recruits(), **how)


@pytest.mark.requirement("P-18", "P-01")
@WHOLE_RUNS
@given(markets, st.data())
def test_the_future_is_unreachable(drawn: tuple[list[Table], list[Instrument], Settings], data: st.DataObject) -> None:
    """A series cut at a random bar gives, byte for byte, the journal that the whole series gives up to there."""
    tables, listed, told = drawn
    whole = run_market(drawn)
    last = max(int(table[0, -1]) for table in tables)
    first = min(int(table[0, 0]) for table in tables)
    cut = data.draw(st.integers(first + HOUR_NS, last), label="cut")
    kept = [table[:, table[0] < cut] for table in tables]
    if not all(table.shape[1] for table in kept):
        return
    before = run_market((kept, listed, told)).decided()
    assert whole.decided()[: len(before)] == before


@pytest.mark.requirement("P-18")
@WHOLE_RUNS
@given(st.integers(0, 10_000), st.integers(30, 250), st.integers(0, 10_000))
def test_another_future_changes_nothing_that_was_decided(seed: int, cut: int, other: int) -> None:
    """Two series equal up to a bar and wholly different after it share every record known before that bar opened."""
    one = walk(seed, 300, gaps=0.0)
    two = one.copy()
    two[1:, cut:] = walk(other + 20_000, 300, gaps=0.0, noise=0.05)[1:, cut:]
    opened = int(one[0, cut])
    told = [run(table, lively(), recruits=recruits()).raws(before_ns=opened) for table in (one, two)]
    assert told[0] == told[1]
    assert told[0]


@pytest.mark.requirement("P-29", "P-01", "I-10", "ML_001")
@WHOLE_RUNS
@given(markets)
def test_features_ahead_and_bar_by_bar_give_the_same_run(drawn: tuple[list[Table], list[Instrument], Settings]) -> None:
    """The same bytes and the same state hash, whether a block is computed in one pass or each bar as it comes."""
    ahead, streamed = run_market(drawn, ahead=True), run_market(drawn, ahead=False)
    assert ahead.journal == streamed.journal
    assert ahead.state == streamed.state


@pytest.mark.requirement("I-10")
@WHOLE_RUNS
@given(markets, st.integers(1, 97))
def test_how_the_bars_are_cut_into_blocks_is_irrelevant(
    drawn: tuple[list[Table], list[Instrument], Settings], chunk: int
) -> None:
    """Blocks of one bar, of any number, or of all: the same bytes and the same state hash."""
    whole, cut = run_market(drawn), run_market(drawn, chunk=chunk)
    assert whole.journal == cut.journal
    assert whole.state == cut.state


def test_a_run_of_several_streams_reads_them_in_the_order_in_which_bars_became_known() -> None:
    """Hourly and four-hourly bars together: rows are consumed by known time, then by the order given."""
    hourly, slow = walk(1, 96, gaps=0.0), walk(2, 24, interval_ns=4 * HOUR_NS, gaps=0.0)
    ran = run([hourly, slow], lively(), intervals_ns=[HOUR_NS, 4 * HOUR_NS])
    assert ran.rows == 96 + 24
    known = sorted([(int(ts) + HOUR_NS, 0) for ts in hourly[0]] + [(int(ts) + 4 * HOUR_NS, 1) for ts in slow[0]])
    for word in ran.of("signal"):
        assert known[word.row] == (word.known_ns, word.instrument)


def replayed_exposure(ran: Ran, tables: int) -> list[dict[str, Any]]:
    """For each approved entry: what was held and open by then, from the journal alone, and what mode was in force."""
    held = [0] * tables
    opened: dict[int, tuple[int, int, int]] = {}
    submitted: dict[int, Word] = {}
    mode = 0
    seen: list[dict[str, Any]] = []
    for word in ran.words():
        if word.kind == "position":
            held[word.instrument] = word.lots
        elif word.kind == "mode":
            mode = word.mode
        elif word.kind == "submit":
            submitted[word.order_id] = word
            if word.purpose == ENTER:
                opened[word.intent_id] = (word.instrument, word.side, word.lots)
        elif word.kind == "order_update" and word.purpose == ENTER:
            ended = ORDER_STATES[word.state] in ENDED
            opened[word.intent_id] = (word.instrument, word.side, 0 if ended else word.leaves)
        elif word.kind == "approved" and word.request["purpose"] == ENTER:
            i = word.request["instrument"]
            others = sum(side * lots for instrument, side, lots in opened.values() if instrument == i)
            seen.append({"word": word, "held": held[i], "open": others, "mode": mode})
    return seen


@pytest.mark.requirement("I-6", "I-8", "RISK_001", "RISK_002/position_size_limit", "RISK_002/with_portfolio")
@WHOLE_RUNS
@given(markets)
def test_no_entry_is_approved_beyond_the_limits(drawn: tuple[list[Table], list[Instrument], Settings]) -> None:
    """Held, open and wished together stay within 2 % of equity; every entry has its stop; none when paused."""
    tables, listed, _ = drawn
    ran = run_market(drawn)
    for seen in replayed_exposure(ran, len(tables)):
        asked = seen["word"].request
        checks = {check["rule"]: check for check in seen["word"].checks}
        worst = max(abs(seen["held"]), abs(seen["held"] + seen["open"])) + asked["lots"]
        instrument = listed[asked["instrument"]]
        notional = worst * asked["reference"] * instrument.tick * instrument.lot
        cap = checks["risk.position_cap"]
        assert notional <= cap["limit"] + 1e-6
        assert cap["measured"] <= cap["limit"] <= 0.02 * 200_000
        assert asked["side"] * (asked["reference"] - asked["stop"]) > 0 < asked["stop"]
        assert seen["mode"] < PAUSED


@pytest.mark.requirement("I-7", "stop_loss_manager", "P-10")
@WHOLE_RUNS
@given(markets)
def test_what_is_held_has_its_stop_at_the_venue_at_every_moment(
    drawn: tuple[list[Table], list[Instrument], Settings],
) -> None:
    """Without latency, whenever a moment is over: stops cover exactly what is held, or an exit is at the venue."""
    tables, listed, told = drawn
    ran = run_market((tables, listed, structs.replace(told, costs=costs(taker=told.costs.taker))))
    held = [0] * len(tables)
    working: dict[int, Word] = {}
    leaves: dict[int, int] = {}
    words = ran.words()
    for word, following in pairwise(words):
        if word.kind == "position":
            held[word.instrument] = word.lots
        elif word.kind == "submit":
            working[word.order_id] = word
            leaves[word.order_id] = word.lots
        elif word.kind == "order_update":
            leaves[word.order_id] = 0 if ORDER_STATES[word.state] in ENDED else word.leaves
        if following.known_ns == word.known_ns:
            continue
        for i, lots in enumerate(held):
            mine = [order for number, order in working.items() if order.instrument == i and leaves[number]]
            covered = sum(leaves[order.order_id] for order in mine if order.purpose == PROTECT_STOP)
            assert lots == 0 or covered == abs(lots) or any(order.purpose == EXIT for order in mine)


@pytest.mark.requirement("I-3", "I-4", "P-28", "I-1", "P2-1")
@WHOLE_RUNS
@given(markets)
def test_books_equal_the_venue_s_and_no_order_is_lost(drawn: tuple[list[Table], list[Instrument], Settings]) -> None:
    """Cash, positions and fees to the unit; every order sent has one fate; every execution is one fill."""
    _, listed, _ = drawn
    ran = run_market(drawn)
    statement = ran.venue.statement()
    assert reconcile(ran.wired.portfolio, statement, listed) == []
    state: dict[int, str] = {}
    for word in ran.of("submit", "order_update"):
        if word.kind == "submit":
            assert word.order_id not in state
            state[word.order_id] = "sent"
        else:
            assert state[word.order_id] not in ENDED
            state[word.order_id] = ORDER_STATES[word.state]
    still_open = {order_id for order_id, name in state.items() if name not in ENDED}
    at_venue = {order[0] for order in statement.open_orders}
    waiting = {int(item.command.order_id) for item in ran.venue.in_flight if isinstance(item.command, Submit)}
    assert still_open == at_venue | waiting
    executions, fills = ran.of("execution"), ran.of("fill")
    assert [word.trade_id for word in executions] == [word.trade_id for word in fills]
    assert len(executions) == statement.executions


@pytest.mark.requirement("I-5", "U-1", "U-5", "EMOTION_001-B")
@WHOLE_RUNS
@given(markets)
def test_every_order_traces_back_to_approval_intent_and_certificates(
    drawn: tuple[list[Table], list[Instrument], Settings],
) -> None:
    """Each submit rests on an earlier approval, that on an earlier intent, that on earlier certificates and signals."""
    certificates: dict[int, Word] = {}
    signals: set[tuple[int, int, int, float]] = set()
    intents: dict[int, Word] = {}
    approved: dict[int, Word] = {}
    for word in run_market(drawn).words():
        if word.kind == "signal":
            signals.add((word.known_ns, word.slot, word.instrument, word.strength))
        elif word.kind == "certificate":
            assert (word.known_ns, word.slot, word.instrument, word.strength) in signals
            certificates[word.certificate_id] = word
        elif word.kind == "intent":
            for share in word.shares:
                assert certificates[share["certificate_id"]].slot == share["slot"]
            assert word.shares or word.request["purpose"] != ENTER
            intents[word.request["intent_id"]] = word
        elif word.kind == "approved":
            number = word.request["intent_id"]
            assert number in intents or (number < -1 and word.mode == EMERGENCY)
            if number in intents:
                assert word.request["lots"] <= intents[number].request["lots"]
            approved[number] = word
        elif word.kind == "submit":
            assert word.lots <= approved[word.intent_id].request["lots"] or word.purpose != ENTER
            assert word.reduce_only == (word.purpose != ENTER)


@pytest.mark.requirement("RISK_001", "U-6")
def test_the_ladder_is_walked_down_and_the_emergency_is_flat_for_good() -> None:
    """Two positions are held when one market halves: emergency at once, the other closed, and nothing entered again."""
    tables = [walk(3, 900, noise=0.004), walk(4, 900, noise=0.004)]
    told = lively(risk=RiskSettings(reduce_mille=3, pause_mille=5, emergency_mille=8), strategies=LIVELY[:1])
    crash = both_held(run(tables, told).of("position"))
    tables[0][1:5, tables[0][0] >= crash] //= 2
    ran = run(tables, told)
    [emergency] = [word for word in ran.of("mode") if word.mode == EMERGENCY]
    assert crash <= emergency.known_ns <= crash + 2 * HOUR_NS
    after = [word for word in ran.words() if word.row > emergency.row]
    assert any(word.kind == "signal" for word in after)
    assert not [word for word in after if word.kind == "approved" and word.request["purpose"] == ENTER]
    closing = [word for word in ran.of("approved") if word.request["intent_id"] < -1]
    assert {word.request["instrument"] for word in closing} == {1}
    assert [int(ran.wired.portfolio.lots(i)) for i in (0, 1)] == [0, 0]


def both_held(positions: list[Word]) -> int:
    """A moment, on the hour, from which both instruments stay long for two hours."""
    held = [0, 0]
    for word, following in pairwise(positions):
        held[word.instrument] = word.lots
        if min(held) > 15_000 and following.known_ns - word.known_ns > 3 * HOUR_NS:
            return (word.known_ns // HOUR_NS + 1) * HOUR_NS
    pytest.fail("nowhere are both held")


def test_enforced_the_gate_lets_nothing_through_that_has_no_record() -> None:
    """A month of random walk: signals are refused by evidence, and no order leaves."""
    ran = run(walk(5, 24 * 30), lively(gate="enforce"))
    assert ran.of("signal")
    assert ran.of("submit", "intent", "certificate") == []
    assert {word.rule.partition(".")[0] for word in ran.of("refused")} == {"evidence"}


def test_the_shadow_record_is_the_same_whatever_the_gate_does() -> None:
    """Observed or enforced, the evidence is that of the signals."""
    table = walk(6, 24 * 40)
    told = [run(table, lively(gate=gate)).raws("evidence") for gate in ("observe", "enforce")]
    assert told[0] == told[1]
    assert len(told[0]) > 100


def test_the_generated_market_is_worth_testing_on() -> None:
    """The walks of these tests really trade: hundreds of fills, stops, refusals and partial fills among them."""
    ran = run(walk(1, 2_000, volume=2_000), lively(), recruits=recruits())
    assert ran.fills() >= 400
    assert {ORDER_STATES[word.state] for word in ran.of("order_update")} >= {"filled", "canceled", "part_filled"}
    assert np.array_equal(walk(1, 50), walk(1, 50))
