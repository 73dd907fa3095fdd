# SPDX-License-Identifier: Apache-2.0
"""The life of the WebSocket door: logon, cuts, farewells, a venue that is down, requests that it does not have."""

import asyncio
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.venues.binance.wire.replies import ApiRestrictions
from bot4.adapters.venues.binance.wire.requests import api_restrictions
from bot4.adapters.venues.binance.wire.socket_door import SOCKET_HOSTS
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import Ed25519Signer
from bot4.apps.venue_server.faults.schedule import parse_rules
from bot4.domain.errors import BadInput, OurFault
from tests.contract.gateway.bench import Bench, at_a_bench
from tests.contract.venue_server.running import KEY, until

pytestmark = pytest.mark.requirement("WS_001", "ORDER_001")


def key_pair() -> tuple[Ed25519Signer, str]:
    """Return a signer and the public half of its key."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Ed25519Signer(KEY, Secret(pem)), public.decode()


async def places(bench: Bench, order_id: int) -> None:
    """Place an order that rests, and see that it does."""
    bench.bid(order_id)
    assert await bench.told() == [(order_id, "accepted")]


@pytest.mark.requirement("P2-4")
def test_a_key_pair_logs_on_again_after_each_cut() -> None:
    """Requests then need no signature of their own; a cut socket is dialed anew and logged on."""
    signer, public = key_pair()

    async def go() -> None:
        async with at_a_bench("socket", signer=signer, public_key=public, api_secret="") as bench:
            await until(lambda: bench.socket.is_logged_on)
            await places(bench, 1)
            bench.server.schedule.begin(parse_rules("N05:1"))
            bench.cancel(1)
            await until(lambda: not bench.socket.is_logged_on)
            bench.server.schedule.cease()
            assert await bench.told() == [(1, "cancel_lost")]
            await until(lambda: bench.socket.is_logged_on)
            bench.cancel(1)
            assert await bench.told() == [(1, "canceled")]
            assert bench.socket.opened > 1

    asyncio.run(go())


def test_a_key_that_may_not_log_on_signs_each_request() -> None:
    """An HMAC key has no session of its own; its orders go through all the same."""

    async def go() -> None:
        async with at_a_bench("socket") as bench:
            await places(bench, 1)
            assert not bench.socket.is_logged_on

    asyncio.run(go())


@pytest.mark.requirement("P-10")
def test_a_farewell_moves_to_another_socket() -> None:
    """The venue says that it will shut down and cuts: orders go on over the next socket."""

    async def go() -> None:
        async with at_a_bench("socket") as bench:
            await places(bench, 1)
            bench.server.schedule.begin(parse_rules("W11@1"))
            await until(lambda: bench.socket.opened == 2)
            await places(bench, 2)

    asyncio.run(go())


@pytest.mark.requirement("EXEC_001")
def test_a_stop_waits_for_a_socket() -> None:
    """Nobody has dialed yet: nothing is told of the stop until there is a socket, over which it leaves."""

    async def go() -> None:
        async with at_a_bench("socket", dials=False) as bench:
            bench.stop(sibling=0)
            await asyncio.sleep(0.2)
            assert bench.reports == []
            running = asyncio.create_task(bench.socket.run())
            assert await bench.told() == [(1, "accepted")]
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(go())


def test_what_rest_alone_has_is_a_fault_of_ours() -> None:
    """Rights of a key cannot be asked over the socket."""

    async def go() -> None:
        async with at_a_bench("socket") as bench:
            with pytest.raises(OurFault, match="by REST alone"):
                await bench.socket.ask(api_restrictions(), "restrictions", ApiRestrictions)

    asyncio.run(go())


def test_only_the_venues_hosts_may_be_dialed() -> None:
    """A look-alike and a plain connection are refused before anything is sent."""
    assert allowed("wss://ws-api.binance.com/ws-api/v3", SOCKET_HOSTS).is_secure
    for url in ("wss://ws-api.binance.com.example.org", "ws://ws-api.binance.com"):
        with pytest.raises(BadInput):
            allowed(url, SOCKET_HOSTS)
