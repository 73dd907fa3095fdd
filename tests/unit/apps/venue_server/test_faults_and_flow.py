# SPDX-License-Identifier: Apache-2.0
"""The schedule of faults, what it does to messages, and the flow of other participants: all of it by seed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.apps.venue_server.background import PRINTS_AT_ONCE, QUOTER, STEP_MS, TAKER, Background, Print
from bot4.apps.venue_server.faults.catalogue import KINDS, Place
from bot4.apps.venue_server.faults.distortion import UserDistortion
from bot4.apps.venue_server.faults.interference import STRANGER, Interference
from bot4.apps.venue_server.faults.schedule import Rule, Schedule, parse_rules
from bot4.apps.venue_server.listing import GRIDS, listed, parse_balance
from bot4.domain.errors import BadInput
from bot4.simulation.exchange.accounts import Terms
from bot4.simulation.exchange.events import PublicTrade
from bot4.simulation.exchange.fees import Rates
from bot4.simulation.exchange.rules import ONE
from bot4.simulation.exchange.venue import Exchange


def test_entries_are_kinds_rates_and_numbers(tmp_path: Path) -> None:
    """By hand or from a file with remarks; the rate is five in a hundred unless told."""
    expected = [Rule("N05"), Rule("R06", 0.02), Rule("V10", only_at=3)]
    assert parse_rules("N05, R06:0.02,V10@3") == expected
    path = tmp_path / "faults"
    path.write_text("N05  # a reset\nR06:0.02\n\nV10@3\n")
    assert parse_rules(str(path)) == expected
    assert parse_rules("") == []


@pytest.mark.parametrize("text", ["N01", "N05:2", "N05:1.1.1", "n05", "N05@", "N05@0", "N05:-1", "W07", "nonsense"])
def test_what_cannot_strike_is_refused_by_name(text: str) -> None:
    """A kind that is none of this venue's, and a rate outside its bounds."""
    with pytest.raises(BadInput, match="faults"):
        parse_rules(text)


@given(st.integers(0, 2**32), st.lists(st.sampled_from(["N05", "R06", "W04"]), max_size=60))
def test_the_draw_of_one_kind_never_shifts_anothers(seed: int, asked: list[str]) -> None:
    """Whatever is asked in between, the n-th opportunity of a kind strikes or not by seed alone."""
    rules = parse_rules("N05:0.3,R06:0.6,W04@2")
    together, alone = Schedule(rules, seed), {code: Schedule(rules, seed) for code in ("N05", "R06", "W04")}
    for code in asked:
        assert together.strikes(code) == alone[code].strikes(code)
    assert not together.strikes("V10")


def test_rates_are_kept_and_places_ask_for_their_own() -> None:
    """About as often as asked for; at a place only its kinds are drawn."""
    schedule = Schedule(parse_rules("R06:0.25,N05:1"), 1)
    hits = sum(schedule.strikes("R06") for _ in range(4000))
    assert 850 < hits < 1150
    assert schedule.at(Place.BEFORE) == ["N05"]
    assert schedule.at(Place.SECOND) == []
    assert schedule.struck == {"R06": hits, "N05": 1}
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_a_commission_doubles_and_returns() -> None:
    """V08: the rates of one member alone, for as long as until it strikes again."""
    exchange = Exchange([listed("BTCUSDT").rules], 1)
    exchange.open_account("member", Terms(), {"USDT": ONE}, 0)
    interference = Interference(exchange, Schedule(parse_rules("V08:1")), 0)
    told = []
    for second in range(3):
        interference.second("member", 1000 * second)
        told.append(exchange.queries.account("member").terms.commission.standard)
    first, dearer = Rates(100_000, 100_000), Rates(200_000, 200_000)
    assert told == [dearer, first, dearer]
    assert exchange.queries.account(STRANGER).terms.commission.standard == first


def test_an_account_is_barred_for_ten_seconds() -> None:
    """V11: it may trade, may not, and may again; what it pays, changed meanwhile, stays as it was changed."""
    exchange = Exchange([listed("BTCUSDT").rules], 1)
    exchange.open_account("member", Terms(), {"USDT": ONE}, 0)
    interference = Interference(exchange, Schedule(parse_rules("V11@2,V08@3")), 0)
    told = []
    for second in range(14):
        interference.second("member", 1000 * second)
        told.append(exchange.queries.account("member").terms.can_trade)
    assert told == [True] + [False] * 10 + [True] * 3
    assert exchange.queries.account("member").terms.commission.standard == Rates(200_000, 200_000)


def test_a_cancel_may_be_told_before_the_fill_that_came_first() -> None:
    """W10: the two change places, everything else keeps its own."""
    events = [{"x": "TRADE"}, {"e": "position"}, {"x": "CANCELED"}]
    passed = UserDistortion(Schedule(parse_rules("W10@1"))).pass_on(events)
    assert passed.events == [{"x": "CANCELED"}, {"e": "position"}, {"x": "TRADE"}]
    assert not passed.ends
    assert UserDistortion(Schedule(())).pass_on(events).events == events


