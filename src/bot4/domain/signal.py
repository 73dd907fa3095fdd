# SPDX-License-Identifier: Apache-2.0
"""Opinion and proof: signals of strategies, their evidence, and the certificate that joins both."""

from typing import Final, final

from librt.strings import BytesWriter, write_f64_le, write_i64_le
from mypy_extensions import i64, mypyc_attr

from bot4.domain.event import CERTIFICATE, EVIDENCE, HALTED, SIGNAL, Event, write_flag, write_text
from bot4.domain.values import Nanos

NEVER: Final = Nanos((1 << 63) - 1)
"""The expiry of an opinion that stands until another is said."""


@final
@mypyc_attr(acyclic=True)
class Signal:
    """State an opinion on one instrument: what a strategy returns.

    Parameters
    ----------
    strength : float
        In [-1, 1]: the sign is the direction, 0 closes. On a spot instrument a
        negative strength closes, since spot cannot be short.
    reason : str
        Why, in words for the journal; at most 240 bytes are kept.
    expires_ns : int
        From this moment on the opinion counts as 0.
    """

    __slots__ = ("strength", "reason", "expires_ns")

    def __init__(self, strength: float, reason: str, expires_ns: Nanos) -> None:
        self.strength = strength
        self.reason = reason
        self.expires_ns = expires_ns


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class SignalEvent(Event):
    """Record that the strategy in ``slot`` changed its opinion on an instrument."""

    __slots__ = ("slot", "instrument", "strength", "expires_ns", "reason")

    def __init__(self, now: Nanos, slot: i64, instrument: i64, signal: Signal) -> None:
        self.kind = SIGNAL
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.slot = slot
        self.instrument = instrument
        self.strength = signal.strength
        self.expires_ns = signal.expires_ns
        self.reason = signal.reason

    def write(self, out: BytesWriter) -> None:
        """Write slot, instrument, strength, expires_ns, reason."""
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_f64_le(out, self.strength)
        write_i64_le(out, self.expires_ns)
        write_text(out, self.reason)


@final
@mypyc_attr(acyclic=True)
class EvidenceFigures:
    """Hold what the shadow record of one strategy says on one day.

    ``sharpe`` is annualised by the square root of 365, ``sharpe_excess`` is it less
    the expected maximum of ``trials`` skill-less trials; ``deflated``, ``p_value``
    and ``confidence`` are probabilities. NaN where the record is too short.
    """

    __slots__ = (
        "days",
        "closed_trades",
        "trials",
        "mean",
        "sharpe",
        "sharpe_excess",
        "p_value",
        "deflated",
        "confidence",
        "track_days_min",
        "total_return",
    )

    def __init__(
        self,
        *,
        days: i64,
        closed_trades: i64,
        trials: i64,
        mean: float,
        sharpe: float,
        sharpe_excess: float,
        p_value: float,
        deflated: float,
        confidence: float,
        track_days_min: float,
        total_return: float,
    ) -> None:
        self.days = days
        self.closed_trades = closed_trades
        self.trials = trials
        self.mean = mean
        self.sharpe = sharpe
        self.sharpe_excess = sharpe_excess
        self.p_value = p_value
        self.deflated = deflated
        self.confidence = confidence
        self.track_days_min = track_days_min
        self.total_return = total_return


@final
@mypyc_attr(acyclic=True)
class Evidence(Event):
    """Record the verdict on one strategy's shadow record after a UTC day.

    ``passed`` says whether its signals may reach risk; ``rule`` names the first
    rule that failed, with what was ``measured`` and the ``limit``.
    """

    __slots__ = ("slot", "evidence_id", "figures", "passed", "rule", "measured", "limit")

    def __init__(
        self,
        now: Nanos,
        slot: i64,
        evidence_id: i64,
        figures: EvidenceFigures,
        *,
        passed: bool,
        rule: str,
        measured: float,
        limit: float,
    ) -> None:
        self.kind = EVIDENCE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.slot = slot
        self.evidence_id = evidence_id
        self.figures = figures
        self.passed = passed
        self.rule = rule
        self.measured = measured
        self.limit = limit

    def write(self, out: BytesWriter) -> None:
        """Write slot, evidence_id, the eleven figures in order, passed, measured, limit, rule."""
        figures = self.figures
        write_i64_le(out, self.slot)
        write_i64_le(out, self.evidence_id)
        write_i64_le(out, figures.days)
        write_i64_le(out, figures.closed_trades)
        write_i64_le(out, figures.trials)
        write_f64_le(out, figures.mean)
        write_f64_le(out, figures.sharpe)
        write_f64_le(out, figures.sharpe_excess)
        write_f64_le(out, figures.p_value)
        write_f64_le(out, figures.deflated)
        write_f64_le(out, figures.confidence)
        write_f64_le(out, figures.track_days_min)
        write_f64_le(out, figures.total_return)
        write_flag(out, self.passed)
        write_f64_le(out, self.measured)
        write_f64_le(out, self.limit)
        write_text(out, self.rule)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Certificate(Event):
    """Let one signal through the evidence gate: the first half of an order's proof.

    ``evidence_id`` names the :class:`Evidence` it rests on (-1: no day judged yet).
    ``observed`` is true where the gate only looks on (``gate = "observe"``) and the
    evidence alone would have refused.
    """

    __slots__ = ("certificate_id", "slot", "instrument", "strength", "expires_ns", "evidence_id", "observed")

    def __init__(
        self, now: Nanos, certificate_id: i64, signal: SignalEvent, *, evidence_id: i64, observed: bool
    ) -> None:
        self.kind = CERTIFICATE
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.certificate_id = certificate_id
        self.slot = signal.slot
        self.instrument = signal.instrument
        self.strength = signal.strength
        self.expires_ns = signal.expires_ns
        self.evidence_id = evidence_id
        self.observed = observed

    def write(self, out: BytesWriter) -> None:
        """Write certificate_id, slot, instrument, strength, expires_ns, evidence_id, observed."""
        write_i64_le(out, self.certificate_id)
        write_i64_le(out, self.slot)
        write_i64_le(out, self.instrument)
        write_f64_le(out, self.strength)
        write_i64_le(out, self.expires_ns)
        write_i64_le(out, self.evidence_id)
        write_flag(out, self.observed)


@final
@mypyc_attr(acyclic=True)
class Halted(Event):
    """Record that the strategy in ``slot`` was stopped because it failed; the others go on."""

    __slots__ = ("slot", "reason")

    def __init__(self, now: Nanos, slot: i64, reason: str) -> None:
        self.kind = HALTED
        self.ts_event_ns = now
        self.ts_known_ns = now
        self.slot = slot
        self.reason = reason

    def write(self, out: BytesWriter) -> None:
        """Write slot, reason."""
        write_i64_le(out, self.slot)
        write_text(out, self.reason)
