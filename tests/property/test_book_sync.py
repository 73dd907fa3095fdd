# SPDX-License-Identifier: Apache-2.0
"""A book that is used is the venue's book, whatever the network does: lost, doubled, swapped and delayed changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.domain.event import BOOK_DELTA, BOOK_SNAPSHOT
from bot4.domain.marketdata import BookDelta, BookSnapshot
from bot4.market.books.rules import FUTURES_RULE, SPOT_RULE, Change, JoinRule
from tests.unit.market.live_feeds import MS, START, BookVenue, Levels, Watched, columns, empty, follow

pytestmark = pytest.mark.requirement("DATA_001/validation", "FLOW_001")

RULES = {"spot": SPOT_RULE, "futures": FUTURES_RULE}
LOSE, DOUBLE, SWAP, DELAY = "lose", "double", "swap", "delay"
Harm = tuple[str, int]


def told(venue: BookVenue, count: int) -> list[Change]:
    """So many changes of a venue, 100 ms apart."""
    return [venue.change(START + 100 * MS * n) for n in range(count)]


def harmed(changes: list[Change], harms: list[Harm]) -> list[Change]:
    """The changes as a bad network delivers them."""
    out = list(changes)
    for kind, place in harms:
        if len(out) < 4:
            break
        at = place % (len(out) - 3)
        if kind == LOSE:
            del out[at]
        elif kind == DOUBLE:
            out.insert(at + 1 + place % 3, out[at])
        elif kind == SWAP:
            out[at], out[at + 1] = out[at + 1], out[at]
        else:
            out.insert(at + 3, out.pop(at))
    return out


def run(rule: JoinRule, venue: BookVenue, sent: list[Change], delays: list[int]) -> tuple[Watched, list[int]]:
    """Deliver changes; answer each request for a snapshot after so many further changes, with the book of then.

    After each event the receiver's own book is compared with what the venue's book was at that number.
    Returns the check and the numbers at which it was compared.
    """
    seen = Watched(rule)
    sync = seen.check.book.sync
    compared: list[int] = []
    held: Levels = empty()
    answers: list[tuple[int, Change]] = []
    asks = 0
    newest = min(venue.states)
    for n, change in enumerate(sent):
        now_ns = START + 100 * MS * n
        newest = max(newest, change.last_id)
        before = len(seen.events)
        seen.check.delta(change)
        if sync.is_due(now_ns):
            sync.asked(now_ns)
            wait = delays[asks % len(delays)]
            asks += 1
            answers.append((n + wait, venue.snapshot(now_ns, newest)))
        while answers and answers[0][0] <= n:
            seen.check.snapshot(answers.pop(0)[1])
        for event in seen.events[before:]:
            held = follow(held, event)
            if isinstance(event, BookSnapshot) and event.begin == event.end:
                continue
            if isinstance(event, BookSnapshot | BookDelta):
                number = int(event.last_id)
                assert held == venue.states[number], f"another book than the venue's at {number}"
                compared.append(number)
        if sync.is_known:
            assert held == {1: sync.book.bids.levels, -1: sync.book.asks.levels}
            assert held == venue.states[sync.last_id]
        else:
            assert held == empty(), "levels are shown of a book that is not known"
    return seen, compared


@pytest.mark.parametrize("name", RULES)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(8, 80),
    harms=st.lists(st.tuples(st.sampled_from([LOSE, DOUBLE, SWAP, DELAY]), st.integers(0, 10_000)), max_size=12),
    delays=st.lists(st.integers(0, 12), min_size=1, max_size=4),
)
def test_no_book_is_shown_that_is_not_the_venues(
    name: str, seed: int, count: int, harms: list[Harm], delays: list[int]
) -> None:
    """Equal to a plain book of the venue's at every number shown; after the harm it heals by itself."""
    venue = BookVenue(np.random.default_rng(seed), is_futures=name == "futures")
    changes = told(venue, count)
    sent = harmed(changes, harms) + told(venue, 60)
    seen, compared = run(RULES[name], venue, sent, delays)
    assert seen.check.book.sync.is_known
    assert compared[-1] == venue.last_id
    figures = seen.quality
    assert figures.fates().total() + seen.check.waiting == len(sent) + _snapshots(seen)


def _snapshots(seen: Watched) -> int:
    """How many snapshots were delivered, by their fates."""
    return sum(seen.fates().get("snapshot", {}).values())


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 2**32 - 1), lost=st.integers(1, 3), at=st.integers(5, 30))
def test_every_loss_is_seen_at_the_next_change(name: str, seed: int, lost: int, at: int) -> None:
    """One change missing is enough: the next one says that there is no book, and nothing is shown until there is."""
    venue = BookVenue(np.random.default_rng(seed), is_futures=name == "futures")
    changes = told(venue, 40)
    seen = Watched(RULES[name])
    seen.check.delta(changes[0])
    seen.check.snapshot(venue.snapshot(START, changes[0].last_id))
    for change in changes[1:at]:
        seen.check.delta(change)
    sync = seen.check.book.sync
    assert (sync.is_known, sync.held_count) == (True, 0)
    seen.check.delta(changes[at + lost])
    assert (sync.is_known, sync.held_count) == (False, 1)
    assert seen.quality.gaps == 1
    told_last = seen.events[-1]
    assert isinstance(told_last, BookSnapshot) and columns(told_last) == ([], [], [])
    shown = len(seen.events)
    for change in changes[at + lost + 1 :]:
        seen.check.delta(change)
    assert len(seen.events) == shown
    seen.check.snapshot(venue.snapshot(START + 5_000 * MS, changes[at + lost].last_id))
    assert seen.check.book.sync.is_known
    assert seen.quality.resyncs == 1
    kinds = [int(event.kind) for event in seen.events[shown:]]
    repeated = 1 if name == "futures" else 0  # theirs joins with the change that ends where the snapshot does
    assert kinds == [BOOK_SNAPSHOT] + [BOOK_DELTA] * (39 - at - lost + repeated)


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 2**32 - 1), back=st.integers(2, 10))
def test_a_snapshot_older_than_what_is_held_is_not_taken(name: str, seed: int, back: int) -> None:
    """There is a hole between them: another snapshot is due, and none of the two is lost from sight."""
    venue = BookVenue(np.random.default_rng(seed), is_futures=name == "futures")
    changes = told(venue, 20)
    seen = Watched(RULES[name])
    for change in changes[12:]:
        seen.check.delta(change)
    seen.check.snapshot(venue.snapshot(START, changes[12 - back].last_id))
    assert not seen.check.book.sync.is_known
    assert seen.fates()["snapshot"] == {"stale_snapshot": 1}
    assert seen.check.book.sync.is_due(START)
    seen.check.snapshot(venue.snapshot(START, changes[15].last_id))
    assert seen.check.book.sync.last_id == venue.last_id
