# SPDX-License-Identifier: Apache-2.0
"""Identity: every id is a function of its inputs, so that a run repeated is the same run.

``run`` = sha256 of the canonical configuration, the hashes of the data sets in
order, the engine's format version and the seed. Output paths and wall time never
enter. A client order id is the first 16 hex characters of ``run``, the strategy
slot and a sequence number: one hash a run, none an order, and it sorts.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

ENGINE_FORMAT: Final = 1
"""Raised whenever the same input would give other decisions or other journal bytes."""

RUN_PREFIX: Final = 16


def run_id(config: bytes, data_hashes: Sequence[str], seed: int, nonce: str = "") -> str:
    """Return the run's identity, 64 hex characters.

    Parameters
    ----------
    config : bytes
        The canonical form of the configuration.
    data_hashes : sequence of str
        SHA-256 of each data set, in the order of the command line.
    seed : int
        The run's seed.
    nonce : str
        Empty for a backtest; the journaled start nonce of a paper or live run.
    """
    digest = sha256()
    for part in (b"bot4", str(ENGINE_FORMAT).encode(), config, *(h.encode() for h in data_hashes), str(seed).encode()):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    if nonce:
        digest.update(nonce.encode())
    return digest.hexdigest()


def client_order_id(run: str, slot: int, sequence: int) -> str:
    """Return the id under which the venue sees an order: injective in its three parts.

    An order that no strategy asked for (risk closing everything) has an ``x`` for its slot.
    """
    return f"{run[:RUN_PREFIX]}-{slot if slot >= 0 else 'x'}-{sequence}"
