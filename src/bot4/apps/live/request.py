# SPDX-License-Identifier: Apache-2.0
"""What is asked of a run at a venue, checked as far as it can be before the venue is spoken to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot4.adapters.net.endpoints import Endpoint, allowed, is_loopback
from bot4.adapters.venues.binance.market.dialect import MARKET_HOSTS
from bot4.adapters.venues.binance.wire.rest import HOSTS
from bot4.adapters.venues.binance.wire.socket_door import SOCKET_HOSTS
from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.secret_sources import read_secret, refuse_secrets_in_arguments, sealed_file
from bot4.adapters.venues.kit.signing import Ed25519Signer, HmacSigner, Signer
from bot4.apps.output import RUNS
from bot4.domain.errors import BadInput
from bot4.runtime.settings import Settings
from bot4.runtime.venue_settings import NO_STANDBY, WS, WS_STANDBY, VenueSettings

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Hold the doors of a venue, checked: no other host is ever dialed.

    ``standby`` is a second feed of the same market, which stands in for ``ws``.
    """

    rest: Endpoint
    ws: Endpoint
    ws_api: Endpoint
    standby: Endpoint | None = None

    @property
    def feeds(self) -> tuple[Endpoint, ...]:
        """Return where the market is heard: the first is believed while it can be."""
        return (self.ws,) if self.standby is None else (self.ws, self.standby)

    @property
    def all(self) -> tuple[Endpoint, ...]:
        """Return every door."""
        return (self.rest, *self.feeds, self.ws_api)

    @property
    def is_imagined(self) -> bool:
        """Say whether all are on this machine."""
        return all(is_loopback(one.host) for one in self.all)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRequest:
    """Ask for one run at a venue.

    ``command`` is ``live``, ``paper`` or ``demo``; ``seconds`` 0 is without end, in the
    machine's time; ``signer`` is None on paper.
    """

    command: str
    config: Settings
    venue: VenueSettings
    addresses: Addresses
    signer: Signer | None = None
    out: Path = RUNS
    seconds: float = 0.0
    report: bool = True
    config_folder: Path = Path()
    nonce: str = ""
    resume: str | None = None
    data_note: str = ""
    typed: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def addresses_of(venue: VenueSettings) -> Addresses:
    """Return the doors of a venue.

    Raises
    ------
    BadInput
        If one of them is none of the venue's hosts and not on this machine, or has another scheme; or if a real
        venue's time is to race.
    """
    rest = allowed(venue.rest, (*HOSTS, *LOOPBACK), place="venue.rest")
    ws = allowed(venue.ws, (*MARKET_HOSTS, *LOOPBACK), place="venue.ws")
    ws_api = allowed(venue.ws_api, (*SOCKET_HOSTS, *LOOPBACK), place="venue.ws_api")
    second = venue.ws_standby or (WS_STANDBY if venue.ws == WS else NO_STANDBY)
    standby = None
    if second != NO_STANDBY:
        standby = allowed(second, (*MARKET_HOSTS, *LOOPBACK), place="venue.ws_standby")
    for place, one, schemes in (
        ("venue.rest", rest, ("http", "https")),
        ("venue.ws", ws, ("ws", "wss")),
        ("venue.ws_standby", standby or ws, ("ws", "wss")),
        ("venue.ws_api", ws_api, ("ws", "wss")),
    ):
        if one.scheme not in schemes:
            raise BadInput(place, one.scheme, " or ".join(schemes), "Correct the scheme.")
    found = Addresses(rest, ws, ws_api, standby)
    if venue.speed != 1.0 and not found.is_imagined:
        raise BadInput(
            "venue.speed",
            str(venue.speed),
            "1 at a real venue: its seconds are ours",
            "Leave speed out.",
            "not_imagined",
        )
    return found


def signer_of(
    venue: VenueSettings, environment: Mapping[str, str], arguments: list[str], passphrase: Callable[[Path], Secret]
) -> Signer:
    """Return what signs for the account, its secrets read from where the configuration says that they are.

    ``passphrase`` is asked once for each encrypted file that is there.

    Raises
    ------
    BadInput
        If the key or the secret is not named, is not there, or stands in the command line.
    OutsideFault
        If its place cannot be read.
    """
    for name, source in (("venue.key", venue.key), ("venue.secret", venue.secret)):
        if not source:
            raise BadInput(
                name,
                "not given",
                "where it is kept: env:VARIABLE, keyring:SERVICE/NAME or file:PATH#NAME",
                "Keep it with: bot4 keys add NAME, and name its place in the table [venue]; never the secret itself.",
                "no_key",
            )
    places = {source: path for source in (venue.key, venue.secret) if (path := sealed_file(source)) is not None}
    opened = {path: passphrase(path) for path in sorted(set(places.values())) if path.exists()}
    opens = {source: opened.get(path) for source, path in places.items()}
    key, secret = (
        read_secret(source, environment=environment, passphrase=opens.get(source), name=name)
        for name, source in (("venue.key", venue.key), ("venue.secret", venue.secret))
    )
    refuse_secrets_in_arguments(arguments, [key, secret])
    name = key.reveal().decode()
    return Ed25519Signer(name, secret) if venue.signature == "ed25519" else HmacSigner(name, secret)
