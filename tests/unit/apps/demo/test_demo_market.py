# SPDX-License-Identifier: Apache-2.0
"""The market of the demonstration: the same for the same seed, told bar by bar and trade by trade without a seam."""

from dataclasses import replace
from itertools import islice

from mypy_extensions import i64

from bot4.account.portfolio import Portfolio
from bot4.apps.demo.market import BAR_PRINTS, BEGAN_MS, INTERVAL_MS, PAST_BARS, SYMBOLS, DemoMarket, way
from bot4.apps.demo.run import SPEED, SPEED_MIN, differences, speed_of
from bot4.apps.venue_server.background import Print
from bot4.domain.values import MONEY_ONE, Money
from bot4.simulation.exchange.accounts import Balance
from bot4.simulation.exchange.venue import AccountLedger
from tests.simulation.driver import instrument

FOLLOWING = 4


def prints(seed: int, bars: int = FOLLOWING) -> list[Print]:
    """Every trade after the past."""
    return list(DemoMarket(seed, bars).prints())


def test_the_past_ends_where_the_trades_begin() -> None:
    """No gap in time, no leap in price: the first trade of each symbol is at the last close of its past."""
    market = DemoMarket(0, FOLLOWING)
    first = list(islice(market.prints(), len(SYMBOLS)))
    for past, one in zip(market.past(), first, strict=True):
        assert len(past.candles) == PAST_BARS
        assert past.candles[-1].open_ms + INTERVAL_MS == BEGAN_MS
        assert (one.symbol, one.at_ms, one.price) == (past.symbol, 0, past.candles[-1].close)
        rules = next(each.rules for each in market.symbols if each.rules.symbol == one.symbol)
        assert one.price % rules.price.tick == 0
        assert one.quantity > 0


def test_the_trades_of_a_bar_go_over_all_of_it_in_order() -> None:
    """Every bar has its trades inside its time; the next one opens where they ended."""
    told = prints(3)
    assert [one.at_ms for one in told] == sorted(one.at_ms for one in told)
    for symbol in SYMBOLS:
        of_symbol = [one for one in told if one.symbol == symbol]
        bars = [of_symbol[place : place + BAR_PRINTS] for place in range(0, len(of_symbol), BAR_PRINTS)]
        assert len(bars) == FOLLOWING
        for place, bar in enumerate(bars):
            assert all(place * INTERVAL_MS <= one.at_ms < (place + 1) * INTERVAL_MS for one in bar)
        assert [bar[-1].price for bar in bars[:-1]] == [bar[0].price for bar in bars[1:]]


def test_the_way_of_a_bar_touches_all_four_prices() -> None:
    """Open first, close last, between them both extremes; the one far from the close comes first."""
    rising, falling = way([100, 130, 91, 121]), way([121, 130, 91, 100])
    assert rising == [100, 97, 94, 91, 104, 117, 130, 127, 124, 121]
    assert falling == [121, 124, 127, 130, 117, 104, 91, 94, 97, 100]
    assert len(rising) == BAR_PRINTS


def test_equal_seeds_give_equal_markets_and_a_longer_one_begins_with_the_shorter() -> None:
    """What a seed stands for does not depend on how long it is watched."""
    assert prints(5, FOLLOWING + 2)[: FOLLOWING * BAR_PRINTS * len(SYMBOLS)] == prints(5)
    assert prints(5) != prints(6)
    assert DemoMarket(5, 1).past() == DemoMarket(5, 3).past()


def test_a_closed_market_tells_no_further_trade() -> None:
    """It ends in the midst of a bar."""
    market = DemoMarket(0, FOLLOWING)
    told = market.prints()
    next(told)
    market.close()
    assert list(told) == []


def test_a_busy_machine_gets_a_slower_venue() -> None:
    """With all of its time for us it races, with a fifth much less, never slower than a person would wait for."""
    assert speed_of(1.0) == speed_of(0.9) == SPEED
    assert SPEED_MIN < speed_of(0.2) < SPEED / 2
    assert speed_of(0.0) == SPEED_MIN


def test_each_difference_of_the_books_is_named_to_the_unit() -> None:
    """Money, coins, trades: one unit is enough; what the venue locks counts as well."""
    coin = instrument()
    portfolio = Portfolio([coin], capital=Money(1_000 * MONEY_ONE))
    assert portfolio.units(i64(0)) == 0
    there = AccountLedger((), (), {}, {"USDT": Balance(900 * MONEY_ONE, 100 * MONEY_ONE)})
    assert differences(portfolio, there, [coin]) == []
    less = replace(there, balances={"USDT": Balance(900 * MONEY_ONE, 100 * MONEY_ONE - 1)})
    (found,) = differences(portfolio, less, [coin])
    assert found == f"USDT: ours {1_000 * MONEY_ONE}, the venue's {1_000 * MONEY_ONE - 1}"
    more = replace(there, balances={**there.balances, coin.base: Balance(1, 0)})
    assert differences(portfolio, more, [coin]) == [f"{coin.base}: ours 0, the venue's 1"]
