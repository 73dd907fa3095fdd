# SPDX-License-Identifier: Apache-2.0
"""What the account must hold by everything that was heard: what it held at first, and each change since.

A trade moves base, quote and the fee's asset, whoever made it; what came into the account or left it moves one asset.
Orders only lock, so that free and locked are counted together. All amounts are whole 1e-8 of an asset, and the
comparison has no tolerance. Trades come from the venue's own history and are entered once; nothing here asks for them.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from bot4.account.reconciliation import Difference

MOVES_MAX: Final = 4_096
"""So many of the latest movements are remembered, to know one that is told again."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Hold what one trade moved (1e-8): ``bought`` of base and ``paid`` of quote are negative for a sale."""

    base: str
    quote: str
    bought: int
    paid: int
    fee_asset: str
    fee: int


@final
class Holdings:
    """Keep what each asset must amount to.

    Attributes
    ----------
    moves : int
        Movements entered: deposits, withdrawals, transfers.
    """

    __slots__ = ("moves", "_baseline", "_changes", "_begun_ms", "_heard")

    def __init__(self) -> None:
        self.moves = 0
        self._baseline: dict[str, int] | None = None
        self._changes: dict[str, int] = {}
        self._begun_ms = -1
        self._heard: OrderedDict[tuple[int, str, int], None] = OrderedDict()

    @property
    def is_begun(self) -> bool:
        """Tell whether it is known what the account held at first."""
        return self._baseline is not None

    def begin(self, theirs: Mapping[str, int], at_ms: int) -> None:
        """Take the venue's balances for right at this moment, all that was entered before included.

        Parameters
        ----------
        theirs : mapping
            Free and locked together, by asset.
        at_ms : int
            When the venue last changed them: a movement of then or before is in them.
        """
        assets = {*theirs, *self._changes}
        self._baseline = {asset: theirs.get(asset, 0) - self._changes.get(asset, 0) for asset in sorted(assets)}
        self._begun_ms = at_ms

    def exchange(self, traded: Exchanged) -> None:
        """Enter one trade."""
        self._change(traded.base, traded.bought)
        self._change(traded.quote, -traded.paid)
        self._change(traded.fee_asset, -traded.fee)

    def move(self, asset: str, delta: int, at_ms: int) -> bool:
        """Enter what came or went; False where it was entered before, or is in the balances begun with."""
        key = (at_ms, asset, delta)
        if key in self._heard or at_ms <= self._begun_ms:
            return False
        self._heard[key] = None
        if len(self._heard) > MOVES_MAX:
            self._heard.popitem(last=False)
        self._change(asset, delta)
        self.moves += 1
        return True

    def expected(self) -> dict[str, int]:
        """Return what must be there, by asset; what is nothing is left out."""
        before = self._baseline or {}
        totals = {asset: before.get(asset, 0) + self._changes.get(asset, 0) for asset in {*before, *self._changes}}
        return {asset: totals[asset] for asset in sorted(totals) if totals[asset]}

    def differences(self, theirs: Mapping[str, int]) -> list[Difference]:
        """Return each asset in which the venue has something else, with both figures in 1e-8."""
        ours = self.expected()
        return [
            Difference(f"balance of {asset}", ours=ours.get(asset, 0), theirs=theirs.get(asset, 0))
            for asset in sorted({*ours, *theirs})
            if ours.get(asset, 0) != theirs.get(asset, 0)
        ]

    def _change(self, asset: str, delta: int) -> None:
        """Change one asset."""
        if delta:
            self._changes[asset] = self._changes.get(asset, 0) + delta
