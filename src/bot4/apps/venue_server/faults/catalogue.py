# SPDX-License-Identifier: Apache-2.0
"""The kinds of fault that this venue can be told to have, and where each one strikes.

The numbers are those of bot4's catalogue of faults. Kinds that lie in front of a server
(names, TLS, a refused connection), in the client's machine, or that this protocol does
not have (checksums, listen keys, liquidation) are not here and are refused by name.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Place(Enum):
    """Say which door or desk asks about a kind, and so what one opportunity is."""

    BEFORE = "each request, before it is looked at"
    ORDER = "each request that changes orders"
    AFTER = "each answer, before it is sent"
    DEPTH = "each book asked for by REST"
    MARKET = "each market message of a connection"
    SUBSCRIBE = "each subscription to market streams"
    USER = "each user event of a connection"
    PING = "each ping of a connection"
    SECOND = "each second of the venue"


@dataclass(frozen=True, slots=True)
class Kind:
    """Hold one kind: its number, what happens, and where."""

    code: str
    text: str
    place: Place


KINDS: Final = (
    Kind("N05", "connection reset before the request is looked at", Place.BEFORE),
    Kind("N06", "connection reset after the request was carried out, before the reply", Place.AFTER),
    Kind("N07", "reply delayed beyond any patience, then sent", Place.AFTER),
    Kind("N08", "connection reset in the middle of the reply", Place.AFTER),
    Kind("N09", "half-open connection: carried out, never answered, never closed", Place.AFTER),
    Kind("N11", "latency spike of 0 to 30 seconds before the request is looked at", Place.BEFORE),
    Kind("N12", "reply at one kilobyte a second", Place.AFTER),
    Kind("N13", "a proxy's page with status 200 instead of the venue", Place.BEFORE),
    Kind("N14", "address refused: -2015 with status 401", Place.BEFORE),
    Kind("R01", "status 400 with a code that no document has", Place.BEFORE),
    Kind("R02", "key revoked: status 403", Place.BEFORE),
    Kind("R03", "cancel-replace half done: canceled, the new order refused", Place.ORDER),
    Kind("R04", "banned: status 418", Place.BEFORE),
    Kind("R05", "status 429, with and without Retry-After by turns", Place.BEFORE),
    Kind("R06", "status 500 to 504, carried out all the same", Place.AFTER),
    Kind("R07", "status 500 to 504, not carried out", Place.BEFORE),
    Kind("R08", "status 200 with half a body", Place.AFTER),
    Kind("R09", "a field missing in the reply", Place.AFTER),
    Kind("R10", "numbers as texts and texts as numbers", Place.AFTER),
    Kind("R11", "the reply twice", Place.AFTER),
    Kind("R12", "the reply of the request before", Place.AFTER),
    Kind("R13", "order accepted, then canceled at once by the venue", Place.ORDER),
    Kind("R14", "a status of orders that no document has", Place.AFTER),
    Kind("R15", "-1021, whatever the timestamp", Place.BEFORE),
    Kind("R16", "maintenance for ten seconds: status 503, orders kept", Place.SECOND),
    Kind("W01", "a connection falls silent for good", Place.MARKET),
    Kind("W02", "one stream of a connection falls silent for good", Place.MARKET),
    Kind("W03", "a ping is left out", Place.PING),
    Kind("W04", "a message twice", Place.MARKET),
    Kind("W05", "two messages in the wrong order", Place.MARKET),
    Kind("W06", "a message lost", Place.MARKET),
    Kind("W08", "depth by REST older than the stream", Place.DEPTH),
    Kind("W09", "a user's fill before the news of the order", Place.USER),
    Kind("W10", "a user's cancel before the fill that came first", Place.USER),
    Kind("W11", "every WebSocket cut, after serverShutdown", Place.SECOND),
    Kind("W13", "a subscription acknowledged and never served", Place.SUBSCRIBE),
    Kind("W14", "ten times the background flow for a second", Place.SECOND),
    Kind("W15", "a user event twice", Place.USER),
    Kind("W16", "a user event lost", Place.USER),
    Kind("W17", "a user subscription ended: eventStreamTerminated", Place.USER),
    Kind("V01", "half of an order is filled just before it is canceled", Place.ORDER),
    Kind("V02", "the whole of an order is filled just before it is canceled", Place.ORDER),
    Kind("V03", "the whole of an order is filled just before it is replaced or amended", Place.ORDER),
    Kind("V04", "an order meets one of the same account and both expire", Place.ORDER),
    Kind("V08", "twice the commission from here on, or the first one again", Place.SECOND),
    Kind("V09", "tick size ten times coarser for ten seconds", Place.SECOND),
    Kind("V10", "a symbol halted for ten seconds", Place.SECOND),
    Kind("V11", "the account may not trade for ten seconds", Place.SECOND),
    Kind("V13", "a deposit nobody asked for", Place.SECOND),
    Kind("V14", "one order of a list is rejected after the list was accepted, the other works alone", Place.ORDER),
    Kind("V15", "an order's trigger fires and it fills nothing", Place.ORDER),
)
"""Every kind, in order; W15 to W17 are the user stream's own, beside the catalogue's W04, W06 and W12."""

BY_CODE: Final = {kind.code: kind for kind in KINDS}
