# SPDX-License-Identifier: Apache-2.0
"""Compile or load every kernel a run uses, before its first bar: the first time on a machine this takes a while."""

import numpy as np

from bot4.kernels.evidence import assess
from bot4.kernels.features import FeatureProgram
from bot4.kernels.indicators.layout import BLOCK


def warm_up(program: FeatureProgram) -> None:
    """Run each kernel of a run once, on states of its own that nothing else sees."""
    warm_up_features(program)
    assess(np.array([0.01, -0.01, 0.02]), 1, 0)


def warm_up_features(program: FeatureProgram) -> None:
    """Do so for the kernels of features alone: a bar at a time, few bars, and blocks of them."""
    for bars in (1, BLOCK):
        column, out = np.ones(bars), np.empty((bars, program.size))
        program.run(program.new_state(), np.arange(bars), column, column, column, column, column, out)
    program.stream().step(0, 1.0, 1.0, 1.0, 1.0, 1.0)
