# SPDX-License-Identifier: Apache-2.0
"""A request as a handler sees it, what it may answer, and the desk behind which the exchange stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot4.apps.venue_server.gate.limits import Limits
from bot4.apps.venue_server.gate.parameters import Parameters
from bot4.apps.venue_server.gate.signatures import Key
from bot4.simulation.exchange.events import Event
from bot4.simulation.exchange.refusals import INVALID_SYMBOL, Refusal
from bot4.simulation.exchange.rules import SymbolRules
from bot4.simulation.exchange.venue import Exchange


class Security(Enum):
    """Say what a method wants to see of its caller."""

    NONE = "anyone"
    READ = "a signed request"
    TRADE = "a signed request with a key that may trade"


@dataclass(frozen=True, slots=True)
class Ask:
    """Hold one request: its words, who sent it (None: anyone), and the venue's time."""

    parameters: Parameters
    key: Key | None
    now_ms: int

    @property
    def account(self) -> str:
        """Return the account of a signed request."""
        assert self.key is not None
        return self.key.account


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what is answered: a body of plain values, the status, and how many orders it counts for."""

    body: object
    status: int = 200
    orders: int = 0


Outcome = Answer | Refusal
"""What a handler returns."""


@dataclass(slots=True)
class Desk:
    """Hold what handlers work with; events of the exchange wait here until they are published."""

    exchange: Exchange
    limits: Limits
    untold: list[Event] = field(default_factory=list)

    def collect(self) -> Sequence[Event]:
        """Take what the exchange has to tell, keep it for publication, and return it."""
        fresh = self.exchange.take_events()
        self.untold.extend(fresh)
        return fresh

    def rules(self, symbol: str) -> SymbolRules | None:
        """Return the rules of a listed symbol."""
        return next((rules for rules in self.exchange.market.rules() if rules.symbol == symbol), None)

    def listed(self, ask: Ask, *, required: bool = True) -> str:
        """Read the symbol of a request; one that is not listed is refused."""
        symbol = ask.parameters.symbol(required=required)
        if symbol and self.rules(symbol) is None:
            ask.parameters.refuse(INVALID_SYMBOL)
        return symbol


Handler = Callable[[Desk, Ask], Outcome]
"""Answer one method."""


def finish(ask: Ask) -> Refusal | None:
    """Say whether everything that was sent could be read, and was wanted."""
    ask.parameters.check_all_read()
    return ask.parameters.refusal
