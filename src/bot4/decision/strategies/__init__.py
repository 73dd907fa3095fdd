# SPDX-License-Identifier: Apache-2.0
"""Strategies: the protocol a user implements, the shipped ones, and the stage that runs them."""

from bot4.decision.strategies.breakout import Breakout
from bot4.decision.strategies.mean_reversion import MeanReversion
from bot4.decision.strategies.momentum import Momentum
from bot4.decision.strategies.protocol import Columns, Strategy, View
from bot4.decision.strategies.sma_cross import SmaCross
from bot4.decision.strategies.tick_ema import TickEma
from bot4.decision.strategies.tick_protocol import TickStrategy, TickView

__all__ = [
    "Breakout",
    "Columns",
    "MeanReversion",
    "Momentum",
    "SmaCross",
    "Strategy",
    "TickEma",
    "TickStrategy",
    "TickView",
    "View",
]
