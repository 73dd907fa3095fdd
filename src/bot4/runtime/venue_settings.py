# SPDX-License-Identifier: Apache-2.0
"""What a live or paper run may be told of its venue: the table ``[venue]`` of a configuration, closed to unknown keys.

::

    [venue]
    symbols = ["BTCUSDT", "ETHUSDT"]
    interval = "15m"
    key = "env:BINANCE_KEY"  # where the secrets are kept, never the secrets themselves
    secret = "keyring:bot4/binance"

Addresses are the venue's own unless others are named; a simulated venue on this machine prints its three.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from bot4.domain.errors import BadInput
from bot4.market.intervals import parse_interval
from bot4.runtime.config_check import Place, check_table

PROFILES: Final = ("binance-spot",)
SIGNATURES: Final = ("hmac", "ed25519")
REST: Final = "rest"
SOCKET: Final = "socket"
ORDER_DOORS: Final = (REST, SOCKET)
WARM_UP_MAX: Final = 200_000
SPEED_MAX: Final = 100_000.0
TABLE: Final = "venue"

WS: Final = "wss://stream.binance.com:9443"
WS_STANDBY: Final = "wss://data-stream.binance.vision"
NO_STANDBY: Final = "none"


class VenueSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One venue, what is traded there, and how it is reached.

    ``ws_standby`` is where the same market is heard a second time, for when ``ws`` falls silent: unless another address
    is named, the venue's own other host beside its own ``ws``, and none beside another; ``none`` is none.
    ``warm_up_bars`` are fetched before trading begins, so that indicators are warm and
    the shadow book has a record; ``signature`` says what kind of secret it is: ``hmac``
    or ``ed25519`` (a private key in PEM); ``speed`` is that of a simulated venue on this
    machine, as ``bot4 venue serve --speed`` was told it; ``orders`` says over which door
    orders leave: ``socket``, which is the WebSocket API and REST while that is cut, or ``rest`` alone;
    ``slippage_max`` is the part of the price that an entry may be modelled to cost beyond the middle of the market:
    what would cost more is refused; 0 sets no limit.
    """

    profile: str = "binance-spot"
    symbols: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(min_length=1)]
    interval: str
    warm_up_bars: Annotated[int, Meta(ge=0, le=WARM_UP_MAX)] = 10_000
    rest: str = "https://api.binance.com"
    ws: str = WS
    ws_standby: str = ""
    ws_api: str = "wss://ws-api.binance.com:443/ws-api/v3"
    key: str = ""
    secret: str = ""
    signature: str = "hmac"
    orders: str = SOCKET
    slippage_max: Annotated[float, Meta(ge=0.0, le=0.1)] = 0.001
    speed: Annotated[float, Meta(gt=0.0, le=SPEED_MAX)] = 1.0


def venue_settings(table: object, place: Place) -> VenueSettings:
    """Return the settings of the table ``[venue]``.

    Parameters
    ----------
    table : object
        As TOML gives it; None where the file has none.
    place : callable
        Says where a key was set.

    Raises
    ------
    BadInput
        If there is none, or a value cannot be used.
    """
    if not isinstance(table, dict) or not {"symbols", "interval"} <= table.keys():
        raise BadInput(
            place((TABLE,)) if table is not None else "CONFIG",
            "no table [venue] with symbols and interval",
            'a file with [venue], symbols = ["BTCUSDT"], interval = "15m"',
            "Add the table; docs/howto/trade-live.md shows a whole file.",
            "venue_missing",
        )
    settings = check_table(table, VenueSettings, (TABLE,), place)
    for key, value, allowed in (
        ("profile", settings.profile, PROFILES),
        ("signature", settings.signature, SIGNATURES),
        ("orders", settings.orders, ORDER_DOORS),
    ):
        if value not in allowed:
            raise BadInput(f"{place((TABLE, key))}: venue.{key}", value, " or ".join(allowed), "Name one of them.")
    parse_interval(settings.interval, f"{place((TABLE, 'interval'))}: venue.interval")
    return settings
