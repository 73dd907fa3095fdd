# SPDX-License-Identifier: Apache-2.0
"""Whether the venue's books say what ours say: open orders, fills since the last known, balances; exactly.

A round first tells everything that the venue has (:mod:`~bot4.adapters.venues.binance.account.catch_up`), so that what
was merely not heard is heard now. Then the balances are read, and the trades asked for once more: only where none came
in between, and the stream told of none, are the two pictures of one moment. A difference has to stand for several
rounds, since what the venue says in two answers may be moments apart.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

from mypy_extensions import i64

from bot4.account.reconciliation import Difference
from bot4.adapters.venues.binance.account.catch_up import CatchUp, CaughtUp
from bot4.adapters.venues.binance.account.mark import Mark
from bot4.adapters.venues.binance.orders.lookup import Lookup
from bot4.adapters.venues.binance.wire.replies import AccountReply
from bot4.adapters.venues.binance.wire.requests import account
from bot4.adapters.venues.kit.decimals import eighths
from bot4.adapters.venues.kit.holdings import Holdings
from bot4.adapters.venues.kit.limiter import Hold, Urgency
from bot4.domain.instrument import Instrument
from bot4.domain.values import Lots
from bot4.trading.orders import Order

ROUNDS_MAX: Final = 4
"""So often is a difference looked at before it is called one."""

QUIET_MAX: Final = 20
"""So often is a moment sought in which nothing trades."""

WAIT_S: Final = 0.1
"""The wait before a difference is looked at again; each is twice the one before."""

UNHEARD: Final = "moved while nobody listened: "
UNQUIET: Final = "the account traded all the time, so that its balances could not be compared"


class Books(Protocol):
    """Say what we think: :class:`~bot4.trading.execution.Trading` does."""

    def open_orders(self) -> list[Order]:
        """Return our orders that may still trade."""
        ...

    def position(self, instrument: i64) -> Lots:
        """Return the signed lots that we hold by our own count of fills."""
        ...

    def dust(self, instrument: i64) -> i64:
        """Return what we hold beside the lots, in 1e-8 of the base asset."""
        ...


@dataclass(frozen=True, slots=True)
class Equality:
    """Hold what a comparison came to: equal, what differs with both figures, or why it could not be made.

    Parameters
    ----------
    differences : tuple of Difference
        Balances and positions in 1e-8 of the asset, orders as 0 and 1.
    obstacle : str
        What the venue did not say; empty where the comparison was made.
    unheard : tuple of Difference
        Balances that other hands moved while no process of ours listened: taken for right, and told.
    """

    differences: tuple[Difference, ...] = ()
    obstacle: str = ""
    unheard: tuple[Difference, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Tell whether the two sides were compared and are the same."""
        return not self.differences and not self.obstacle

    @property
    def why(self) -> str:
        """Say in words why not, or what is to be told all the same; empty where they are simply equal."""
        if self.obstacle:
            return self.obstacle
        told = "; ".join(
            f"{one.what}: ours {one.ours}, theirs {one.theirs}" for one in (*self.differences, *self.unheard)
        )
        return UNHEARD + told if self.unheard else told


