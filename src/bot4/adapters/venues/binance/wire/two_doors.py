# SPDX-License-Identifier: Apache-2.0
"""Both doors of Binance spot as one: commands over the socket while there is one, everything else over REST.

::

    command ──► socket ──► answer, or an unknown fate that is asked about
                  └─ provably not sent: there is none ──► REST
    question ──► REST

A command goes to REST only where the socket says that nothing of it has left: what was on its way when a socket
broke is of unknown fate and never sent again. Questions do not go the way that may just have broken.
"""

from collections import Counter
from typing import Final, TypeVar, final

from bot4.adapters.venues.binance.wire.requests import Request
from bot4.adapters.venues.binance.wire.rest import BinanceRest, Told
from bot4.adapters.venues.binance.wire.socket_door import NO_SOCKET, BinanceSocket
from bot4.adapters.venues.kit.answers import Call, has_not_left
from bot4.adapters.venues.kit.limiter import Hold

COMMANDS: Final = (Call.PLACE, Call.CANCEL, Call.REPLACE)

T = TypeVar("T")


@final
class TwoDoors:
    """Choose a door for each request.

    Parameters
    ----------
    socket : BinanceSocket
        Someone else lets it run.
    rest : BinanceRest
        With the same limits, clock and signer.

    Attributes
    ----------
    carried : Counter
        Commands that left, by ``socket`` and ``rest``.
    """

    __slots__ = ("carried", "_socket", "_rest")

    def __init__(self, socket: BinanceSocket, rest: BinanceRest) -> None:
        self.carried: Counter[str] = Counter()
        self._socket = socket
        self._rest = rest

    async def ask(self, request: Request, shape: str, kind: type[T]) -> Told[T] | Hold:
        """Send one request, once, and return what came of it, or until when the limiter holds it back."""
        if request.call not in COMMANDS:
            return await self._rest.ask(request, shape, kind)
        told = await self._socket.ask(request, shape, kind)
        if not isinstance(told, Hold) and has_not_left(told.answer) and told.answer.rule == NO_SOCKET:
            return self._counted("rest", await self._rest.ask(request, shape, kind))
        return self._counted("socket", told)

    def _counted(self, door: str, told: Told[T] | Hold) -> Told[T] | Hold:
        """Count a command that has left."""
        if not isinstance(told, Hold) and not has_not_left(told.answer):
            self.carried[door] += 1
        return told
