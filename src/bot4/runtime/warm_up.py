# SPDX-License-Identifier: Apache-2.0
"""Compile or load every kernel a run uses, before its first bar: the first time on a machine this takes a while."""

import numpy as np

from bot4.kernels.evidence import assess
from bot4.kernels.features import FeatureProgram


def warm_up(program: FeatureProgram) -> None:
    """Run each kernel once, on states of its own that nothing else sees."""
    one = np.ones(1)
    program.run(program.new_state(), np.zeros(1, dtype=np.int64), one, one, one, one, one, np.empty((1, program.size)))
    program.stream().step(0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assess(np.array([0.01, -0.01, 0.02]), 1, 0)
