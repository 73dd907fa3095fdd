# SPDX-License-Identifier: Apache-2.0
"""One question to a venue through ccxt: sent once, and what came of it as a value.

Only a refused time stamp, which proves that nothing was done, is mended and sent once more. Whatever ccxt raises is
read by one rule: before anything has left it is a refusal, after that it proves nothing.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import localcontext
from typing import Any, Final, Self, TypeVar, final
from urllib.parse import urlsplit

from bot4.adapters.net.endpoints import allowed
from bot4.adapters.net.http import HttpClient
from bot4.adapters.venues.ccxt.courier import TRIP, WEIGHT, Courier, Settled, Trip, kinds_of
from bot4.adapters.venues.ccxt.errors import refused_before_leaving
from bot4.adapters.venues.ccxt.library import Library, exchange_of, library
from bot4.adapters.venues.ccxt.offered import CcxtVenue
from bot4.adapters.venues.kit.allowance import Limit, Unit
from bot4.adapters.venues.kit.answers import Answer, Call, may_send_again, succeeded, unanswered
from bot4.adapters.venues.kit.limiter import Limiter, Urgency, limiter_of
from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.errors import OutsideFault
from bot4.domain.instrument import Instrument
from bot4.domain.ports import Clock

MINUTE_MS: Final = 60_000
UNFIT: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What ccxt raises over a reply, or a question, that it cannot read."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what came of a question: its meaning, and after a success ccxt's value and the venue's own JSON."""

    answer: Answer
    value: Any = None
    raw: Any = None

    def rows(self, *, within: str = "") -> Any:
        """Return ccxt's rows, None where the venue did not tell as many: ccxt reads a reply without rows as no rows.

        Parameters
        ----------
        within : str
            The venue's name of the list in its reply; empty where the reply is the list.
        """
        raw = self.raw.get(within) if within and isinstance(self.raw, dict) else self.raw
        told = isinstance(raw, list) and self.value is not None and len(raw) == len(self.value)
        return self.value if told else None


@final
class CcxtDoor:
    """Ask one account's venue; made by :meth:`open`.

    Attributes
    ----------
    venue : CcxtVenue
        What is spoken to.
    """

    __slots__ = ("venue", "_exchange", "_errors", "_courier")

    def __init__(self, venue: CcxtVenue, exchange: Any, errors: type[Exception], courier: Courier) -> None:
        self.venue = venue
        self._exchange = exchange
        self._errors = errors
        self._courier = courier

    @classmethod
    async def open(
        cls, venue: CcxtVenue, clients: Mapping[str, HttpClient], *, api_key: str, secret: Secret, clock: Clock
    ) -> Self:
        """Open a venue: its time and its markets are learnt.

        Parameters
        ----------
        venue : CcxtVenue
            What is spoken to.
        clients : mapping
            From each of its origins to the client that speaks for it.
        api_key, secret : str, Secret
            Of the account.
        clock : Clock
            Stamps answers.

        Raises
        ------
        OutsideFault
            If the venue does not tell its markets.
        """
        found: Library = library(venue)
        with localcontext():
            exchange = exchange_of(found, venue, api_key, secret)
        hidden = (secret.reveal().decode(), api_key)
        courier = Courier(clients, limiter=limiter(exchange), clock=clock, hidden=hidden, rules=venue.rules)
        courier.serve(exchange, found.errors)
        door = cls(venue, exchange, found.errors, courier)
        said = await door.ask(Call.READ, "load_markets")
        if not said.value:
            raise OutsideFault(
                venue.id,
                said.answer.rule or "no market at all",
                "its list of markets",
                "Check the connection, and that the venue is up.",
                "venue_unreachable",
            )
        return door

    def __repr__(self) -> str:
        return f"CcxtDoor({self.venue.id})"

    async def ask(self, call: Call, method: str, *words: object, urgency: Urgency = Urgency.ORDINARY) -> Said:
        """Ask ccxt once.

        Parameters
        ----------
        call : Call
            What an answer decides.
        method, words : str, object
            ccxt's method and its arguments: numbers as texts.
        urgency : Urgency
            Whether it may use what is kept for cancels and stops.
        """
        tries = 0
        while True:
            tries += 1
            said = await self._once(call, method, words, urgency)
            if not may_send_again(said.answer, tries):
                return said
            learnt = await self._once(Call.READ, "load_time_difference", (), Urgency.PROTECTIVE)
            if learnt.value is None:
                return said

    def symbol(self, instrument: Instrument) -> str:
        """Return ccxt's word for an instrument, its own where the venue lists no such spot market."""
        known = self._exchange.markets_by_id.get(instrument.symbol, ())
        return next((str(market["symbol"]) for market in known if market["spot"]), instrument.symbol)

    def look(self, question: Callable[[Any], T]) -> T | Answer:
        """Ask ccxt what it can say without sending; its own no is a refusal."""
        try:
            with localcontext():
                return question(self._exchange)
        except (self._errors, *UNFIT) as error:
            return refused_before_leaving(kinds_of(error), self._courier.shown(str(error)))

    async def _once(self, call: Call, method: str, words: tuple[object, ...], urgency: Urgency) -> Said:
        """Ask ccxt once, whatever comes."""
        trip = Trip(call, urgency)
        token = TRIP.set(trip)
        said: Said | None = None
        try:
            with localcontext():
                value = await getattr(self._exchange, method)(*words)
            said = Said(succeeded(call), value, trip.raw)
        except Settled as settled:
            said = Said(settled.answer)
        except (self._errors, *UNFIT) as error:
            said = Said(self._unexpected(trip, error))
        finally:
            TRIP.reset(token)
            self._courier.settle(trip, None if said is None else said.answer)
        return said

    def _unexpected(self, trip: Trip, error: Exception) -> Answer:
        """Return the meaning of an error that ccxt raised by itself, not over the status of a reply."""
        if trip.left:
            return unanswered(trip.call, "malformed.reply", at_ms=self._courier.now_ms())
        return refused_before_leaving(kinds_of(error), self._courier.shown(str(error)))


def clients_of(venue: CcxtVenue, tls: ssl.SSLContext) -> dict[str, HttpClient]:
    """Return a client for each origin of a venue; nothing else of the world can be reached by them.

    Parameters
    ----------
    venue : CcxtVenue
        What is spoken to.
    tls : ssl.SSLContext
        From :func:`bot4.adapters.net.tls.verified`.
    """
    hosts = [str(urlsplit(origin).hostname) for origin in venue.origins]
    return {origin: HttpClient(allowed(origin, hosts), tls=tls) for origin in venue.origins}


def limiter(exchange: Any) -> Limiter:
    """Return bot4's limiter at the pace that ccxt documents for a venue, a fifth kept for cancels and stops."""
    per_minute = int(MINUTE_MS / float(exchange.rateLimit))
    return limiter_of([Limit(Unit.WEIGHT, MINUTE_MS, WEIGHT * per_minute)])
