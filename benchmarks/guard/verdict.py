# SPDX-License-Identifier: Apache-2.0
"""What a guard says: a measured ratio, its bound, and whether it holds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold one guard: what was measured, the bound, whether the measured may not be less (or not be more)."""

    name: str
    measured: float
    bound: float
    at_least: bool
    why: str

    @property
    def holds(self) -> bool:
        """Say whether the bound holds; a figure that is no number holds nothing."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def table(found: Sequence[Verdict]) -> str:
    """Return the verdicts in lines."""
    lines = [f"{'guard':<66}{'measured':>10}{'bound':>10}  holds"]
    for one in found:
        bound = f"{'>=' if one.at_least else '<='} {one.bound:g}"
        said = "yes" if one.holds else "NO"
        lines.append(f"{one.name:<66}{one.measured:>10.3g}{bound:>10}  {said:<5} ({one.why})")
    return "\n".join(lines)
