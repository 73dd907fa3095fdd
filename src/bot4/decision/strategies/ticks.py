# SPDX-License-Identifier: Apache-2.0
"""The stage that runs tick strategies: trades in, changes of opinion out.

It is to trades what :class:`bot4.decision.strategies.stage.Strategies` is to bars: it
holds opinions, ends them, refuses what is no signal and stops what failed. A feature
of a bar is seen from the trade after the one that finished the bar.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import final

from librt.strings import BytesWriter, read_i64_le, write_f64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.decision.strategies.protocol import View
from bot4.decision.strategies.stage import Fault, Voice
from bot4.decision.strategies.tick_protocol import TickView
from bot4.domain.event import FEATURES, QUOTE, TRADE, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Features, Quote, Trade
from bot4.domain.signal import NEVER, Halted, Signal, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.tick_block import TickBlock
from bot4.domain.values import Lots, Nanos, Ticks


@mypyc_attr(allow_interpreted_subclasses=True)
class TickVoice:
    """Speak for one tick strategy on one instrument: a signal, nothing, or the fault it died of."""

    @abstractmethod
    def speak(self, view: TickView) -> Signal | Fault | None:
        """Return what the strategy says to this view."""

    @abstractmethod
    def state(self) -> tuple[float, ...]:
        """Return the strategy's memory, for the state hash."""


@final
class Mute(Voice):
    """Stand in the slot of a tick strategy where bars are spoken about: it says nothing."""

    def speak(self, view: View) -> Signal | Fault | None:
        """Say nothing."""
        return None

    def state(self) -> tuple[float, ...]:
        """Return nothing: the strategy's memory is hashed with its ticks."""
        return ()


@final
class TickOpinion:
    """Hold one tick strategy's opinion on one instrument, its voice and its view."""

    __slots__ = ("slot", "voice", "view", "expires_ns", "halted")

    def __init__(self, slot: int, voice: TickVoice, view: TickView) -> None:
        self.slot: i64 = slot
        self.voice = voice
        self.view = view
        self.expires_ns = NEVER
        self.halted = False


@final
class TickStrategies(Stage):
    """Ask every tick strategy about every trade.

    Parameters
    ----------
    voices : sequence of mapping of int to TickVoice
        For each instrument the voices by slot, in ascending order of slots.
    instruments : sequence of Instrument
        In the order of their index.
    index : mapping of str to int
        Where each feature stands in ``Features.value``.
    """

    def __init__(
        self, voices: Sequence[Mapping[int, TickVoice]], instruments: Sequence[Instrument], index: Mapping[str, int]
    ) -> None:
        super().__init__((TRADE, QUOTE, FEATURES))
        places = dict(index)
        self.opinions = [
            [TickOpinion(slot, voice, TickView(places, one.tick, one.lot)) for slot, voice in row.items()]
            for one, row in zip(instruments, voices, strict=True)
        ]

    def puts_max(self) -> i64:
        """Return how many events one message may cause here at most: an end, a fault, and a change for each opinion."""
        return 3 * max((len(row) for row in self.opinions), default=0)

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Show each strategy the trade and put what changed; keep quotes and features for it."""
        if isinstance(event, Trade):
            for opinion in self.opinions[event.instrument]:
                if not opinion.halted:
                    opinion.view.show_trade(now, event.price, event.lots, event.side)
                    self._ask(opinion, event.instrument, now, out)
        elif isinstance(event, Quote):
            for opinion in self.opinions[event.instrument]:
                opinion.view.show_quote(event.bid, event.bid_lots, event.ask, event.ask_lots)
        elif isinstance(event, Features):
            for opinion in self.opinions[event.instrument]:
                opinion.view.features = event

    def read(self, block: TickBlock, known_ns: bytes, begin: i64, end: i64, out: Outbox) -> i64:
        """Take a stretch of a block as :meth:`handle` would its messages, up to the first at which something is put.

        Parameters
        ----------
        known_ns : bytes
            When each message of the block is known, little-endian int64.
        begin, end : int
            The first message, and the one after the last.

        Returns
        -------
        int
            The message after the last one taken, ``end`` where nothing was put.
        """
        kinds, instruments, ends = block.kinds, block.instruments, block.ends
        sides, prices, sizes = block.sides, block.prices, block.lots
        tail = out.tail
        one: i64 = 0
        opinions = self.opinions[0]
        for k in range(begin, end):
            kind = read_i64_le(kinds, 8 * k)
            if kind != TRADE and kind != QUOTE:
                continue
            instrument = read_i64_le(instruments, 8 * k)
            if instrument != one:
                one = instrument
                opinions = self.opinions[one]
            row = 8 * read_i64_le(ends, 8 * k) - 8
            price, lots = Ticks(read_i64_le(prices, row)), Lots(read_i64_le(sizes, row))
            if kind == QUOTE:
                bid, bid_lots = Ticks(read_i64_le(prices, row - 8)), Lots(read_i64_le(sizes, row - 8))
                for opinion in opinions:
                    opinion.view.show_quote(bid, bid_lots, price, lots)
                continue
            now = Nanos(read_i64_le(known_ns, 8 * k))
            side = read_i64_le(sides, row)
            for opinion in opinions:
                if not opinion.halted:
                    opinion.view.show_trade(now, price, lots, side)
                    self._ask(opinion, instrument, now, out)
            if out.tail != tail:
                return k + 1
        return end

    def _ask(self, opinion: TickOpinion, instrument: i64, now: Nanos, out: Outbox) -> None:
        """Ask one strategy about the trade its view shows."""
        view = opinion.view
        if view.held != 0.0 and now >= opinion.expires_ns:
            self._change(opinion, Signal(0.0, "expired", NEVER), instrument, now, out)
        said = opinion.voice.speak(view)
        if said is not None:
            self._hear(opinion, said, instrument, now, out)

    def _hear(self, opinion: TickOpinion, said: Signal | Fault, instrument: i64, now: Nanos, out: Outbox) -> None:
        """Take a signal in force, or stop the strategy that gave no usable one."""
        if isinstance(said, Signal):
            if -1.0 <= said.strength <= 1.0 and said.expires_ns > now:
                if said.strength == opinion.view.held:
                    opinion.expires_ns = said.expires_ns  # the same opinion, renewed
                else:
                    self._change(opinion, said, instrument, now, out)
                return
            reason = f"strength {said.strength!r} expiring {int(said.expires_ns)}; allowed: [-1, 1], after {int(now)}"
        else:
            reason = said.reason
        opinion.halted = True
        out.put(Halted(now, opinion.slot, reason))
        if opinion.view.held != 0.0:
            self._change(opinion, Signal(0.0, "halted", NEVER), instrument, now, out)

    def _change(self, opinion: TickOpinion, signal: Signal, instrument: i64, now: Nanos, out: Outbox) -> None:
        """Put a new opinion in force and say so."""
        opinion.view.held = signal.strength
        opinion.expires_ns = signal.expires_ns
        out.put(SignalEvent(now, opinion.slot, instrument, signal))

    def write_state(self, out: BytesWriter) -> None:
        """Write each opinion, the quote it was formed on, and each strategy's memory."""
        for row in self.opinions:
            for opinion in row:
                view = opinion.view
                write_f64_le(out, view.held)
                write_i64_le(out, opinion.expires_ns)
                write_i64_le(out, 1 if opinion.halted else 0)
                write_i64_le(out, view.bid_ticks)
                write_i64_le(out, view.ask_ticks)
                for number in opinion.voice.state():
                    write_f64_le(out, number)
