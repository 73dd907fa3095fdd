# SPDX-License-Identifier: Apache-2.0
"""Random streams through the exchange: whatever is asked, nothing appears, vanishes or is told wrongly."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.simulation.exchange.events import AccountPosition, ExecutionReport, ListStatus
from bot4.simulation.exchange.refusals import Refusal
from tests.property.exchange_floor import MEMBERS, Mirror, Requests, floor, verify

pytestmark = pytest.mark.requirement("FEE_001", "P2-2", "prod_002", "prod_003")


@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([1, 3, 1_000]))
def test_every_asset_is_conserved_and_locked_as_needed_after_each_request(seed: int, length: int, wealth: int) -> None:
    """Deposits are balances and fees to the last unit, each lock is what open orders need, for rich and poor."""
    exchange, mirror, requests = floor(wealth=wealth), Mirror(), Requests(seed)
    for _ in range(length):
        requests.one(exchange)
        verify(exchange, mirror)


def test_a_long_stream_conserves_everything(rounds: Callable[..., int]) -> None:
    """Thousands of requests of every kind, audited as they go; all ends of an order are seen on the way."""
    exchange, mirror, requests = floor(wealth=8), Mirror(), Requests(20261122)
    refused: Counter[int] = Counter()
    for number in range(rounds(6_000, full=50_000)):
        answer = requests.one(exchange)
        if isinstance(answer, Refusal):
            refused[answer.code] += 1
        if number % 2_500 == 0:
            verify(exchange, mirror)
    verify(exchange, mirror)
    ends = Counter(order.status for member in MEMBERS for order in exchange.ledger(member).orders)
    reasons = {order.expiry_reason for member in MEMBERS for order in exchange.ledger(member).orders}
    assert set(ends) >= {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"}
    assert reasons >= {"OCO_TRIGGER", "OTO_PHASE_ONE_EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED", "REJECTED"}
    assert reasons >= {"UNFILLED_FOK_ORDER_EXPIRED"}
    assert {-2010, -2011, -2038} <= set(refused)
    assert {fill.commission_asset for fill in exchange.ledger("bob").fills} == {"USDT", "BTC", "BNB"}
    assert mirror.trades > 1_500


@given(st.integers(0, 2**32))
def test_the_same_requests_give_the_same_events(seed: int) -> None:
    """Two exchanges of one seed tell the same, word for word, generated ids included."""
    told = []
    for _ in range(2):
        exchange, requests = floor(wealth=20), Requests(seed)
        answers = [requests.one(exchange) for _ in range(40)]
        told.append((answers, exchange.take_events()))
    assert told[0] == told[1]


@given(st.integers(0, 2**32))
def test_reports_alone_tell_a_member_where_his_orders_and_balances_stand(seed: int) -> None:
    """Whoever only listens ends with the order states, lists and balances that the exchange has."""
    exchange, requests = floor(wealth=20), Requests(seed)
    for _ in range(60):
        requests.one(exchange)
    status: dict[tuple[str, str, int], tuple[str, int, int]] = {}
    balances: dict[tuple[str, str], tuple[int, int]] = {}
    lists: dict[tuple[str, int], str] = {}
    last_execution = 0
    for event in exchange.take_events():
        if isinstance(event, ExecutionReport):
            assert event.execution_id == last_execution + 1
            last_execution = event.execution_id
            key = (event.account, event.symbol, event.order_id)
            assert status.get(key, ("NEW", 0, 0))[0] in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"}
            status[key] = (event.status, event.executed_quantity, event.prevented_quantity)
        elif isinstance(event, AccountPosition):
            balances.update({(event.account, asset): (free, locked) for asset, free, locked in event.balances})
        elif isinstance(event, ListStatus):
            lists[event.account, event.list_id] = event.order_status
    for member in MEMBERS:
        for order in exchange.ledger(member).orders:
            expected = (order.status, order.executed_quantity, order.prevented_quantity)
            assert status[member, order.symbol, order.order_id] == expected
        for asset, balance in exchange.ledger(member).balances.items():
            assert balances.get((member, asset), (0, 0)) == (balance.free, balance.locked)
        for reply in exchange.queries.all_lists(member, limit=10_000):
            assert lists[member, reply.list_id] == reply.order_status
            is_open = any(each.state.status in {"NEW", "PARTIALLY_FILLED", "PENDING_NEW"} for each in reply.orders)
            assert is_open == (reply.order_status == "EXECUTING")


TELL = """
import hashlib
from tests.property.exchange_floor import Requests, floor
exchange, requests = floor(wealth=20), Requests(4)
answers = [requests.one(exchange) for _ in range(400)]
print(hashlib.sha256(repr((answers, exchange.take_events())).encode()).hexdigest())
"""


def test_no_hash_seed_shows_in_what_is_told() -> None:
    """Three processes whose sets and dicts of strings hash differently tell the same."""
    root = Path(__file__).resolve().parents[2]
    told = set()
    for seed in ("0", "1", "4711"):
        paths = os.pathsep.join(dict.fromkeys([str(root), *filter(None, sys.path)]))
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        done = subprocess.run([sys.executable, "-c", TELL], env=environment, capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1
