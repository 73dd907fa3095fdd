# SPDX-License-Identifier: Apache-2.0
"""Events of every journaled kind, drawn at random or from a seed, and small journals made of them."""

import random
from collections.abc import Callable

from hypothesis import strategies as st

from bot4.domain import order as orders
from bot4.domain.books_equal import Balance, BooksEqual, Held
from bot4.domain.event import Event
from bot4.domain.external import External
from bot4.domain.fee import FeeTaken
from bot4.domain.ids import run_id
from bot4.domain.order import Execution, Fill, OrderRequest, OrderUpdate, OrderWord, Submit
from bot4.domain.position import DayClosed, Position
from bot4.domain.readiness import Readiness, Sealed
from bot4.domain.signal import Certificate, Evidence, EvidenceFigures, Halted, Signal, SignalEvent
from bot4.domain.values import Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Approved, Check, Intent, Mode, Refused, Share, Untradable
from bot4.record.header import DataSet, JournalHeader, header_record
from bot4.record.journal import ByteSink, JournalWriter

RUN = run_id(b"{}", ["00" * 32], 0)
HEADER = JournalHeader(
    run=RUN,
    command="backtest",
    config={"cash": 100000, "symbols": ["BTCUSDT"]},
    data=(DataSet("BTCUSDT", "1h", 9, "00" * 32),),
)
STATE = bytes(range(32))


class MemorySink(ByteSink):
    """Keep what is written, and how much of it was written at each sync."""

    def __init__(self, durable: bool = False) -> None:
        super().__init__(durable)
        self.data = b""
        self.writes: list[int] = []
        self.synced: list[int] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data
        self.writes.append(len(data))

    def sync(self) -> None:
        """Note how many bytes are durable."""
        self.synced.append(len(self.data))

    def close(self) -> None:
        """Note the end."""
        self.is_closed = True


def request(whole: Callable[[], int]) -> OrderRequest:
    """Return an order request with twelve numbers from a source."""
    return OrderRequest(
        intent_id=whole(),
        instrument=whole(),
        slot=whole(),
        purpose=whole(),
        order_type=whole(),
        side=whole(),
        lots=Lots(whole()),
        reference=Ticks(whole()),
        limit=Ticks(whole()),
        trigger=Ticks(whole()),
        stop=Ticks(whole()),
        target=Ticks(whole()),
    )


def execution(whole: Callable[[], int], flag: Callable[[], bool]) -> Execution:
    """Return an execution with numbers from a source."""
    return Execution(
        Nanos(whole()),
        Nanos(whole()),
        order_id=whole(),
        trade_id=whole(),
        instrument=whole(),
        side=whole(),
        lots=Lots(whole()),
        price=Ticks(whole()),
        fee=Money(whole()),
        is_maker=flag(),
    )


class Source:
    """Hold where the numbers, texts and flags of events come from."""

    def __init__(
        self, whole: Callable[[], int], real: Callable[[], float], text: Callable[[], str], flag: Callable[[], bool]
    ) -> None:
        self.whole = whole
        self.real = real
        self.text = text
        self.flag = flag

    def measured(self) -> dict[str, object]:
        """Return rule, measured and limit."""
        return {"rule": self.text(), "measured": self.real(), "limit": self.real()}

    def few(self) -> range:
        """Return how many parts a repeated field has."""
        return range(self.whole() % 4)


def signal(s: Source) -> Event:
    """Return a signal."""
    return SignalEvent(Nanos(s.whole()), s.whole(), s.whole(), Signal(s.real(), s.text(), Nanos(s.whole())))


def evidence(s: Source) -> Event:
    """Return a day's evidence."""
    figures = EvidenceFigures(
        days=s.whole(),
        closed_trades=s.whole(),
        trials=s.whole(),
        mean=s.real(),
        sharpe=s.real(),
        sharpe_excess=s.real(),
        p_value=s.real(),
        deflated=s.real(),
        confidence=s.real(),
        track_days_min=s.real(),
        total_return=s.real(),
    )
    return Evidence(
        Nanos(s.whole()),
        s.whole(),
        s.whole(),
        figures,
        passed=s.flag(),
        rule=s.text(),
        measured=s.real(),
        limit=s.real(),
    )


