# SPDX-License-Identifier: Apache-2.0
"""Ticks, lots and filters: from the configuration, the shipped table, or the stated default."""

from decimal import Decimal

import pytest

from bot4.adapters.stores.instruments import default_tick, instrument_for, shipped, split_symbol, venues
from bot4.domain.errors import BadInput
from bot4.domain.instrument import FACTOR_DEN_MAX, FACTOR_NUM_MAX, LINEAR_PERPETUAL, SPOT
from bot4.domain.values import TICKS_MAX

ONE = Decimal(1)


def test_the_table_describes_a_known_instrument() -> None:
    """Tick, lot, filters and the date at which they held."""
    bitcoin = instrument_for("BTCUSDT", 2, first_price=ONE)
    assert (bitcoin.index, bitcoin.base, bitcoin.quote, bitcoin.instrument_type) == (2, "BTC", "USDT", SPOT)
    assert (bitcoin.tick_size, bitcoin.lot_size) == (Decimal("0.01"), Decimal("0.00001"))
    assert bitcoin.min_notional == 5 * 10**8
    assert bitcoin.as_of == "2023-12-31"


def test_a_venue_chooses_among_instruments_of_one_symbol() -> None:
    """BTCUSDT is a spot pair of one venue and a perpetual of another."""
    perpetual = instrument_for("BTCUSDT", 0, first_price=ONE, venue="binanceusdm")
    assert perpetual.instrument_type == LINEAR_PERPETUAL
    assert perpetual.tick_size == Decimal("0.1")
    assert instrument_for("BTCUSDT", 0, first_price=ONE, overrides={"venue": "bybit"}).lot_size == Decimal("0.000001")
    assert shipped("BTCUSDT", "kraken") is None


@pytest.mark.parametrize("written", ["ETH-USDT", "eth/usdt", "ETH_USDT"])
def test_separators_and_case_do_not_matter_for_the_table(written: str) -> None:
    """The symbol keeps the user's own form."""
    found = instrument_for(written, 0, first_price=ONE)
    assert found.symbol == written
    assert found.as_of == "2023-12-31"


def test_every_shipped_instrument_can_be_built_and_leaves_room() -> None:
    """The bounds of the money factor hold for all of them."""
    count = 0
    for venue in venues():
        for symbol in ("BTCUSDT", "ETHUSDT", "SHIBUSDT", "BTCUSD", "ETHUSD", "BTCUSDC", "XRPUSDT", "PAXGUSDT"):
            if shipped(symbol, venue) is None:
                continue
            found = instrument_for(symbol, 0, first_price=ONE, venue=venue)
            assert found.factor_num <= FACTOR_NUM_MAX
            assert found.factor_den <= FACTOR_DEN_MAX
            count += 1
    assert count >= 15


@pytest.mark.parametrize("price", ["0.00000001", "0.5", "10.99", "11", "64000", "1e9"])
def test_the_default_follows_from_the_first_price_alone(price: str) -> None:
    """A thousand times the first price still fits, and no coarser tick was needed."""
    found = instrument_for("NEWUSD", 0, first_price=Decimal(price))
    assert (found.base, found.quote, found.as_of) == ("NEW", "USD", "default")
    assert found.lot_size == Decimal("0.001")
    assert Decimal(price) * 1000 / found.tick_size < TICKS_MAX
    assert found.tick_size == Decimal("1e-8") or Decimal(price) * 10_000 / found.tick_size >= TICKS_MAX


def test_a_default_tick_is_written_plainly() -> None:
    """Its text is part of a hash: one step has one text."""
    assert str(default_tick(Decimal(64000))) == "0.0001"


def test_the_configuration_has_the_last_word() -> None:
    """Single keys replace those of the table or the default, and the date says so."""
    found = instrument_for(
        "BTCUSDT",
        0,
        first_price=ONE,
        overrides={
            "tick_size": "0.1",
            "lot_size": 0.001,
            "min_quantity": "0.0025",
            "max_quantity": 9,
            "min_notional": 0,
        },
    )
    assert (found.tick_size, found.lot_size) == (Decimal("0.1"), Decimal("0.001"))
    assert [int(found.min_lots), int(found.max_lots), int(found.min_notional)] == [3, 9000, 0]
    assert found.as_of == "configuration"
    named = {"base": "X", "quote": "Y", "instrument_type": "linear_perpetual", "as_of": "2026-01-01"}
    other = instrument_for("ODD", 0, first_price=ONE, overrides=named)
    assert (other.base, other.quote, other.instrument_type, other.as_of) == ("X", "Y", LINEAR_PERPETUAL, "2026-01-01")


@pytest.mark.requirement("P-21")
@pytest.mark.parametrize(
    ("overrides", "code", "words"),
    [
        ({"ticksize": "1"}, "key_unknown", "Did you mean tick_size"),
        ({"colour": "1"}, "key_unknown", "unknown key colour"),
        ({"tick_size": "fine"}, "bad_value", "tick_size 'fine'"),
        ({"tick_size": 0}, "bad_value", "above 0"),
        ({"lot_size": -1}, "bad_value", "above 0"),
        ({"lot_size": True}, "bad_value", "lot_size True"),
        ({"lot_size": "inf"}, "bad_value", "lot_size"),
        ({"base": ""}, "bad_value", "a text"),
        ({"quote": 3}, "bad_value", "a text"),
        ({"instrument_type": "option"}, "bad_value", "spot or linear_perpetual"),
        ({"venue": "nowhere"}, "bad_value", "binance"),
    ],
)
def test_an_impossible_override_is_refused(overrides: dict[str, object], code: str, words: str) -> None:
    """With the key, its value and what would be accepted."""
    with pytest.raises(BadInput, match=words) as caught:
        instrument_for("BTCUSDT", 0, first_price=ONE, overrides=overrides)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("symbol", "halves"),
    [
        ("BTCUSDT", ("BTC", "USDT")), ("ETHBTC", ("ETH", "BTC")), ("eurusd", ("EUR", "USD")), ("A-B", ("A", "B")),
        ("BTCFDUSD", ("BTC", "FDUSD")), ("USDT", None), ("XYZ", None),
    ],
)  # fmt: skip
def test_a_symbol_is_split_by_its_known_quote(symbol: str, halves: tuple[str, str] | None) -> None:
    """The longest known quote at the end, or a separator."""
    assert split_symbol(symbol) == halves


def test_a_symbol_that_cannot_be_split_needs_its_halves() -> None:
    """The error names the keys to set."""
    with pytest.raises(BadInput, match="Set base and quote") as caught:
        instrument_for("XYZ", 0, first_price=ONE)
    assert caught.value.code == "symbol_unknown"
