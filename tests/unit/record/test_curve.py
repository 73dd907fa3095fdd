# SPDX-License-Identifier: Apache-2.0
"""The curve: bounded memory, even samples, exact days, drawdown and totals."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from bot4.account.portfolio import Portfolio
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, PROTECT_STOP, Execution, Fill
from bot4.domain.position import DayClosed, Position
from bot4.domain.readiness import ALL_INSTRUMENTS, RECONCILING, WARMING, Readiness
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, DAY_NS, HOUR_NS, MINUTE_NS, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import NORMAL, REDUCED, Mode
from bot4.record.curve import MODES_MAX, CurveRecorder

START = Money(100_000 * MONEY_ONE)
BEGIN = 19_000 * DAY_NS


def instruments(count: int = 1) -> list[Instrument]:
    """Return instruments of a tick of 0.01 and a lot of 0.001."""
    steps = {"tick_size": Decimal("0.01"), "lot_size": Decimal("0.001")}
    return [Instrument(i, f"SYM{i}USDT", base=f"SYM{i}", quote="USDT", **steps) for i in range(count)]  # type: ignore[arg-type]


def bar(at_ns: int, close: int, instrument: int = 0) -> Bar:
    """Return a flat bar that is known at a time."""
    ticks = Ticks(close)
    return Bar(Nanos(at_ns), instrument, Nanos(at_ns - MINUTE_NS), ticks, ticks, ticks, ticks, Lots(1000))


def fill(at_ns: int, price: int, *, side: int = BUY, purpose: int = ENTER, lots: int = 1000, fee: int = 7) -> Fill:
    """Return one execution applied to our books."""
    at = Nanos(at_ns)
    execution = Execution(
        at, at, order_id=1, trade_id=1, instrument=0, side=side, lots=Lots(lots), price=Ticks(price),
        fee=Money(fee), is_maker=False,
    )  # fmt: skip
    return Fill(execution, intent_id=1, slot=0, purpose=purpose)


def feed(recorder: CurveRecorder, *events: Bar | Equity | Fill | Position | Mode | Readiness) -> Outbox:
    """Hand over events at their known times."""
    out = Outbox(4)
    for event in events:
        recorder.handle(event, event.ts_known_ns, out)
    return out


def test_memory_is_bounded_and_samples_stay_even_whatever_the_length() -> None:
    """Fifty thousand minutes leave at most 64 samples, equally far apart, the last being now."""
    recorder = CurveRecorder(instruments(), START, samples_max=64)
    for minute in range(1, 50_001):
        feed(recorder, bar(BEGIN + minute * MINUTE_NS, 100 + minute))
        assert len(recorder.samples.times_ns) <= 64
    samples = recorder.samples_now()
    assert 32 <= len(samples.times_ns) <= 64
    assert samples.times_ns[-1] == BEGIN + 50_000 * MINUTE_NS
    steps = {b - a for a, b in zip(samples.times_ns[1:-2], samples.times_ns[2:-1], strict=True)}
    assert max(steps) - min(steps) <= MINUTE_NS, "a cell is no multiple of a minute, so a minute either way"
    assert samples.closes[0][-1] == 50_100


@given(st.integers(2, 2_000), st.integers(2, 64))
def test_a_run_of_known_length_is_never_thinned(bars: int, size: int) -> None:
    """Told how long the run is, the recorder spaces its samples for it from the first on."""
    recorder = CurveRecorder(instruments(), START, samples_max=size, span_ns=bars * MINUTE_NS)
    step = recorder.samples.step_ns
    for number in range(bars):
        feed(recorder, bar(BEGIN + (number + 1) * MINUTE_NS, 1000 + number))
    samples = recorder.samples_now()
    assert samples.step_ns == step
    assert len(samples.times_ns) <= size
    assert samples.times_ns[-1] == BEGIN + bars * MINUTE_NS


@given(st.lists(st.integers(1, 40 * HOUR_NS), min_size=1, max_size=300), st.integers(2, 40))
def test_every_sample_is_a_moment_that_was_and_in_order(gaps: list[int], size: int) -> None:
    """Whatever the gaps, samples are a rising selection of the true closes, ending with the last."""
    recorder = CurveRecorder(instruments(), START, samples_max=size)
    truth: dict[int, int] = {}
    at = BEGIN
    for number, gap in enumerate(gaps):
        at += gap
        truth[at] = 1000 + number
        feed(recorder, bar(at, 1000 + number))
    samples = recorder.samples_now()
    assert len(samples.times_ns) <= size
    assert samples.times_ns == sorted(set(samples.times_ns))
    assert [truth[t] for t in samples.times_ns] == samples.closes[0]
    assert samples.times_ns[-1] == at


@given(st.lists(st.integers(1, 3 * DAY_NS), min_size=1, max_size=60))
def test_each_day_closes_with_the_last_thing_known_by_its_midnight(gaps: list[int]) -> None:
    """The day list equals a plain dictionary of the last close per day, midnight counted to the day it ends."""
    recorder = CurveRecorder(instruments(), START)
    closes: dict[int, int] = {}
    at = BEGIN
    for number, gap in enumerate(gaps):
        at += gap
        closes[(at - 1) // DAY_NS] = 1000 + number
        feed(recorder, bar(at, 1000 + number))
    days = recorder.days_now()
    assert dict(zip(days.days, days.closes[0], strict=True)) == closes


def test_instruments_of_one_moment_are_sampled_together() -> None:
    """A sample holds the closes of all bars of its moment, not those that happened to come first."""
    recorder = CurveRecorder(instruments(2), START)
    for minute in range(1, 4):
        at = BEGIN + minute * MINUTE_NS
        feed(recorder, bar(at, 100 + minute, 0), bar(at, 200 + minute, 1))
    samples = recorder.samples_now()
    assert samples.closes == [[101, 102, 103], [201, 202, 203]]
    assert recorder.first_closes == [101, 201]


def over(at_ns: int, reason: int) -> Readiness:
    """Say that a reason to take no new risk is over."""
    at = Nanos(at_ns)
    return Readiness(at, at, reason=reason, instrument=ALL_INSTRUMENTS, ready=True, note="")


def test_the_story_of_a_live_account_begins_when_its_warm_up_is_over() -> None:
    """Bars and days before are forgotten, once: a run that is gone on with warms up again and loses nothing."""
    recorder = CurveRecorder(instruments(), START)
    feed(recorder, *(bar(BEGIN + day * DAY_NS, 100 + day) for day in range(1, 6)), over(BEGIN + 5 * DAY_NS, WARMING))
    assert list(recorder.days_now().days) == []
    live = BEGIN + 5 * DAY_NS + HOUR_NS
    feed(recorder, bar(live, 200), bar(live + HOUR_NS, 210), over(live + HOUR_NS, RECONCILING))
    feed(recorder, over(live + 2 * HOUR_NS, WARMING), bar(live + 3 * HOUR_NS, 220))
    assert recorder.first_closes == [200]
    assert recorder.samples_now().closes == [[200, 210, 220]]
    assert len(recorder.days_now().days) == 1


def test_an_instrument_that_starts_late_keeps_its_own_first_close() -> None:
    """The price that holding would have paid is that of its first bar, whatever the samples."""
    recorder = CurveRecorder(instruments(2), START)
    feed(recorder, bar(BEGIN + HOUR_NS, 100, 0), bar(BEGIN + 9 * DAY_NS, 55, 1), bar(BEGIN + 10 * DAY_NS, 60, 1))
    assert recorder.first_closes == [100, 55]
    assert list(recorder.days_now().closes[1]) == [0, 55, 60]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=80))
def test_the_deepest_drawdown_is_exact_over_every_mark(worths: list[int]) -> None:
    """Its depth, the moment of the high it fell from (0: the start) and of its deepest mark, from the capital on."""
    recorder = CurveRecorder(instruments(), Money(500_000))
    peak, peak_ns = 500_000, 0
    deepest, found = Fraction(0), (0, 0)
    for minute, worth in enumerate(worths, 1):
        at = BEGIN + minute * MINUTE_NS
        feed(recorder, Equity(Nanos(at), Money(worth), Money(worth)))
        if worth > peak:
            peak, peak_ns = worth, at
        if 1 - Fraction(worth, peak) > deepest:
            deepest, found = 1 - Fraction(worth, peak), (peak_ns, at)
    drawdown = recorder.drawdown
    assert abs(drawdown.depth_frac() - float(deepest)) < 1e-12
    assert (drawdown.depth_from_ns, drawdown.depth_to_ns) == found


def test_fills_are_summed_exactly_and_their_cost_against_the_last_close_too() -> None:
    """Notional, fees and shortfall are integers of money; a stop is no shortfall of a decision."""
    recorder = CurveRecorder(instruments(), START)
    at = BEGIN + MINUTE_NS
    feed(
        recorder,
        bar(at, 10_000),
        fill(at, 10_010),
        Position(Nanos(at), 0, Lots(1000), Money(0), Money(0), Money(0)),
        fill(at, 9_990, side=SELL, purpose=PROTECT_STOP),
    )
    turnover = recorder.turnover[0]
    assert (turnover.fills, turnover.notional, turnover.fees) == (2, 200 * MONEY_ONE, 14)
    assert recorder.shortfall == MONEY_ONE // 10
    assert recorder.shortfall_notional == 100 * MONEY_ONE
    assert recorder.samples_now().notionals[0] == [100 * MONEY_ONE]


def test_marks_are_thinned_evenly_and_the_count_stays_true() -> None:
    """A thousand fills leave every sixteenth, and the number of fills is still a thousand."""
    recorder = CurveRecorder(instruments(), START, marks_max=100)
    for minute in range(1000):
        feed(recorder, fill(BEGIN + minute * MINUTE_NS, 100 + minute))
    assert recorder.fills == 1000
    assert len(recorder.marks) < 100
    prices = [mark.price - 100 for mark in recorder.marks]
    assert prices == list(range(0, 1000, recorder.marks_stride))


def test_mode_changes_are_kept_up_to_a_bound_and_counted_beyond() -> None:
    """A flapping mode cannot fill the memory."""
    recorder = CurveRecorder(instruments(), START)
    change = Mode(Nanos(BEGIN), REDUCED, NORMAL, rule="risk.drawdown", measured=0.06, limit=0.05)
    feed(recorder, *[change] * (MODES_MAX + 5))
    assert (len(recorder.modes), recorder.modes_seen) == (MODES_MAX, MODES_MAX + 5)


def test_listening_says_nothing_and_leaves_no_state_for_the_hash() -> None:
    """The recorder emits no event and writes no state, so a run with it is the run without it."""
    recorder = CurveRecorder(instruments(), START)
    out = feed(recorder, bar(BEGIN, 100), fill(BEGIN, 100), Equity(Nanos(BEGIN), START, START))
    writer = BytesWriter()
    recorder.write_state(writer)
    assert int(out.tail) == 0
    assert writer.getvalue() == b""


def test_looking_at_the_samples_changes_nothing() -> None:
    """Taking them early gives the same curve at the end as never having looked."""
    looked, left = (
        CurveRecorder(instruments(), START, samples_max=8),
        CurveRecorder(instruments(), START, samples_max=8),
    )
    for minute in range(1, 100):
        feed(looked, bar(BEGIN + minute * MINUTE_NS, 100 + minute))
        feed(left, bar(BEGIN + minute * MINUTE_NS, 100 + minute))
        looked.samples_now()
        looked.days_now()
    assert looked.samples_now().columns() == left.samples_now().columns()
    assert CurveRecorder(instruments(), START).samples_now().times_ns == []
    assert len(CurveRecorder(instruments(), START).days_now().days) == 0


@given(st.lists(st.tuples(st.integers(1, 2 * DAY_NS), st.integers(-3, 3), st.integers(100, 10_000)), max_size=60))
def test_days_equal_what_the_account_closes(steps: list[tuple[int, int, int]]) -> None:
    """Fed in the engine's order beside the account, every closed day has the account's own equity."""
    account, recorder = Portfolio(instruments(), capital=START), CurveRecorder(instruments(), START)
    closed: dict[int, int] = {}
    at = BEGIN

    def process(event: Bar | Fill) -> None:
        out = Outbox(8)
        account.handle(event, event.ts_known_ns, out)
        recorder.handle(event, event.ts_known_ns, out)
        for cell in out.cells[: int(out.tail)]:
            if isinstance(cell.event, DayClosed):
                closed[int(cell.event.day)] = int(cell.event.equity)
            elif isinstance(cell.event, Equity | Position):
                recorder.handle(cell.event, cell.event.ts_known_ns, out)

    for gap, lots, price in steps:
        at += gap
        if lots:
            process(fill(at, price, side=BUY if lots > 0 else SELL, lots=abs(lots)))
        process(bar(at, price))
    days = recorder.days_now()
    assert dict(list(zip(days.days, days.equity, strict=True))[:-1]) == closed
    assert not days.equity or days.equity[-1] == int(account.equity)
