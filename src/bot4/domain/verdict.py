# SPDX-License-Identifier: Apache-2.0
"""Intent and verdict: the wish after aggregation, and risk's answer to it.

A verdict is a value, never an exception. Only ``risk/`` constructs
:class:`Approved` (a tidy test proves it), and ``trading`` accepts nothing else:
the order of the pipeline is carried by these types.
"""

from typing import Final, final

from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import APPROVED, INTENT, MODE, REFUSED, UNTRADABLE, Event, write_text
from bot4.domain.order import OrderRequest
from bot4.domain.values import Nanos

NORMAL: Final = 0
REDUCED: Final = 1
PAUSED: Final = 2
EMERGENCY: Final = 3
SAFETY_MODES: Final = ("normal", "reduced", "paused", "emergency")
"""Normal; new size halved; no new risk; flat and stays flat. Obeyed by every request."""


@final
@mypyc_attr(acyclic=True)
class Share:
    """Hold the part one strategy has in a net intent: its slot, its certificate, its fraction."""

    __slots__ = ("slot", "certificate_id", "fraction")

    def __init__(self, slot: i64, certificate_id: i64, fraction: float) -> None:
        self.slot = slot
        self.certificate_id = certificate_id
        self.fraction = fraction


@final
@mypyc_attr(acyclic=True)
class Check:
    """Hold one limit that was measured: its rule, what was found, and the bound."""

    __slots__ = ("rule", "measured", "limit")

    def __init__(self, rule: str, measured: float, limit: float) -> None:
        self.rule = rule
        self.measured = measured
        self.limit = limit


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Intent(Event):
    """Wish for one net change of one instrument's position.

    ``request`` says what; ``shares`` say on whose certificates it rests (empty
    where the wish is to end a position on nobody's opinion any more).
    """

    __slots__ = ("request", "shares")

    def __init__(self, now: Nanos, request: OrderRequest, shares: list[Share]) -> None:
        self.kind = INTENT
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.request = request
        self.shares = shares

    def write(self, out: BytesWriter) -> None:
        """Write the request, the number of shares, then slot, certificate_id, fraction of each."""
        self.request.write(out)
        write_i64_le(out, len(self.shares))
        for share in self.shares:
            write_i64_le(out, share.slot)
            write_i64_le(out, share.certificate_id)
            write_f64_le(out, share.fraction)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Approved(Event):
    """Let one order request pass, with every limit that was measured. Built by ``risk/`` alone."""

    __slots__ = ("request", "mode", "checks")

    def __init__(self, now: Nanos, request: OrderRequest, mode: i64, checks: list[Check]) -> None:
        self.kind = APPROVED
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.request = request
        self.mode = mode
        self.checks = checks

    def write(self, out: BytesWriter) -> None:
        """Write the request, the safety mode, the number of checks, then measured, limit, rule of each."""
        self.request.write(out)
        write_i64_le(out, self.mode)
        write_i64_le(out, len(self.checks))
        for check in self.checks:
            write_f64_le(out, check.measured)
            write_f64_le(out, check.limit)
            write_text(out, check.rule)


@final
@mypyc_attr(acyclic=True)
class Refused(Event):
    """Say no, with the rule, what was measured and the limit.

    ``rule`` begins with the stage that refused: ``evidence.p_value``,
    ``risk.position_cap``. ``intent_id`` is -1 where a signal was refused before
    it became an intent; ``slot`` is -1 where no one strategy is meant.
    """

    __slots__ = ("intent_id", "slot", "instrument", "rule", "measured", "limit")

    def __init__(
        self, now: Nanos, *, intent_id: i64, slot: i64, instrument: i64, rule: str, measured: float, limit: float
    ) -> None:
        self.kind = REFUSED
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.intent_id = intent_id
        self.slot = slot
        self.instrument = instrument
        self.rule = rule
        self.measured = measured
        self.limit = limit

    def write(self, out: BytesWriter) -> None:
        """Write intent_id, slot, instrument, measured, limit, rule."""
        write_i64_le(out, self.intent_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_f64_le(out, self.measured)
        write_f64_le(out, self.limit)
        write_text(out, self.rule)


@final
@mypyc_attr(acyclic=True)
class Untradable(Event):
    """Say that a wish is too small for the venue: the size that was affordable and the smallest allowed."""

    __slots__ = ("instrument", "slot", "rule", "measured", "limit")

    def __init__(self, now: Nanos, *, instrument: i64, slot: i64, rule: str, measured: float, limit: float) -> None:
        self.kind = UNTRADABLE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.instrument = instrument
        self.slot = slot
        self.rule = rule
        self.measured = measured
        self.limit = limit

    def write(self, out: BytesWriter) -> None:
        """Write instrument, slot, measured, limit, rule."""
        write_i64_le(out, self.instrument)
        write_i64_le(out, self.slot)
        write_f64_le(out, self.measured)
        write_f64_le(out, self.limit)
        write_text(out, self.rule)


@final
@mypyc_attr(acyclic=True)
class Mode(Event):
    """Record a change of safety mode: from, to, the rule, what was measured and the limit."""

    __slots__ = ("mode", "before", "rule", "measured", "limit")

    def __init__(self, now: Nanos, mode: i64, before: i64, *, rule: str, measured: float, limit: float) -> None:
        self.kind = MODE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.mode = mode
        self.before = before
        self.rule = rule
        self.measured = measured
        self.limit = limit

    def write(self, out: BytesWriter) -> None:
        """Write mode, before, measured, limit, rule."""
        write_i64_le(out, self.mode)
        write_i64_le(out, self.before)
        write_f64_le(out, self.measured)
        write_f64_le(out, self.limit)
        write_text(out, self.rule)
