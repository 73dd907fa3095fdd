# SPDX-License-Identifier: Apache-2.0
"""Warming up: whatever way bars come later, no kernel is compiled or loaded then."""

from typing import Any

import pytest

from bot4.kernels import features
from bot4.kernels.features import compile_features
from bot4.kernels.indicators import tracks
from bot4.runtime.warm_up import warm_up_features


@pytest.mark.parametrize("names", [["sma_3"], ["sma_3", "rsi_3@4h"], []])
def test_each_way_of_the_kernel_is_gone_once(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks, single bars of a batch, and the stream."""
    gone: list[str] = []

    def noting(place: Any, name: str) -> None:
        kernel = getattr(place, name)

        def call(*given: Any) -> Any:
            gone.append(name)
            return kernel(*given)

        monkeypatch.setattr(place, name, call)

    noting(features, "run_blocks")
    noting(tracks, "run")
    noting(features.FeatureStream, "step")
    warm_up_features(compile_features(names))
    assert {"run_blocks", "run", "step"} <= set(gone)
