# SPDX-License-Identifier: Apache-2.0
"""What an account must hold: every trade and movement moves the assets that it names, by the last unit, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.kit.holdings import Exchanged, Holdings

ASSETS = ("BTC", "USDT", "BNB", "ETH")
AMOUNTS = st.integers(-(10**18), 10**18)
TRADES = st.builds(
    Exchanged,
    base=st.sampled_from(ASSETS),
    quote=st.sampled_from(ASSETS),
    bought=AMOUNTS,
    paid=AMOUNTS,
    fee_asset=st.sampled_from(ASSETS),
    fee=st.integers(0, 10**12),
)


@pytest.mark.requirement("I-4", "PORTFOLIO_001")
@given(
    start=st.dictionaries(st.sampled_from(ASSETS), st.integers(1, 10**18)),
    before=st.lists(TRADES, max_size=5),
    after=st.lists(TRADES, max_size=9),
    moved=st.lists(st.tuples(st.sampled_from(ASSETS), AMOUNTS, st.integers(1, 99)), max_size=5, unique=True),
)
def test_what_must_be_there_is_what_was_and_everything_since(
    start: dict[str, int], before: list[Exchanged], after: list[Exchanged], moved: list[tuple[str, int, int]]
) -> None:
    """Trades before the beginning are in the balances begun with; each later change counts in each of its assets."""
    holdings = Holdings()
    for one in before:
        holdings.exchange(one)
    holdings.begin(start, 0)
    assert holdings.expected() == start
    wanted = dict(start)
    for one in after:
        holdings.exchange(one)
        for asset, delta in ((one.base, one.bought), (one.quote, -one.paid), (one.fee_asset, -one.fee)):
            wanted[asset] = wanted.get(asset, 0) + delta
    for asset, delta, at_ms in moved:
        assert holdings.move(asset, delta, at_ms)
        assert not holdings.move(asset, delta, at_ms), "told twice, counted once"
        wanted[asset] = wanted.get(asset, 0) + delta
    assert holdings.expected() == {asset: amount for asset, amount in wanted.items() if amount}
    assert holdings.differences(holdings.expected()) == []


def test_a_difference_of_one_unit_is_told_with_both_figures() -> None:
    """Also where one side alone has the asset; what came before the beginning is in it already."""
    holdings = Holdings()
    holdings.begin({"BTC": 5, "USDT": 7}, 10)
    assert not holdings.move("USDT", 100, 10)
    found = holdings.differences({"BTC": 5, "USDT": 8, "ETH": 1})
    assert [(one.what, one.ours, one.theirs) for one in found] == [
        ("balance of ETH", 0, 1),
        ("balance of USDT", 7, 8),
    ]