def exchange_with_flow(seed: int, *, prints: list[Print] | None = None) -> tuple[Exchange, Background]:
    """Return an exchange in which others trade."""
    symbols = [listed("BTCUSDT"), listed("ETHBTC")]
    exchange = Exchange([one.rules for one in symbols], seed)
    given = iter(prints) if prints is not None else None
    return exchange, Background(exchange, symbols, seed=seed, now_ms=0, prints=given)


def test_the_flow_makes_a_market_and_the_same_seed_the_same_one() -> None:
    """Two sides that never cross, trades, a price that moves; another seed, another market."""

    def run(seed: int) -> list[object]:
        exchange, background = exchange_with_flow(seed)
        background.begin(0)
        for step in range(300):
            background.beat(step * STEP_MS)
            for symbol in ("BTCUSDT", "ETHBTC"):
                best = exchange.market.best(symbol, step * STEP_MS)
                assert 0 < best.bid < best.ask
        events: list[object] = list(exchange.take_events())
        assert len({one.price for one in events if isinstance(one, PublicTrade)}) > 20
        return events

    first = run(1)
    assert first == run(1)
    assert first != run(2)


def test_the_flow_neither_makes_nor_loses_assets() -> None:
    """What its two accounts and the venue have together is what was paid in."""
    exchange, background = exchange_with_flow(3)
    for step in range(200):
        background.beat(step * STEP_MS)
    for asset in ("BTC", "USDT", "ETH"):
        accounts = [exchange.ledger(name) for name in (QUOTER, TAKER)]
        have = sum(one.balances[asset].free + one.balances[asset].locked for one in accounts)
        assert have + exchange.fees.get(asset, 0) == sum(one.deposits[asset] for one in accounts)


def test_a_recording_happens_again_at_its_times() -> None:
    """Prices, quantities, sides and order of the recorded trades, none before its time."""
    rows = [
        Print(0, "BTCUSDT", 60_000 * ONE, ONE // 10, is_sale=True),
        Print(500, "BTCUSDT", 60_010 * ONE, ONE // 5, is_sale=False),
        Print(500, "BTCUSDT", 59_000 * ONE, ONE // 4, is_sale=True),
        Print(900, "OTHER", 1, 1, is_sale=True),
        Print(1000, "BTCUSDT", 61_000 * ONE, ONE, is_sale=False),
    ]
    exchange, background = exchange_with_flow(0, prints=rows)
    background.begin(0)
    background.beat(499)
    assert len(exchange.market.trades("BTCUSDT")) == 1
    background.beat(500)
    background.beat(2000)
    assert background.is_over
    last = exchange.market.trades("BTCUSDT")
    told = [(one.price, one.quantity, one.is_buyer_maker) for one in last]
    wanted = [(row.price, row.quantity, row.is_sale) for row in rows if row.symbol == "BTCUSDT"]
    assert told == wanted


def test_a_recording_that_fell_behind_catches_up_beat_by_beat() -> None:
    """However many trades are due, one beat makes so many and the next goes on: none is lost, none before another."""
    count = 2 * PRINTS_AT_ONCE + 1
    rows = [Print(at, "BTCUSDT", (60_000 + at) * ONE, ONE // 10, is_sale=False) for at in range(count)]
    exchange, background = exchange_with_flow(0, prints=rows)
    made, left = [], []
    for _ in range(3):
        left.append(background.beat(count))
        made.append(len(exchange.market.trades("BTCUSDT")))
    assert left == [True, True, False]
    assert made == [PRINTS_AT_ONCE, 2 * PRINTS_AT_ONCE, count]
    assert [one.price for one in exchange.market.trades("BTCUSDT")] == [row.price for row in rows]
    assert background.is_over


@pytest.mark.parametrize("symbol", [*GRIDS, "DOGEUSDT"])
def test_every_symbol_has_a_grid_on_which_nothing_is_rounded(symbol: str) -> None:
    """Tick, step and first price go together, for the table's symbols and for any other."""
    found = listed(symbol)
    assert found.price % found.rules.price.tick == 0
    assert found.rules.price.tick * found.rules.lot_size.step % ONE == 0


@pytest.mark.parametrize("text", ["btcusdt", "USDT", "BTC-USDT", "BTCXXX", ""])
def test_a_symbol_without_base_and_quote_is_refused(text: str) -> None:
    """Nothing is guessed of a name."""
    with pytest.raises(BadInput, match="symbols"):
        listed(text)


@pytest.mark.parametrize("text", ["USDT", "USDT=", "USDT=-1", "usdt=1", "USDT=0.123456789", "=1"])
def test_a_balance_that_is_none_is_refused(text: str) -> None:
    """Only ASSET=AMOUNT with at most eight places."""
    with pytest.raises(BadInput, match="balance"):
        parse_balance(text)
    assert parse_balance("USDT=100000.5") == ("USDT", 10_000_050_000_000)
