# SPDX-License-Identifier: Apache-2.0
"""The proof: every strategy's signals run in a shadow book with costs, and only its record opens the gate."""

from bot4.decision.evidence.gate import Gate
from bot4.decision.evidence.rules import Thresholds
from bot4.decision.evidence.shadow import ShadowBook

__all__ = ["Gate", "ShadowBook", "Thresholds"]
