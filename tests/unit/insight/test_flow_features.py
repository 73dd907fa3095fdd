# SPDX-License-Identifier: Apache-2.0
"""Features of order flow beside those of bars: what was known when the bar was handed on, and nothing else."""

from collections.abc import Sequence
from math import isnan

import numpy as np
import pytest
from librt.strings import BytesWriter

from bot4.domain.marketdata import Features, Quote, Trade
from bot4.domain.values import HOUR_NS, Lots, Nanos, Ticks
from bot4.insight.features import FeatureStage
from bot4.insight.flow import FlowFeatures
from bot4.kernels.features import compile_features
from bot4.kernels.orderflow import compile_quote_flow, compile_trade_flow, flow_of
from tests.simulation.engine_run import coin
from tests.unit.asking import answers, bar

pytestmark = pytest.mark.requirement("ML_017")

OF_BARS = ("sma_2", "logret")
OF_TRADES = ("trade_imbalance_3", "vpin_2_0.5")
OF_QUOTES = ("ofi_2", "microprice")


def stage(of_bars: Sequence[str] = OF_BARS, instruments: int = 1) -> FlowFeatures:
    """A stage over some features of each."""
    coins = [coin(i, symbol=f"{chr(65 + i) * 3}USDT") for i in range(instruments)]
    bars = FeatureStage(compile_features(of_bars), of_bars, coins, [Nanos(HOUR_NS)] * instruments)
    return FlowFeatures(bars, compile_trade_flow(OF_TRADES), compile_quote_flow(OF_QUOTES), coins)


def trade(number: int, lots: int = 5_000, *, side: int = 1, instrument: int = 0) -> Trade:
    """A trade, its price a little higher than the one before."""
    return Trade(Nanos(number), Nanos(number), instrument, number, side, Ticks(100_000 + number), Lots(lots))


def quote(number: int, bid_lots: int = 7_000, *, instrument: int = 0) -> Quote:
    """A quote; the ask's size is the same each time."""
    at = Nanos(number)
    return Quote(at, at, instrument, Ticks(99_990), Lots(bid_lots), Ticks(100_010), Lots(3_000))


def told(runner: FlowFeatures, number: int, *, instrument: int = 0) -> list[float]:
    """The values that come with the next bar."""
    [answer] = answers(runner, bar(number, 100_000 + number, instrument=instrument))
    assert isinstance(answer, Features)
    assert len(answer.rows) - answer.begin == 8 * (runner.bars.lanes[0].program.size + len(OF_TRADES) + len(OF_QUOTES))
    return [answer.value(place) for place in range((len(answer.rows) - int(answer.begin)) // 8)]


def state(runner: FlowFeatures) -> bytes:
    """The state's bytes."""
    out = BytesWriter()
    runner.write_state(out)
    return out.getvalue()


def test_a_bar_is_told_with_its_own_features_and_the_flow_so_far() -> None:
    """Those of the bars stage in front; behind them what streams of the same trades and quotes say."""
    runner = stage()
    alone = stage().bars
    trades, quotes = compile_trade_flow(OF_TRADES).stream(), compile_quote_flow(OF_QUOTES).stream()
    first = coin()
    for number in range(12):
        some = trade(number, 1_000 * (number + 1), side=(1, -1, 0)[number % 3])
        best = quote(number, 7_000 - 100 * number)
        assert not answers(runner, some)
        assert not answers(runner, best)
        trades.step(number, int(some.price) * first.tick, int(some.lots) * first.lot, int(some.side))
        quotes.step(
            number,
            int(best.bid) * first.tick,
            int(best.bid_lots) * first.lot,
            int(best.ask) * first.tick,
            int(best.ask_lots) * first.lot,
        )
        [of_bar] = answers(alone, bar(number, 100_000 + number))
        assert isinstance(of_bar, Features)
        wanted = [of_bar.value(0), of_bar.value(1), *trades.values, *quotes.values]
        np.testing.assert_array_equal(told(runner, number), wanted)
    assert not any(isnan(value) for value in told(runner, 12))
    assert runner.refused == 0


def test_each_instrument_has_its_own_flow_and_bars_need_no_features() -> None:
    """The other has seen nothing; a run may read of the flow alone."""
    runner = stage((), instruments=2)
    for number in range(4):
        answers(runner, trade(number))
        answers(runner, quote(number))
    mine, other = told(runner, 0), told(runner, 0, instrument=1)
    assert mine[0] == 1.0
    assert not any(isnan(value) for value in mine)
    assert all(isnan(value) for value in other)


def test_what_is_not_usable_is_counted_and_gives_no_number() -> None:
    """A quote without size on a side: NaN until the next good one, which goes on as if it had not been."""
    runner, plain = stage(), stage()
    for number in range(4):
        answers(runner, quote(number))
        answers(plain, quote(number))
    answers(runner, quote(4, bid_lots=0))
    assert runner.refused == 1
    assert isnan(told(runner, 0)[-1])
    told(plain, 0)
    answers(runner, quote(5))
    answers(plain, quote(5))
    assert state(runner) == state(plain)
    assert told(runner, 1) == pytest.approx(told(plain, 1), nan_ok=True)


@pytest.mark.parametrize("event", [trade(9), quote(9)])
def test_the_state_holds_the_flow(event: Trade | Quote) -> None:
    """One more trade or quote is another state."""
    runner = stage()
    before = state(runner)
    answers(runner, event)
    assert state(runner) != before


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("vpin_50_0.1", "trades"),
        ("ofi_100", "quotes"),
        ("microprice", "quotes"),
        ("rsi_14", ""),
        ("rsi_14@1h", ""),
        ("realized_vol_60", ""),
        ("nothing_1", ""),
    ],
)
def test_a_name_tells_what_updates_it(name: str, of: str) -> None:
    """A kind that bars have too is theirs; what is no feature is for the compiling to refuse."""
    assert flow_of(name) == of


def test_a_feature_named_twice_is_refused() -> None:
    """As with those of bars."""
    with pytest.raises(ValueError, match="named twice"):
        compile_trade_flow(["vpin_50_100", "vpin_50_100"])