def certificate(s: Source) -> Event:
    """Return a certificate."""
    of = SignalEvent(Nanos(0), s.whole(), s.whole(), Signal(s.real(), "", Nanos(s.whole())))
    return Certificate(Nanos(s.whole()), s.whole(), of, evidence_id=s.whole(), observed=s.flag())


def intent(s: Source) -> Event:
    """Return an intent with up to three shares."""
    return Intent(Nanos(s.whole()), request(s.whole), [Share(s.whole(), s.whole(), s.real()) for _ in s.few()])


def verdict(s: Source) -> Event:
    """Return an approval with up to three checks."""
    checks = [Check(s.text(), s.real(), s.real()) for _ in s.few()]
    return Approved(Nanos(s.whole()), request(s.whole), s.whole(), checks)


def refused(s: Source) -> Event:
    """Return a refusal."""
    return Refused(
        Nanos(s.whole()),
        intent_id=s.whole(),
        slot=s.whole(),
        instrument=s.whole(),
        rule=s.text(),
        measured=s.real(),
        limit=s.real(),
    )


def submit(s: Source) -> Event:
    """Return a submit command."""
    return Submit(
        Nanos(s.whole()),
        order_id=s.whole(),
        intent_id=s.whole(),
        slot=s.whole(),
        instrument=s.whole(),
        purpose=s.whole(),
        order_type=s.whole(),
        side=s.whole(),
        lots=Lots(s.whole()),
        limit=Ticks(s.whole()),
        trigger=Ticks(s.whole()),
        sibling_id=s.whole(),
        reduce_only=s.flag(),
    )


def word(make: Callable[..., OrderWord]) -> Callable[[Source], Event]:
    """Return a maker of one of the venue's short reports."""
    return lambda s: make(Nanos(s.whole()), Nanos(s.whole()), s.whole(), s.whole(), s.text())


def update(s: Source) -> Event:
    """Return an order's state."""
    return OrderUpdate(
        Nanos(s.whole()),
        order_id=s.whole(),
        intent_id=s.whole(),
        instrument=s.whole(),
        purpose=s.whole(),
        side=s.whole(),
        state=s.whole(),
        filled=Lots(s.whole()),
        leaves=Lots(s.whole()),
        price=Ticks(s.whole()),
    )


def position(s: Source) -> Event:
    """Return a position."""
    return Position(Nanos(s.whole()), s.whole(), Lots(s.whole()), Money(s.whole()), Money(s.whole()), Money(s.whole()))


