# SPDX-License-Identifier: Apache-2.0
"""One wish per instrument: certified opinions, weighted and netted, become an intent.

A review of an instrument is queued behind every certificate of the same cause, so
that all strategies that spoke on one bar are heard before the net is taken. While
an intent is under way the instrument is left alone, unless the wish is to get out.
A position that its stop or target ended is not re-entered on the opinions that
opened it: they are spent until a strategy speaks again.
"""

from collections.abc import Sequence
from typing import Final, final

from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.decision.exits import Exits
from bot4.decision.sizing import Sizing, lots_for_fraction, smallest_lots
from bot4.domain.calm import Calm
from bot4.domain.event import (
    CERTIFICATE,
    EQUITY,
    EVIDENCE,
    FEATURES,
    FILL,
    ORDER_UPDATE,
    POSITION,
    REFUSED,
    REVIEW,
    Event,
    write_flag,
)
from bot4.domain.instrument import SPOT, Instrument
from bot4.domain.marketdata import Equity, Features
from bot4.domain.order import (
    ENTER,
    EXIT,
    FILLED,
    MARKET,
    ORDER_CANCELED,
    ORDER_EXPIRED,
    ORDER_REJECTED,
    PROTECT_STOP,
    Fill,
    OrderRequest,
    OrderUpdate,
)
from bot4.domain.position import Position
from bot4.domain.signal import Certificate, Evidence
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import BUY, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import Intent, Refused, Share, Untradable

BUSY: Final = "trading.busy"
"""The rule under which trading refuses because another order is in the way."""


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Review(Event):
    """Ask for one instrument's net wish once everything queued before was heard."""

    __slots__ = ("instrument",)

    def __init__(self, now: Nanos, instrument: i64) -> None:
        self.kind = REVIEW
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.instrument = instrument


@final
class Voted:
    """Hold the last certified opinion of one strategy on one instrument."""

    __slots__ = ("strength", "certificate_id")

    def __init__(self) -> None:
        self.strength = 0.0
        self.certificate_id: i64 = -1


@final
class Desk:
    """Hold what aggregation knows of one instrument.

    ``pending_id`` is the intent under way, -1 if none; ``pending_purpose`` says
    whether it opens or closes, ``pending_side`` and ``pending_lots`` what it asks
    for; ``leader`` the strategy with the largest share in what was last opened;
    ``protected`` whether the last fill was one of the stop or the target.
    """

    __slots__ = (
        "votes",
        "features",
        "lots",
        "pending_id",
        "pending_purpose",
        "pending_side",
        "pending_lots",
        "leader",
        "protected",
        "reviewing",
        "again",
    )

    def __init__(self, slots: int) -> None:
        self.votes = [Voted() for _ in range(slots)]
        self.features: Features | None = None
        self.lots = Lots(0)
        self.pending_id: i64 = -1
        self.pending_purpose: i64 = ENTER
        self.pending_side: i64 = BUY
        self.pending_lots = Lots(0)
        self.leader: i64 = -1
        self.protected = False
        self.reviewing = False
        self.again = False