@final
class Reconciler:
    """Compare our books with the venue's, on start, after each cut, and all the while.

    Parameters
    ----------
    lookup : Lookup
        Asks the venue, and delivers what was not heard.
    run : str
        The run whose orders are ours.
    books : Books
        What we think.
    holdings : Holdings
        What the account must hold; the movements that the stream tells are entered there.
    mark : Mark, optional
        From where to go on. What came into the account or left it since then without a trade is taken for right once,
        and told: nobody listened. Without a mark the venue's balances are taken for right once, and its newest trade
        is where the history begins.

    Attributes
    ----------
    rounds, equal : int
        Comparisons begun, and those that came out equal.
    """

    def __init__(self, lookup: Lookup, *, run: str, books: Books, holdings: Holdings, mark: Mark | None = None) -> None:
        self.rounds = 0
        self.equal = 0
        self._lookup = lookup
        self._books = books
        self._holdings = holdings
        self._walks = [CatchUp(lookup, run, instrument, self._ours(instrument)) for instrument in lookup.instruments]
        self._turn = asyncio.Lock()
        self._is_back = mark is not None
        self._unheard: tuple[Mapping[str, int], int] | None = None
        self._offsets: dict[str, int] = {}
        self._moved: Counter[str] = Counter()
        if mark is not None:
            lookup.history.last_ids.update(mark.last_ids)
            self._offsets.update(mark.positions)
            holdings.begin(mark.balances, -1)

    async def reconcile(self) -> Equality:
        """Tell what was not heard, compare, and return what it came to; asked by several, one after the other."""
        async with self._turn:
            return await self._reconcile()

    async def _reconcile(self) -> Equality:
        """Compare until it is equal, or a difference has stood."""
        self.rounds += 1
        found = Equality()
        for tries in range(ROUNDS_MAX):
            if tries:
                await asyncio.sleep(WAIT_S * (1 << (tries - 1)))
            found = await self._round()
            if found.is_equal or found.obstacle:
                break
        if found.differences and self._unheard is not None:
            self._holdings.begin(*self._unheard)
            found = Equality(unheard=found.differences)
        if found.is_equal:
            self.equal += 1
            self._is_back = False
        return found

    def mark(self) -> Mark | None:
        """Return up to where the two sides were compared, for a session after this one; None before the first time."""
        if not self._holdings.is_begun:
            return None
        held = {
            one.symbol: self._offsets.get(one.symbol, 0) + self._moved[one.base] for one in self._lookup.instruments
        }
        return Mark(dict(self._lookup.history.last_ids), self._holdings.expected(), held)

    async def _round(self) -> Equality:
        """Catch up with each instrument, read the balances, and compare where nothing traded meanwhile."""
        history = self._lookup.history
        for instrument in self._lookup.instruments:
            if not await history.begin(instrument.symbol):
                return Equality(obstacle=f"the newest trade of {instrument.symbol} did not come")
        for _ in range(QUIET_MAX):
            differences: list[Difference] = []
            for instrument, walk in zip(self._lookup.instruments, self._walks, strict=True):
                caught = await walk.go()
                if isinstance(caught, str):
                    return Equality(obstacle=caught)
                self._enter(instrument, caught)
                differences += caught.differences
            before = self._holdings.moves, self._held()
            told = await self._lookup.ask(account(), AccountReply, Urgency.ORDINARY)
            reply = None if isinstance(told, Hold) else told.value
            theirs = totals(reply)
            if reply is None or theirs is None:
                return Equality(obstacle="the balances did not come")
            quiet = await self._is_quiet()
            if isinstance(quiet, str):
                return Equality(obstacle=quiet)
            if quiet and before == (self._holdings.moves, self._held()):
                return self._compared(differences, theirs, int(reply.update_time))
        return Equality(obstacle=UNQUIET)

    def _compared(self, differences: Sequence[Difference], theirs: Mapping[str, int], at_ms: int) -> Equality:
        """Return what differs at a quiet moment; the first time begin with what is there."""
        if not self._holdings.is_begun:
            self._holdings.begin(theirs, at_ms)
        found = [*differences, *self._positions()]
        balances = self._holdings.differences(theirs)
        self._unheard = (theirs, at_ms) if self._is_back and balances and not found else None
        return Equality((*found, *balances))

    def _positions(self) -> list[Difference]:
        """Return the instruments of which we hold something else than the trades add up to."""
        found: list[Difference] = []
        for instrument in self._lookup.instruments:
            symbol, ours = instrument.symbol, self._held()[int(instrument.index)]
            moved = self._moved[instrument.base]
            offset = self._offsets.setdefault(symbol, ours - moved)
            if ours != offset + moved:
                found.append(Difference(f"position of {symbol}", ours=ours, theirs=offset + moved))
        return found

    def _held(self) -> tuple[int, ...]:
        """Return what we hold of each base asset, in 1e-8; it changes where a trade is heard of while we ask."""
        books = self._books
        return tuple(
            int(books.position(one.index)) * int(one.lot_units) + int(books.dust(one.index))
            for one in self._lookup.instruments
        )

    async def _is_quiet(self) -> bool | str:
        """Say whether nothing has traded since it was told; a text where that could not be asked."""
        for instrument in self._lookup.instruments:
            fresh = await self._lookup.history.fresh(instrument.symbol)
            if fresh is None:
                return f"the trades of {instrument.symbol} did not come"
            if fresh:
                return False
        return True

    def _enter(self, instrument: Instrument, caught: CaughtUp) -> None:
        """Account for the trades that were told."""
        for own in caught.own:
            self._moved[own.base] += own.bought
            self._moved[own.fee_asset] -= own.fee
        self._lookup.history.last_ids[instrument.symbol] = caught.last_id
        for moved in caught.moved:
            self._holdings.exchange(moved)

    def _ours(self, instrument: Instrument) -> Callable[[], Sequence[Order]]:
        """Return what tells our open orders of one instrument, whenever it is asked."""
        return lambda: [one for one in self._books.open_orders() if one.instrument == instrument.index]


def totals(said: AccountReply | None) -> dict[str, int] | None:
    """Return what each asset amounts to, free and locked, in 1e-8; None where an amount is none."""
    found: dict[str, int] = {}
    for each in () if said is None else said.balances:
        free, locked = eighths(each.free), eighths(each.locked)
        if free is None or locked is None:
            return None
        found[each.asset] = free + locked
    return None if said is None else found
