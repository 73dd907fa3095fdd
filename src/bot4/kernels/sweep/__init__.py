# SPDX-License-Identifier: Apache-2.0
"""Screening of strategy parameters: conditions as bits, opinions hopping over them, the shadow book's fill rule.

A screen keeps nothing but the figures of each parameter set. What it says of one set is what the engine's shadow book
says of that strategy, to rounding; the engine has the last word.
"""

from bot4.kernels.sweep.holding import holding_sharpe
from bot4.kernels.sweep.rules import RULES, Plan, plan_of
from bot4.kernels.sweep.screen import Screened, Series, screen

__all__ = ["RULES", "Plan", "Screened", "Series", "holding_sharpe", "plan_of", "screen"]
