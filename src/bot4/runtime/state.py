# SPDX-License-Identifier: Apache-2.0
"""The state hash: one number for everything later decisions depend on.

SHA-256 over positions, balances, open orders, the order table, strategies and
features: each stage writes its part in a fixed order, little-endian, framed by
its name and length. Equal hashes mean that two engines would answer everything
that may come in the same way.
"""

from collections.abc import Sequence
from hashlib import sha256

from librt.strings import BytesWriter

from bot4.domain.stage import Stage


def state_hash(stages: Sequence[Stage]) -> bytes:
    """Return the 32 bytes of the hash over the stages in wired order."""
    digest = sha256()
    for stage in stages:
        out = BytesWriter()
        stage.write_state(out)
        data = out.getvalue()
        digest.update(f"{type(stage).__name__}:{len(data)}:".encode())
        digest.update(data)
    return digest.digest()
