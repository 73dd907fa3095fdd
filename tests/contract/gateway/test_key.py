# SPDX-License-Identifier: Apache-2.0
"""Whether trading may start with a key: asked of a venue over real sockets, answered in plain words."""

import asyncio
from typing import Any

import pytest

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.venues.binance.account.objections import check_key
from bot4.adapters.venues.binance.wire.rest import BinanceRest
from bot4.adapters.venues.kit.allowance import Allowance
from bot4.adapters.venues.kit.clock import ClockOffset
from bot4.adapters.venues.kit.drift import Drift
from bot4.adapters.venues.kit.limiter import Limiter
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import HmacSigner
from bot4.apps.venue_server.gate.signatures import Permissions
from bot4.domain.errors import BadInput, OutsideFault, TheirFault
from bot4.domain.ports import Clock
from bot4.domain.values import Nanos
from bot4.runtime.clocks import SystemClock
from tests.contract.venue_server.running import KEY, SECRET, Running, asked, running

pytestmark = pytest.mark.requirement("P-21")

HOUR_NS = 3_600 * 10**9


class Wrong(Clock):
    """A machine's clock that is off; its monotonic time goes on as ever."""

    def __init__(self, off_ns: int) -> None:
        self._off_ns = off_ns
        self._right = SystemClock()

    def now_ns(self) -> Nanos:
        """A wrong time."""
        return Nanos(int(self._right.now_ns()) + self._off_ns)

    def monotonic_ns(self) -> Nanos:
        """The right one."""
        return self._right.monotonic_ns()


def objections(
    address: str, *, key: str = KEY, secret: str = SECRET, off_ns: int = 0, needs_address: bool = True
) -> list[TheirFault]:
    """Return what check_key has against a start."""

    async def go() -> list[TheirFault]:
        clock, offset = Wrong(off_ns), ClockOffset()
        rest = BinanceRest(
            HttpClient(allowed(address, ["127.0.0.1"])),
            clock=clock,
            offset=offset,
            limiter=Limiter(Allowance(()), Allowance(())),
            signer=HmacSigner(key, Secret(secret.encode())),
            drift=Drift(),
        )
        try:
            return await check_key(rest, clock=clock, offset=offset, needs_address=needs_address)
        finally:
            await rest.close()

    return asyncio.run(go())


def at_a_venue(permissions: Permissions | None = None, **more: Any) -> list[TheirFault]:
    """Return the objections to a key of these permissions."""
    with running(asked("BTCUSDT", permissions=permissions or Permissions())) as venue:
        assert isinstance(venue, Running)
        return objections(venue.rest, **more)


def test_a_key_that_can_only_trade_is_taken() -> None:
    """Nothing is objected to it."""
    assert at_a_venue() == []


@pytest.mark.parametrize(
    ("permissions", "code", "words"),
    [
        (Permissions(withdrawals=True), "key_too_strong", "Switch off 'Enable Withdrawals'"),
        (Permissions(universal_transfer=True), "key_too_strong", "Switch off 'Permits Universal Transfer'"),
        (Permissions(spot_trading=False), "key_too_weak", "Switch on 'Enable Spot & Margin Trading'"),
        (Permissions(ip_restricted=False), "key_unrestricted", "Restrict the key"),
    ],
)
def test_a_key_with_the_wrong_rights_is_refused(permissions: Permissions, code: str, words: str) -> None:
    """Too much, too little, or from anywhere: each says which box to change."""
    (fault,) = at_a_venue(permissions)
    assert isinstance(fault, BadInput)
    assert fault.code == code
    assert words in str(fault)


def test_an_unknown_key_or_a_wrong_secret_is_refused() -> None:
    """The venue's refusal is told with what to check."""
    (unknown,) = at_a_venue(key="no-such-key")
    (wrong,) = at_a_venue(secret="no-such-secret")
    assert isinstance(unknown, BadInput) and "Check the API key" in str(unknown)
    assert isinstance(wrong, BadInput) and "secret belongs to the API key" in str(wrong)
    assert "no-such-secret" not in str(wrong)


@pytest.mark.parametrize("off_ns", [HOUR_NS, -HOUR_NS])
def test_a_clock_an_hour_off_is_refused(off_ns: int) -> None:
    """It is told by how much, in which direction, and how to mend it."""
    (fault,) = at_a_venue(off_ns=off_ns)
    assert isinstance(fault, OutsideFault)
    assert fault.code == "clock_off"
    assert f"3600.0 s {'ahead of' if off_ns > 0 else 'behind'} the venue" in str(fault)


def test_a_venue_out_of_reach_is_a_fault_outside() -> None:
    """Nobody listens: the network is to be checked."""
    (fault,) = objections("http://127.0.0.1:9")
    assert isinstance(fault, OutsideFault)
    assert "Check the network" in str(fault)
