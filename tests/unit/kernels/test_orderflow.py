# SPDX-License-Identifier: Apache-2.0
"""Order flow: each feature against a plain reference, streaming against batch, on made and on recorded ticks."""

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot4.kernels.catalog import QUOTE_FLOW, TRADE_FLOW
from bot4.kernels.features import compile_features
from bot4.kernels.jit import Floats
from bot4.kernels.orderflow import (
    QuoteFlow,
    TradeFlow,
    book_imbalance,
    book_imbalances,
    compile_quote_flow,
    compile_trade_flow,
)
from tests.unit.kernels.flows import (
    Quotes,
    Trades,
    made_quotes,
    made_trades,
    plain_ofi,
    plain_variation,
    plain_vpin,
    recorded_flow,
)
from tests.unit.kernels.series import generated

pytestmark = pytest.mark.requirement("ML_017")

FEW = settings(max_examples=max(5, settings().max_examples // 8))
TRADE_NAMES = ("trade_imbalance_7", "sign_imbalance_7", "vpin_3_40", "realized_vol_9", "bipower_vol_9", "jump_share_9")
QUOTE_NAMES = ("ofi_7", "ofi_1", "quote_imbalance", "microprice", "spread", "spread_bps")
TRADE_FLOWS = compile_trade_flow(TRADE_NAMES)
QUOTE_FLOWS = compile_quote_flow(QUOTE_NAMES)


def of_trades(flow: TradeFlow, trades: Trades) -> tuple[Floats, Floats]:
    """Features and the state after a whole series."""
    state, out = flow.new_state(), np.empty((len(trades.prices), len(flow.names)))
    assert flow.run(state, *trades, out) == 0
    return out, state


def of_quotes(flow: QuoteFlow, quotes: Quotes) -> tuple[Floats, Floats]:
    """Features and the state after a whole series."""
    state, out = flow.new_state(), np.empty((len(quotes.bids), len(flow.names)))
    assert flow.run(state, *quotes, out) == 0
    return out, state


def check_trades(trades: Trades) -> None:
    """Every feature of trades equals its plain reference."""
    out = of_trades(TRADE_FLOWS, trades)[0].T
    signed = trades.sides * trades.quantities
    for i in range(6, len(trades.prices)):
        window = slice(i - 6, i + 1)
        share = math.fsum(signed[window]) / math.fsum(trades.quantities[window])
        assert out[0, i] == pytest.approx(share, rel=1e-9, abs=1e-12)
        assert out[1, i] == pytest.approx(math.fsum(trades.sides[window]) / 7, rel=1e-9, abs=1e-12)
    for ours, theirs in zip(out[3:5], plain_variation(trades.prices, 9), strict=False):
        np.testing.assert_allclose(ours**2, np.square(theirs), rtol=1e-9, atol=1e-15)
    theirs = plain_variation(trades.prices, 9)[2]
    np.testing.assert_allclose(out[5], theirs, rtol=1e-6, atol=1e-9)


def check_quotes(quotes: Quotes) -> None:
    """Every feature of quotes equals its plain reference."""
    out = of_quotes(QUOTE_FLOWS, quotes)[0].T
    _, bids, bid_sizes, asks, ask_sizes = quotes
    both = bid_sizes + ask_sizes
    np.testing.assert_allclose(out[0], plain_ofi(quotes, 7), rtol=1e-9, atol=1e-9 * both.max())
    np.testing.assert_allclose(out[1], plain_ofi(quotes, 1), rtol=1e-9, atol=1e-9 * both.max())
    np.testing.assert_allclose(out[2], (bid_sizes - ask_sizes) / both, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(out[3], (bids * ask_sizes + asks * bid_sizes) / both, rtol=1e-12)
    np.testing.assert_allclose(out[4], asks - bids, rtol=1e-12)
    np.testing.assert_allclose(out[5], 1e4 * (asks - bids) / (0.5 * (asks + bids)), rtol=1e-12)


@FEW
@given(seed=st.integers(0, 2**32))
def test_features_of_trades_equal_their_plain_references(seed: int) -> None:
    """And VPIN to the last unit of volume, trades larger than a bucket and than all buckets included."""
    trades = made_trades(300, seed)
    check_trades(trades)
    ours = of_trades(TRADE_FLOWS, trades)[0][:, 2]
    np.testing.assert_allclose(ours, plain_vpin(trades.quantities, trades.sides, 3, 40), rtol=1e-12)


@FEW
@given(seed=st.integers(0, 2**32))
def test_features_of_quotes_equal_their_plain_references(seed: int) -> None:
    """Order-flow imbalance event by event, the rest by its formula."""
    check_quotes(made_quotes(300, seed))


@FEW
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 200), max_size=3))
def test_streaming_and_pieces_equal_the_batch_to_the_bit(seed: int, cuts: list[int]) -> None:
    """Trades and quotes, values and state."""
    trades, quotes = made_trades(200, seed), made_quotes(200, seed)
    batch, after = of_trades(TRADE_FLOWS, trades)
    live = TRADE_FLOWS.stream()
    for i, trade in enumerate(zip(*trades, strict=True)):
        assert live.step(*trade)
        assert live.values.tobytes() == batch[i].tobytes()
    assert live.state.tobytes() == after.tobytes()
    told, quoted = of_quotes(QUOTE_FLOWS, quotes)
    one = QUOTE_FLOWS.stream()
    for i, quote in enumerate(zip(*quotes, strict=True)):
        assert one.step(*quote)
        assert one.values.tobytes() == told[i].tobytes()
    assert one.state.tobytes() == quoted.tobytes()
    state, parts = TRADE_FLOWS.new_state(), []
    for first, stop in pairwise([0, *sorted(cuts), 200]):
        parts.append(np.empty((stop - first, len(TRADE_NAMES))))
        TRADE_FLOWS.run(state, *trades.part(first, stop), parts[-1])
    assert np.concatenate(parts).tobytes() == batch.tobytes()
    assert state.tobytes() == after.tobytes()