MAKERS: tuple[Callable[[Source], Event], ...] = (
    signal,
    evidence,
    certificate,
    intent,
    verdict,
    refused,
    submit,
    lambda s: orders.cancel_command(Nanos(s.whole()), s.whole(), s.whole(), s.text()),
    lambda s: orders.accepted(Nanos(s.whole()), Nanos(s.whole()), s.whole(), s.whole()),
    word(orders.rejected),
    word(orders.canceled),
    word(orders.expired),
    word(orders.cancel_rejected),
    lambda s: execution(s.whole, s.flag),
    update,
    lambda s: Fill(execution(s.whole, s.flag), intent_id=s.whole(), slot=s.whole(), purpose=s.whole()),
    position,
    lambda s: DayClosed(Nanos(s.whole()), s.whole(), Money(s.whole()), Money(s.whole()), Money(s.whole())),
    lambda s: Mode(Nanos(s.whole()), s.whole(), s.whole(), rule=s.text(), measured=s.real(), limit=s.real()),
    lambda s: Halted(Nanos(s.whole()), s.whole(), s.text()),
    lambda s: Untradable(
        Nanos(s.whole()), instrument=s.whole(), slot=s.whole(), rule=s.text(), measured=s.real(), limit=s.real()
    ),
    word(orders.submit_lost),
    word(orders.cancel_lost),
    lambda s: orders.found(Nanos(s.whole()), Nanos(s.whole()), s.whole(), s.whole()),
    word(orders.absent),
    word(orders.inquiry_lost),
    lambda s: orders.Inquire(
        Nanos(s.whole()),
        order_id=s.whole(),
        slot=s.whole(),
        instrument=s.whole(),
        due_ns=Nanos(s.whole()),
        attempt=s.whole(),
    ),
    lambda s: External(
        Nanos(s.whole()),
        Nanos(s.whole()),
        instrument=s.whole(),
        venue_order_id=s.whole(),
        trade_id=s.whole(),
        side=s.whole(),
        lots=Lots(s.whole()),
        price=Ticks(s.whole()),
        reason=s.text(),
    ),
    lambda s: FeeTaken(
        Nanos(s.whole()),
        Nanos(s.whole()),
        order_id=s.whole(),
        trade_id=s.whole(),
        instrument=s.whole(),
        payer=s.whole(),
        amount=s.whole(),
        worth=Money(s.whole()),
        asset=s.text(),
    ),
    lambda s: Readiness(
        Nanos(s.whole()), Nanos(s.whole()), reason=s.whole(), instrument=s.whole(), ready=s.flag(), note=s.text()
    ),
    lambda s: BooksEqual(
        Nanos(s.whole()),
        [Held(s.whole(), s.whole(), s.whole()) for _ in range(2)],
        [Balance(s.whole(), s.text()) for _ in range(2)],
    ),
    lambda s: Sealed(Nanos(s.whole()), s.whole(), s.whole(), s.whole().to_bytes(8, "little", signed=True) * 4),
)
"""One maker for every journaled kind."""


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw an event of any journaled kind, with numbers over all of int64 and float64, texts of any letters."""
    source = Source(
        lambda: draw(st.integers(-(1 << 63), (1 << 63) - 1)),
        lambda: draw(st.floats()),
        lambda: draw(st.text(max_size=60)),
        lambda: draw(st.booleans()),
    )
    return draw(st.sampled_from(MAKERS))(source)


def seeded_events(seed: int, count: int) -> list[Event]:
    """Return events of all kinds from a seed."""
    rng = random.Random(seed)
    source = Source(
        lambda: rng.randrange(1 << 30),
        rng.random,
        lambda: rng.choice(["risk.position_cap", "evidence.p_value", "über 5 €", ""]),
        lambda: rng.random() < 0.5,
    )
    return [rng.choice(MAKERS)(source) for _ in range(count)]


def write_all(sink: ByteSink, seed: int, count: int, *, header: JournalHeader = HEADER) -> JournalWriter:
    """Write ``count`` events from a seed with a bar consumed before every third; leave the journal open."""
    writer = JournalWriter(sink, header_record(header))
    for number, event in enumerate(seeded_events(seed, count)):
        if number % 3 == 0:
            writer.consumed(number // 3)
        writer.append(event)
    return writer


def journal_bytes(seed: int = 1, count: int = 200, *, interrupted: bool = False) -> bytes:
    """Return a whole, closed journal."""
    sink = MemorySink()
    write_all(sink, seed, count).close(count // 3, STATE, interrupted)
    return sink.data


def small_journal() -> tuple[bytes, JournalWriter]:
    """Return the shortest journal of two groups, and its writer: for trials of every byte."""
    sink = MemorySink()
    writer = JournalWriter(sink, header_record(JournalHeader(run=RUN[:8], command="backtest", config={})))
    writer.consumed(7)
    for number in range(63):
        writer.append(orders.accepted(Nanos(number), Nanos(number), number, 0))
    writer.append(seeded_events(1, 1)[0])
    writer.close(8, STATE)
    return sink.data, writer
