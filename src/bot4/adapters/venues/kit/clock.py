# SPDX-License-Identifier: Apache-2.0
"""How far the venue's clock is from ours: an interval that provably holds the truth, never a guess from one reply.

The venue read its clock somewhere between our sending and our receiving, so that each sample bounds the offset
from both sides; the quicker the round trip, the narrower. Samples are intersected; each widens with its age
by the drift that a slewed clock may have. Samples that contradict each other mean that a clock jumped: the
older ones are dropped. Local time here is the *monotonic* clock, so that a jump of the machine's wall clock
changes no time stamp; the wall clock is only judged, once, before the start.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from bot4.domain.errors import OutsideFault

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
KEPT_MAX: Final = 16
BURST: Final = 5
RENEW_NS: Final = 60 * SECOND
HURRY_NS: Final = 5 * SECOND
WIDE_NS: Final = 250 * MS
AHEAD_NS_MAX: Final = 400 * MS
"""A stamp may be ahead of the venue by less than a second; below this it is so even at the edge of the interval."""

OFFSET_NS_MAX: Final = SECOND
DRIFT_PPM: Final = 500
"""The fastest slew of a disciplined clock; crystals are ten times better."""


class Taken(StrEnum):
    """Say what a sample did: it narrowed or renewed the interval, showed a jump, or was of no use."""

    KEPT = "kept"
    JUMPED = "jumped"
    USELESS = "useless"


@dataclass(frozen=True, slots=True)
class ClockSample:
    """Hold one asking for the venue's time: local ns before sending and after receiving, and the venue's ms."""

    sent_ns: int
    received_ns: int
    server_ms: int


@final
class ClockOffset:
    """Know the venue's time from samples.

    Parameters
    ----------
    drift_ppm : int
        How fast the two clocks may drift apart, in parts per million.
    off_ns_max : int
        How far off the machine's clock may be at the start; more only where the venue's time runs faster than ours.
    """

    __slots__ = ("_samples", "_drift_ppm", "_off_ns_max", "jumps")

    def __init__(self, *, drift_ppm: int = DRIFT_PPM, off_ns_max: int = OFFSET_NS_MAX) -> None:
        self._samples: list[ClockSample] = []
        self._drift_ppm = drift_ppm
        self._off_ns_max = off_ns_max
        self.jumps = 0

    def take(self, sample: ClockSample) -> Taken:
        """Take one sample in; a reply before its request, or older than what is kept, is of no use."""
        late = bool(self._samples) and sample.received_ns < self._samples[-1].received_ns
        if sample.received_ns < sample.sent_ns or late:
            return Taken.USELESS
        known = self.bounds(sample.received_ns)
        low, high = self._widened(sample, sample.received_ns)
        if known is not None and (low > known[1] or high < known[0]):
            self._samples = [sample]
            self.jumps += 1
            return Taken.JUMPED
        self._samples.append(sample)
        if len(self._samples) > KEPT_MAX:
            self._drop_widest(sample.received_ns)
        return Taken.KEPT

    def doubt(self) -> None:
        """Forget all samples: the venue has refused a stamp that they allowed."""
        self._samples = []

    def bounds(self, now_ns: int) -> tuple[int, int] | None:
        """Return the least and the greatest offset (venue minus local, ns) that the samples allow; None without any."""
        if not self._samples:
            return None
        ranges = [self._widened(sample, now_ns) for sample in self._samples]
        return max(low for low, _ in ranges), min(high for _, high in ranges)

    def is_due(self, now_ns: int) -> bool:
        """Say whether to ask for the venue's time again: at first a burst, then each minute, sooner while unsure."""
        known = self.bounds(now_ns)
        if known is None or len(self._samples) < BURST:
            return True
        age = now_ns - self._samples[-1].received_ns
        return age >= RENEW_NS or (known[1] - known[0] > 2 * WIDE_NS and age >= HURRY_NS)

    def server_ns(self, now_ns: int) -> int | None:
        """Return the venue's time, the middle of what is possible; None without a sample."""
        known = self.bounds(now_ns)
        return None if known is None else now_ns + (known[0] + known[1]) // 2

    def stamp_ms(self, now_ns: int) -> int | None:
        """Return a time stamp that the venue will not find ahead of its clock, in ms; None without a sample."""
        known = self.bounds(now_ns)
        if known is None:
            return None
        return (now_ns + min((known[0] + known[1]) // 2, known[0] + AHEAD_NS_MAX)) // MS

    def drift_ppm(self, now_ns: int) -> float | None:
        """Return how fast the clocks drift apart by the oldest and the newest sample; None before they are apart."""
        if len(self._samples) < 2:
            return None
        first, last = self._samples[0], self._samples[-1]
        apart = last.received_ns - first.received_ns
        if apart < RENEW_NS:
            return None
        return (middle(last) - middle(first)) / apart * 1e6

    def objection(self, wall_ns: int, now_ns: int) -> OutsideFault | None:
        """Return why trading must not start by this wall clock: it is more than a second off, or nobody can tell.

        Parameters
        ----------
        wall_ns, now_ns : int
            The machine's UTC clock and its monotonic clock at one moment.
        """
        known = self.bounds(now_ns)
        if known is None or known[1] - known[0] > 2 * self._off_ns_max:
            return OutsideFault(
                "clock",
                "the venue's time could not be learnt",
                "replies within a second",
                "Check the connection and try again.",
                "clock_unknown",
            )
        off = wall_ns - now_ns - (known[0] + known[1]) // 2
        if abs(off) <= self._off_ns_max:
            return None
        return OutsideFault(
            "clock",
            f"this machine is {abs(off) / SECOND:.1f} s {'ahead of' if off > 0 else 'behind'} the venue",
            "at most 1 s",
            "Set the machine's clock: let it be kept by NTP (timedatectl set-ntp true), then start again.",
            "clock_off",
        )

    def _widened(self, sample: ClockSample, now_ns: int) -> tuple[int, int]:
        """Return the offsets that a sample allows after its age; the venue tells whole milliseconds, cut off."""
        slack = abs(now_ns - sample.sent_ns) * self._drift_ppm // 1_000_000 + 1
        server = sample.server_ms * MS
        return server - sample.received_ns - slack, server + MS - sample.sent_ns + slack

    def _drop_widest(self, now_ns: int) -> None:
        """Forget the sample, other than the newest, that says least."""

        def width(at: int) -> int:
            """Return how wide a sample's interval is by now."""
            low, high = self._widened(self._samples[at], now_ns)
            return high - low

        del self._samples[max(range(len(self._samples) - 1), key=width)]


def middle(sample: ClockSample) -> int:
    """Return the offset in the middle of a sample's interval."""
    return sample.server_ms * MS + MS // 2 - (sample.sent_ns + sample.received_ns) // 2
