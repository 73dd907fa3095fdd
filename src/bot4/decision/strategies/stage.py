# SPDX-License-Identifier: Apache-2.0
"""The stage that runs strategies: features in, changes of opinion out.

It holds each strategy's opinion in force, ends it when it expires, refuses a
signal that is no number in [-1, 1], and stops a strategy that failed while the
others go on. What a failure *is*, the runtime decides: it wraps each strategy so
that an exception comes back as a :class:`Fault` value.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np
from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr
from numpy.typing import NDArray

from bot4.decision.strategies.protocol import Columns, View
from bot4.domain.calm import Calm
from bot4.domain.event import FEATURES, Event
from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Features
from bot4.domain.signal import NEVER, Halted, Signal, SignalEvent
from bot4.domain.stage import Outbox, Stage
from bot4.domain.values import Nanos
from bot4.kernels.calm import Spoken

Mask = NDArray[np.bool_]

SILENT: Final = 2.0
"""Stands for the opinion of a strategy that was stopped; no strength is above 1."""


@final
class Fault:
    """Say that a strategy raised, instead of a signal."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


@mypyc_attr(allow_interpreted_subclasses=True)
class Voice:
    """Speak for one strategy on one instrument: a signal, nothing, or the fault it died of."""

    @abstractmethod
    def speak(self, view: View) -> Signal | Fault | None:
        """Return what the strategy says to this view."""

    def may_speak(self, columns: Columns, position: float) -> Mask | None:
        """Return after which of many bars it may say something while this is held; None: after any."""
        return None

    @abstractmethod
    def state(self) -> tuple[float, ...]:
        """Return the strategy's memory, for the state hash."""


@final
class Ahead:
    """Hold the bars of one instrument that were computed ahead, and what was asked about them.

    ``masks`` tells by slot and position held after which bars a strategy may speak,
    ``unions`` the same of all strategies together, by all their positions. ``spoken``
    is the one in force while ``is_known`` is true, until an opinion changes.
    """

    __slots__ = ("columns", "masks", "unions", "spoken", "is_known")

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.masks: dict[tuple[int, float], Mask | None] = {}
        self.unions: dict[tuple[float, ...], Spoken | None] = {}
        self.spoken: Spoken | None = None
        self.is_known = False

    def may_speak(self, slot: int, voice: Voice, position: float) -> Mask | None:
        """Return after which bars one strategy may speak; None: after any."""
        key = (slot, position)
        if key not in self.masks:
            self.masks[key] = voice.may_speak(self.columns, position)
        return self.masks[key]


@final
class Opinion:
    """Hold one strategy's opinion on one instrument, and the strategy's voice."""

    __slots__ = ("slot", "voice", "strength", "expires_ns", "halted")

    def __init__(self, slot: int, voice: Voice) -> None:
        self.slot = slot
        self.voice = voice
        self.strength = 0.0
        self.expires_ns = NEVER
        self.halted = False


