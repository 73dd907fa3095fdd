# SPDX-License-Identifier: Apache-2.0
"""The thirty indicator outputs of the indicator works, by bot4's names, and how many bars the streams take."""

from typing import Final

NAMES: Final = (
    "sma_20",
    "sma_50",
    "ema_12",
    "ema_26",
    "wma_20",
    "macd_12_26_9",
    "macd_signal_12_26_9",
    "macd_hist_12_26_9",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "aroon_up_25",
    "aroon_down_25",
    "rsi_14",
    "mom_10",
    "roc_10",
    "cci_20",
    "willr_14",
    "stoch_k_14_3",
    "stoch_d_14_3_3",
    "atr_14",
    "natr_14",
    "bb_upper_20_2",
    "bb_lower_20_2",
    "donchian_high_20",
    "donchian_low_20",
    "stddev_20",
    "obv",
    "mfi_14",
    "volume_sma_20",
)
"""Those of bot4's default features that TA-Lib has; written out, since the peers' environments have no bot4."""

STREAMED: Final = 10_000
"""Bars of the streaming work: the first so many of the file."""

WARM: Final = 1_000
"""Bars that a stream has taken before it is measured."""