def test_what_is_no_trade_and_no_quote_changes_nothing() -> None:
    """NaN out, False, the state as it was; in a batch it is counted."""
    live = TRADE_FLOWS.stream()
    for trade in zip(*made_trades(50, 1), strict=True):
        live.step(*trade)
    before = live.state.tobytes()
    for bad in ((0, 0.0, 1.0, 1), (0, math.nan, 1.0, 1), (0, 5.0, -1.0, 1), (0, 5.0, 1.0, 2), (0, 5.0, 1.0, -2)):
        assert not live.step(*bad)
        assert np.isnan(live.values).all()
        out = np.empty((1, len(TRADE_NAMES)))
        price, quantity, side = (np.array([value], dtype=np.float64) for value in bad[1:])
        assert TRADE_FLOWS.run(live.state, np.zeros(1, dtype=np.int64), price, quantity, side, out) == 1
    assert live.state.tobytes() == before
    quotes = QUOTE_FLOWS.stream()
    assert not quotes.step(0, 99.0, 0.0, 100.0, 1.0)
    assert not quotes.step(0, 99.0, 1.0, math.inf, 1.0)
    assert quotes.step(0, 99.0, 1.0, 100.0, 3.0)
    assert quotes.values[3] == 99.25


def test_known_answers_of_vpin() -> None:
    """One side only is 1, sides in balance within each bucket 0, and a trade of any size costs no loop of its own."""
    flow = compile_trade_flow(["vpin_4_10"])
    live = flow.stream()
    for _ in range(3):
        live.step(0, 5.0, 10.0, 1)
        assert math.isnan(live.values[0])
    live.step(0, 5.0, 10.0, -1)
    assert live.values[0] == 1.0
    for side in (1, -1) * 4:
        live.step(0, 5.0, 5.0, side)
    assert live.values[0] == 0.0
    assert live.step(0, 5.0, 1e15, -1)
    assert live.values[0] == 1.0
    for _ in range(4):
        live.step(0, 5.0, 10.0, 0)
    assert live.values[0] == 0.0


@FEW
@given(seed=st.integers(0, 2**32))
def test_bulk_vpin_on_bars_is_vpin_of_shares_by_the_normal_law(seed: int) -> None:
    """Bars with whole volumes; the share from math.erf and each window's own deviation."""
    series = generated(120, seed=seed)
    volumes = np.rint(series.volumes)
    program = compile_features(["bulk_vpin_3_150_10"])
    out = np.empty((120, 1))
    program.run(program.new_state(), series.open_ns, *series.floats()[:4], volumes, out)
    changes = np.diff(series.closes)
    poured = np.zeros(120)
    shares = np.zeros(120)
    for i in range(10, 120):
        deviation = float(changes[i - 10 : i].std())
        poured[i] = volumes[i]
        shares[i] = math.erf(changes[i - 1] / (deviation * math.sqrt(2))) if deviation > 0 else 0.0
    np.testing.assert_allclose(out[:, 0], plain_vpin(poured, shares, 3, 150), rtol=1e-8, atol=1e-12)


