# SPDX-License-Identifier: Apache-2.0
"""The cyclic garbage collector, kept out of the loops that matter."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Keep the cyclic collector out of the loop: events form no cycles, and a full collection stops the world."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