@final
class Strategies(Stage):
    """Ask every strategy about every bar.

    Parameters
    ----------
    voices : sequence of sequence of Voice
        ``voices[instrument][slot]``.
    instruments : sequence of Instrument
        In the order of their index.
    interval_ns : sequence of int
        Bar length per instrument.
    index : mapping of str to int
        Where each feature stands in ``Features.value``.
    """

    def __init__(
        self,
        voices: Sequence[Sequence[Voice]],
        instruments: Sequence[Instrument],
        interval_ns: Sequence[Nanos],
        index: Mapping[str, int],
    ) -> None:
        super().__init__((FEATURES,))
        self.opinions = [[Opinion(slot, voice) for slot, voice in enumerate(row)] for row in voices]
        self.ticks = [instrument.tick for instrument in instruments]
        self.intervals_ns = list(interval_ns)
        self.index = dict(index)
        self.aheads: list[Ahead | None] = [None for _ in instruments]

    def prepare(
        self, instrument: int, values: NDArray[np.float64], closes: NDArray[np.int64], ends_ns: NDArray[np.int64]
    ) -> None:
        """Take the bars ahead: what is read of them, shape (n, read), their closes in ticks, and when they end."""
        close = np.multiply(closes, self.ticks[instrument], dtype=np.float64)
        self.aheads[instrument] = Ahead(Columns(values, self.index, close=close, now_ns=ends_ns))

    def may_speak(self, instrument: int) -> Spoken | None:
        """Return after which of the bars ahead someone may speak while opinions stand as now; None: after any."""
        ahead = self.aheads[instrument]
        if ahead is None:
            return None
        if ahead.is_known:
            return ahead.spoken
        opinions = self.opinions[instrument]
        key = tuple([SILENT if opinion.halted else opinion.strength for opinion in opinions])
        if key not in ahead.unions:
            masks = [ahead.may_speak(one.slot, one.voice, one.strength) for one in opinions if not one.halted]
            mask = union(masks, len(ahead.columns.close))
            ahead.unions[key] = None if mask is None else Spoken(mask)
        ahead.spoken = ahead.unions[key]
        ahead.is_known = True
        return ahead.spoken

    def unforeseen(self) -> list[int]:
        """Return the slots of strategies that were asked when they may speak, and promised nothing."""
        told = [ahead.masks for ahead in self.aheads if ahead is not None]
        return sorted({slot for masks in told for (slot, _), mask in masks.items() if mask is None})

    def stays_calm(self, instrument: i64, calm: Calm) -> bool:
        """Keep to the bars before an opinion expires; after which of them someone speaks is :meth:`may_speak`."""
        for opinion in self.opinions[instrument]:
            if opinion.strength != 0.0:
                calm.keep_until(Nanos(opinion.expires_ns - 1))
        return True

    def handle(self, event: Event, now: Nanos, out: Outbox) -> None:
        """Show each strategy the bar and put what changed."""
        if not isinstance(event, Features):
            return
        i = event.instrument
        tick = self.ticks[i]
        interval = self.intervals_ns[i]
        index = self.index
        # Shared by all that hold nothing: views never change.
        flat = View(event, index, position=0.0, tick=tick, interval_ns=interval)
        for opinion in self.opinions[i]:
            if opinion.halted:
                continue
            if opinion.strength != 0.0 and now >= opinion.expires_ns:
                self._change(opinion, Signal(0.0, "expired", NEVER), event, now, out)
            held = opinion.strength
            view = flat if held == 0.0 else View(event, index, position=held, tick=tick, interval_ns=interval)
            said = opinion.voice.speak(view)
            if said is not None:
                self._hear(opinion, said, event, now, out)

    def _hear(self, opinion: Opinion, said: Signal | Fault, event: Features, now: Nanos, out: Outbox) -> None:
        """Take a signal in force, or stop the strategy that gave no usable one."""
        if isinstance(said, Signal):
            if -1.0 <= said.strength <= 1.0 and said.expires_ns > event.ts_known_ns:
                if said.expires_ns <= now:
                    return  # of a bar that came late: over before it was heard, and no fault of the strategy
                if said.strength == opinion.strength:
                    opinion.expires_ns = said.expires_ns  # the same opinion, renewed
                else:
                    self._change(opinion, said, event, now, out)
                return
            after = int(event.ts_known_ns)
            reason = f"strength {said.strength!r} expiring {int(said.expires_ns)}; allowed: [-1, 1], after {after}"
        else:
            reason = said.reason
        opinion.halted = True
        self._forget_spoken(event.instrument)
        out.put(Halted(now, opinion.slot, reason))
        if opinion.strength != 0.0:
            self._change(opinion, Signal(0.0, "halted", NEVER), event, now, out)

    def _change(self, opinion: Opinion, signal: Signal, event: Features, now: Nanos, out: Outbox) -> None:
        """Put a new opinion in force and say so."""
        opinion.strength = signal.strength
        opinion.expires_ns = signal.expires_ns
        self._forget_spoken(event.instrument)
        out.put(SignalEvent(now, opinion.slot, event.instrument, signal))

    def _forget_spoken(self, instrument: i64) -> None:
        """Have it asked anew after which bars someone may speak: an opinion is another."""
        ahead = self.aheads[instrument]
        if ahead is not None:
            ahead.is_known = False

    def write_state(self, out: BytesWriter) -> None:
        """Write each opinion and each strategy's memory."""
        for row in self.opinions:
            for opinion in row:
                write_f64_le(out, opinion.strength)
                write_i64_le(out, opinion.expires_ns)
                write_i64_le(out, 1 if opinion.halted else 0)
                for number in opinion.voice.state():
                    write_f64_le(out, number)


def union(masks: Sequence[Mask | None], size: int) -> Mask | None:
    """Return where any of the masks is true; None if one is not known."""
    whole = np.zeros(size, dtype=np.bool_)
    for mask in masks:
        if mask is None:
            return None
        whole |= mask
    return whole
