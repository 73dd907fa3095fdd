# SPDX-License-Identifier: Apache-2.0
"""Identity: every id is a function of its inputs, so that a run repeated is the same run.

``run`` = sha256 of the canonical configuration, the hashes of the data sets in
order, the engine's format version and the seed. Output paths and wall time never
enter. A client order id is ``b4``, the first 16 hex characters of ``run``, the strategy
slot and the order's number: one hash a run, none an order. The ``b4`` marks an order
as bot4's among those that a person or another program placed on the same account.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, final

from mypy_extensions import i64

ENGINE_FORMAT: Final = 1
"""Raised whenever the same input would give other decisions or other journal bytes."""

OURS: Final = "b4"
RUN_PREFIX: Final = 16
CLIENT_ID_MAX: Final = 36
SLOT_MAX: Final = 999
ORDER_ID_MAX: Final = 10**12 - 1
"""With these 2 + 16 + 1 + 3 + 1 + 12 characters are the most: 35."""

HEX_DIGITS: Final = "0123456789abcdef"


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


@final
class OrderName:
    """Hold what a client order id says: the run's first characters, slot (-1: nobody's), number."""

    __slots__ = ("run_prefix", "slot", "order_id")

    def __init__(self, run_prefix: str, slot: i64, order_id: i64) -> None:
        self.run_prefix = run_prefix
        self.slot = slot
        self.order_id = order_id


def client_order_id(run: str, slot: int, order_id: int) -> str:
    """Return the id under which the venue sees an order: injective in its three parts, at most 36 characters.

    An order that no strategy asked for (risk closing everything) has an ``x`` for its slot.

    Parameters
    ----------
    run : str
        The run's identity; its first 16 characters are told.
    slot : int
        The strategy, below 1,000; negative where no one strategy asked.
    order_id : int
        Below 10**12, so that the whole fits the shortest field of a venue.
    """
    assert slot <= SLOT_MAX and 0 <= order_id <= ORDER_ID_MAX, "a slot or an order number outgrew the client order id"
    return f"{OURS}{run[:RUN_PREFIX]}-{slot if slot >= 0 else 'x'}-{order_id}"


def order_name(text: str) -> OrderName | None:
    """Return what a client order id of bot4 says, None for one that bot4 never wrote: the inverse of the above."""
    parts = text.split("-")
    if len(parts) != 3 or not parts[0].startswith(OURS) or len(text) > CLIENT_ID_MAX:
        return None
    run_prefix, slot, number = parts[0][len(OURS) :], parts[1], parts[2]
    if len(run_prefix) != RUN_PREFIX or run_prefix.strip(HEX_DIGITS):
        return None
    if not is_plain(number) or int(number) > ORDER_ID_MAX:
        return None
    if slot == "x":
        return OrderName(run_prefix, -1, int(number))
    return OrderName(run_prefix, int(slot), int(number)) if is_plain(slot) and int(slot) <= SLOT_MAX else None


def is_plain(digits: str) -> bool:
    """Say whether a text is a whole number as :func:`client_order_id` writes it: ASCII digits, no leading zero."""
    return digits.isascii() and digits.isdecimal() and (digits == "0" or digits[0] != "0")
