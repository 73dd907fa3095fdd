# SPDX-License-Identifier: Apache-2.0
"""Whom we may speak to: an address is checked once against a list of hosts, and only a checked one can be dialed.

Everything but this machine itself is spoken to through TLS.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

from bot4.domain.errors import BadInput

SECURE: Final = {"https": True, "wss": True, "http": False, "ws": False}
PORTS: Final = {"https": 443, "wss": 443, "http": 80, "ws": 80}
LOOPBACK_NAME: Final = "localhost"


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Hold an address that was checked; made by :func:`allowed` alone.

    Attributes
    ----------
    path : str
        What every request to it begins with; no slash at its end.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        """Tell whether it is spoken to through TLS."""
        return SECURE[self.scheme]

    @property
    def url(self) -> str:
        """Return it as an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def allowed(url: str, hosts: Collection[str], *, place: str = "url") -> Endpoint:
    """Return an address as an endpoint if its host is on the list.

    Parameters
    ----------
    url : str
        With the scheme https, wss, http or ws; without user, query or fragment.
    hosts : collection of str
        The hosts that may be spoken to, in lower case; no patterns.
    place : str
        Where the address stands, for the message.

    Raises
    ------
    BadInput
        If it may not be spoken to, or not like this.
    """
    shown = url.rsplit("@", 1)[-1].split("?", 1)[0]
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
        host.encode("idna")  # a name that no resolver would take raises here, not in the middle of a try
    except ValueError:
        raise BadInput(place, shown, "scheme://host[:port]/path", "This is no address.") from None
    if parts.scheme not in SECURE or not host or not url.isascii():
        raise BadInput(place, shown, f"{', '.join(SECURE)}://host[:port]/path", "Write the whole address.")
    if parts.username is not None or parts.password is not None:
        raise BadInput(place, f"{parts.scheme}://…@{host}", "no user or password", "Keys belong into the secret store.")
    if parts.query or parts.fragment:
        raise BadInput(place, f"{parts.scheme}://{host}/…?…", "no query, no fragment", "Leave them out.")
    if host not in hosts:
        raise BadInput(
            place, host, f"one of: {', '.join(sorted(hosts))}", "Only the hosts of this venue are spoken to."
        )
    if not SECURE[parts.scheme] and not is_loopback(host):
        secure = "https" if parts.scheme == "http" else "wss"
        raise BadInput(place, parts.scheme, f"{secure} (plain only to this machine)", f"Write {secure}://.")
    return Endpoint(parts.scheme, host, port or PORTS[parts.scheme], parts.path.rstrip("/"))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address alone; nobody is asked."""
    if host == LOOPBACK_NAME:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