@final
class Aggregation(Stage):
    """Turn certificates into intents.

    Parameters
    ----------
    instruments : sequence of Instrument
        In the order of their index.
    interval_ns : sequence of int
        Bar length per instrument.
    weights : sequence of float
        One per strategy slot, positive.
    qualified : bool
        Whether strategies count in the weighting before their evidence passed
        (true where the gate only observes).
    sizing, exits : Sizing, Exits
        The rules of how much and where it ends.
    volatility_at, atr_at : int
        Where the two features stand in ``Features.value``.
    equity : Money
        Equity at the start.
    resize_band : float
        A change of size is made only if it is at least this part of the position.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        interval_ns: Sequence[Nanos],
        *,
        weights: Sequence[float],
        qualified: bool,
        sizing: Sizing,
        exits: Exits,
        volatility_at: int,
        atr_at: int,
        equity: Money,
        resize_band: float,
    ) -> None:
        super().__init__((FEATURES, CERTIFICATE, EVIDENCE, REVIEW, FILL, POSITION, EQUITY, ORDER_UPDATE, REFUSED))
        self.instruments = list(instruments)
        self.interval_ns = list(interval_ns)
        self.weights = list(weights)
        self.always_qualified = qualified
        self.qualified = [qualified for _ in weights]
        self.sizing = sizing
        self.exits = exits
        self.volatility_at = volatility_at
        self.atr_at = atr_at
        self.equity = equity
        self.resize_band = resize_band
        self.desks = [Desk(len(self.weights)) for _ in instruments]
        self.next_intent: i64 = 1

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Keep what is known; review an instrument when a certificate asks for it."""
        if isinstance(event, Features):
            self.desks[event.instrument].features = event
        elif isinstance(event, Equity):
            self.equity = event.equity
        elif isinstance(event, Certificate):
            desk = self.desks[event.instrument]
            vote = desk.votes[event.slot]
            vote.strength = event.strength
            vote.certificate_id = event.certificate_id
            self._ask(desk, event.instrument, now, out)
        elif isinstance(event, Review):
            desk = self.desks[event.instrument]
            desk.reviewing = False
            self._review(desk, event.instrument, now, out)
        elif isinstance(event, OrderUpdate):
            self._order_changed(event, now, out)
        elif isinstance(event, Fill):
            self.desks[event.instrument].protected = event.purpose >= PROTECT_STOP
        elif isinstance(event, Position):
            self._position_changed(event)
        elif isinstance(event, Refused):
            if event.intent_id >= 0:
                self._refused(event, now, out)
        elif isinstance(event, Evidence):
            self.qualified[event.slot] = event.passed or self.always_qualified

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Features and equity are kept, the last of each; what acts on them are certificates."""
        return True

    def _ask(self, desk: Desk, instrument: i64, now: Nanos, out: Outbox) -> None:
        """Queue one review, behind whatever else this cause still has to say."""
        if not desk.reviewing:
            desk.reviewing = True
            out.put(Review(now, instrument))

    def _order_changed(self, event: OrderUpdate, now: Nanos, out: Outbox) -> None:
        """Free the instrument when the order of its intent has ended, or the one that stood in a refused wish's way."""
        state = event.state
        if state != FILLED and state != ORDER_CANCELED and state != ORDER_REJECTED and state != ORDER_EXPIRED:
            return
        desk = self.desks[event.instrument]
        if desk.pending_id < 0:
            self._look_again(desk, event.instrument, now, out)
        elif event.purpose <= EXIT:
            self._settle(event.instrument, event.intent_id, now, out)

    def _refused(self, event: Refused, now: Nanos, out: Outbox) -> None:
        """End a refused intent; one refused as busy waits for the order in its way, or it would ask without end."""
        desk = self.desks[event.instrument]
        if event.rule == BUSY and desk.pending_id == event.intent_id:
            desk.pending_id = -1
            desk.again = True
        else:
            self._settle(event.instrument, event.intent_id, now, out)

    def _settle(self, instrument: i64, intent_id: i64, now: Nanos, out: Outbox) -> None:
        """End the intent under way; review again if opinions changed meanwhile."""
        desk = self.desks[instrument]
        if desk.pending_id == intent_id:
            desk.pending_id = -1
            self._look_again(desk, instrument, now, out)

    def _look_again(self, desk: Desk, instrument: i64, now: Nanos, out: Outbox) -> None:
        """Review what could not be acted on before."""
        if desk.again:
            desk.again = False
            self._ask(desk, instrument, now, out)

    def _position_changed(self, event: Position) -> None:
        """Take over the new position; spend the opinions if protection ended it."""
        desk = self.desks[event.instrument]
        if event.lots == 0 and desk.protected:
            for vote in desk.votes:
                vote.strength = 0.0
        desk.lots = event.lots

    def _review(self, desk: Desk, i: i64, now: Nanos, out: Outbox) -> None:
        """Take the net of all opinions and wish for the difference to what is held."""
        features = desk.features
        if features is None:
            return
        net = self._net(desk)
        if net < 0.0 and self.instruments[i].instrument_type == SPOT:
            net = 0.0
        held = desk.lots
        size = Lots(held if held >= 0 else -held)
        leaving = net == 0.0 or (held > 0 and net < 0.0) or (held < 0 and net > 0.0)
        if desk.pending_id >= 0:
            if desk.pending_purpose == ENTER and (leaving or net * float(desk.pending_side) < 0.0):
                # All of the entry may fill before its cancel arrives: ask for everything that can be held by then.
                worst = Lots(size + desk.pending_lots)
                self._exit(desk, i, worst, side=-desk.pending_side, now=now, out=out)
                desk.again = net != 0.0
            else:
                desk.again = True
            return
        if leaving:
            if size >= self.instruments[i].min_lots:  # less cannot be sold
                self._exit(desk, i, size, side=SELL if held > 0 else BUY, now=now, out=out)
                desk.again = net != 0.0
            return
        self._resize(desk, i, net, now, out)

    def _net(self, desk: Desk) -> float:
        """Return the weighted mean opinion over the strategies that are qualified."""
        total = 0.0
        weight = 0.0
        for slot, vote in enumerate(desk.votes):
            if self.qualified[slot] or vote.strength != 0.0:
                total += self.weights[slot] * vote.strength
                weight += self.weights[slot]
        return total / weight if weight > 0.0 else 0.0

    def _resize(self, desk: Desk, i: i64, net: float, now: Nanos, out: Outbox) -> None:
        """Wish for the difference between the size wanted and the size held."""
        features = desk.features
        assert features is not None, "a review without features cannot size"
        instrument = self.instruments[i]
        price = features.bar.close
        fraction = self.sizing.fraction(net, features.value(self.volatility_at), self.interval_ns[i])
        wanted = lots_for_fraction(instrument, self.equity, fraction, price)
        held = Lots(desk.lots if desk.lots >= 0 else -desk.lots)
        change = Lots(wanted - held)
        if held > 0 and abs(float(change)) < self.resize_band * float(held):
            return
        if change < 0:
            self._exit(desk, i, Lots(-change), side=SELL if desk.lots > 0 else BUY, now=now, out=out)
            return
        smallest = smallest_lots(instrument, price)
        atr = features.value(self.atr_at)
        side = BUY if net > 0.0 else SELL
        if change < smallest:
            slot = self._shares(desk, net)[0]
            measured, limit = float(change), float(smallest)
            out.put(Untradable(now, instrument=i, slot=slot, rule="decision.size", measured=measured, limit=limit))
        elif atr > 0.0:
            lots = Lots(min(change, instrument.max_lots))
            atr_ticks = atr / instrument.tick
            self._enter(desk, i, lots, net=net, price=price, side=side, atr_ticks=atr_ticks, now=now, out=out)

    def _shares(self, desk: Desk, net: float) -> tuple[int, list[Share]]:
        """Return the slot with the largest part in the net, and everyone's part."""
        shares: list[Share] = []
        total = 0.0
        leader = -1
        most = 0.0
        for slot, vote in enumerate(desk.votes):
            if vote.strength * net > 0.0:
                part = self.weights[slot] * abs(vote.strength)
                total += part
                shares.append(Share(slot, vote.certificate_id, part))
                if part > most:
                    most = part
                    leader = slot
        for share in shares:
            share.fraction /= total
        return leader, shares

    def _enter(
        self,
        desk: Desk,
        i: i64,
        lots: Lots,
        *,
        net: float,
        price: Ticks,
        side: i64,
        atr_ticks: float,
        now: Nanos,
        out: Outbox,
    ) -> None:
        """Put an intent that opens or adds, with its stop and target."""
        desk.leader, shares = self._shares(desk, net)
        request = OrderRequest(
            intent_id=self.next_intent,
            instrument=i,
            slot=desk.leader,
            purpose=ENTER,
            order_type=MARKET,
            side=side,
            lots=lots,
            reference=price,
            limit=Ticks(0),
            trigger=Ticks(0),
            stop=self.exits.stop(int(side), price, atr_ticks),
            target=self.exits.target(int(side), price, atr_ticks),
        )
        self._put(desk, request, shares, now, out)

    def _exit(self, desk: Desk, i: i64, lots: Lots, *, side: i64, now: Nanos, out: Outbox) -> None:
        """Put an intent that closes all or part, in the name of who led the entry."""
        features = desk.features
        assert features is not None, "an exit without a price has no reference"
        request = OrderRequest(
            intent_id=self.next_intent,
            instrument=i,
            slot=desk.leader,
            purpose=EXIT,
            order_type=MARKET,
            side=side,
            lots=lots,
            reference=features.bar.close,
            limit=Ticks(0),
            trigger=Ticks(0),
            stop=Ticks(0),
            target=Ticks(0),
        )
        self._put(desk, request, dissent(desk, -side), now, out)

    def _put(self, desk: Desk, request: OrderRequest, shares: list[Share], now: Nanos, out: Outbox) -> None:
        """Send the intent on its way and remember it."""
        desk.pending_id = request.intent_id
        desk.pending_purpose = request.purpose
        desk.pending_side = request.side
        desk.pending_lots = request.lots
        self.next_intent += 1
        out.put(Intent(now, request, shares))

    def write_state(self, out: BytesWriter) -> None:
        """Write who is qualified, opinions, positions and intents under way."""
        write_i64_le(out, self.next_intent)
        write_i64_le(out, self.equity)
        for qualified in self.qualified:
            write_flag(out, qualified)
        for desk in self.desks:
            write_i64_le(out, desk.lots)
            write_i64_le(out, desk.leader)
            write_i64_le(out, desk.pending_id)
            write_i64_le(out, desk.pending_purpose)
            write_i64_le(out, desk.pending_side)
            write_i64_le(out, desk.pending_lots)
            write_flag(out, desk.protected)
            write_flag(out, desk.again)
            for vote in desk.votes:
                write_f64_le(out, vote.strength)
                write_i64_le(out, vote.certificate_id)


def dissent(desk: Desk, held_side: i64) -> list[Share]:
    """Return the certificates that speak against, or no longer for, a position on this side, in equal parts."""
    shares = [
        Share(slot, vote.certificate_id, 1.0)
        for slot, vote in enumerate(desk.votes)
        if vote.certificate_id >= 0 and not vote.strength * float(held_side) > 0.0
    ]
    for share in shares:
        share.fraction = 1.0 / len(shares)
    return shares