def test_a_price_that_jumps_shows_as_a_jump_and_one_that_walks_does_not() -> None:
    """Sixty even steps have no jump in them; one step as large as all the others is most of the variation."""
    even = 100.0 * np.exp(np.cumsum(np.where(np.arange(61) % 2, 0.001, -0.001)))
    flow = compile_trade_flow(["jump_share_60", "realized_vol_60"])
    ones = np.ones(61)
    walked = of_trades(flow, Trades(np.arange(61, dtype=np.int64), even, ones, ones))[0][-1]
    assert walked[0] == 0.0
    assert walked[1] == pytest.approx(0.001 * math.sqrt(60), rel=1e-9)
    even[30:] *= 1.05
    jumped = of_trades(flow, Trades(np.arange(61, dtype=np.int64), even, ones, ones))[0][-1]
    assert jumped[0] > 0.85


@given(
    bids=st.lists(st.integers(0, 100), max_size=8),
    asks=st.lists(st.integers(0, 100), max_size=8),
    levels=st.integers(1, 10),
)
def test_the_imbalance_of_a_book_is_that_of_its_first_levels(bids: list[int], asks: list[int], levels: int) -> None:
    """Fewer levels than asked are taken as they are; no size at all is NaN; many books are the one looped."""
    bid_sizes, ask_sizes = (np.array(one, dtype=np.float64) for one in (bids, asks))
    total = sum(bids[:levels]) + sum(asks[:levels])
    expected = (sum(bids[:levels]) - sum(asks[:levels])) / total if total else math.nan
    assert book_imbalance(bid_sizes, ask_sizes, levels) == pytest.approx(expected, nan_ok=True)
    out = np.empty(2)
    book_imbalances(np.stack([bid_sizes] * 2), np.stack([ask_sizes] * 2), levels, out)
    np.testing.assert_array_equal(out, [book_imbalance(bid_sizes, ask_sizes, levels)] * 2)


def test_each_entry_reads_back_and_tells_all_about_itself() -> None:
    """Usual names compile, and one that is of bars is refused with one that is not."""
    assert compile_trade_flow([info.usual_name for info in TRADE_FLOW]).names[0] == TRADE_FLOW[0].usual_name
    assert compile_quote_flow([info.usual_name for info in QUOTE_FLOW]).names[-1] == QUOTE_FLOW[-1].usual_name
    for info in TRADE_FLOW + QUOTE_FLOW:
        assert all((info.meaning, info.unit, info.inputs, info.warm_up, info.source, info.family))
    with pytest.raises(ValueError, match="did you mean microprice"):
        compile_quote_flow(["micro_price"])
    with pytest.raises(ValueError, match="unknown feature 'rsi_14'"):
        compile_trade_flow(["rsi_14"])
    with pytest.raises(ValueError, match="needs the form vpin"):
        compile_trade_flow(["vpin_50"])


@pytest.mark.parametrize("name", ["binance_usdm_btcusdt_20240808", "binance_spot_btcusdt_20240809"])
def test_recorded_trades_and_quotes_agree_with_the_references_too(shared_data: Path, name: str) -> None:
    """The first thousands of a real recording; VPIN in whole thousandths of a coin."""
    trades, quotes = recorded_flow(shared_data / "l2" / f"{name}.jsonl.gz")
    check_quotes(quotes.part(0, 4_000))
    first = trades.part(0, 3_000)
    check_trades(first)
    milli = np.rint(first.quantities * 1000.0)
    flow = compile_trade_flow(["vpin_5_2000"])
    ours = of_trades(flow, first._replace(quantities=milli))[0][:, 0]
    np.testing.assert_allclose(ours, plain_vpin(milli, first.sides, 5, 2000), rtol=1e-12)
    assert np.isfinite(ours[-1])
    assert 0.0 <= ours[-1] <= 1.0
