# SPDX-License-Identifier: Apache-2.0
"""Signatures of requests: what is signed is the very text that is sent.

A REST query is percent-encoded first and signed as it goes over the wire; a WebSocket API request is
signed over its parameters sorted by name, raw. A signer takes the secret once, when it is made: HMAC
keeps only its inner state, Ed25519 the library's key object, and neither can be printed.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol, final
from urllib.parse import quote

from bot4.adapters.venues.kit.secret import Secret
from bot4.domain.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Params = Sequence[tuple[str, str]]


class Signer(Protocol):
    """Sign bytes under an API key."""

    @property
    def api_key(self) -> str:
        """The public half, sent with each request."""

    @property
    def may_log_on(self) -> bool:
        """Whether a session can be authenticated once, so that its requests need no signature."""

    def sign(self, payload: bytes) -> str:
        """Return the signature as the venue's text, not yet percent-encoded."""


@final
class HmacSigner:
    """Sign with HMAC-SHA256, in hex."""

    __slots__ = ("api_key", "_state")

    may_log_on = False

    def __init__(self, api_key: str, secret: Secret) -> None:
        self.api_key = api_key
        self._state = hmac.new(secret.reveal(), digestmod=sha256)

    def sign(self, payload: bytes) -> str:
        """Return the signature as 64 hex characters."""
        state = self._state.copy()
        state.update(payload)
        return state.hexdigest()

    def __repr__(self) -> str:
        return "HmacSigner(***)"


@final
class Ed25519Signer:
    """Sign with Ed25519, in base64.

    Parameters
    ----------
    api_key : str
        As the venue issued it for the public key.
    secret : Secret
        The private key: PEM (PKCS#8, not encrypted) or its 32 bytes in hex.

    Raises
    ------
    BadInput
        If it is no Ed25519 private key; the message holds no piece of it.
    """

    __slots__ = ("api_key", "_key")

    may_log_on = True

    def __init__(self, api_key: str, secret: Secret) -> None:
        self.api_key = api_key
        key = _ed25519_key(secret)
        if key is None:
            raise BadInput(
                "Ed25519 secret",
                "not such a key",
                "a PEM file's text (PRIVATE KEY) or 64 hex characters",
                "Store the private key that belongs to the public one given to the venue.",
                "no_key",
            )
        self._key = key

    def sign(self, payload: bytes) -> str:
        """Return the signature in base64."""
        return b64encode(self._key.sign(payload)).decode()

    def __repr__(self) -> str:
        return "Ed25519Signer(***)"


def _ed25519_key(secret: Secret) -> "Ed25519PrivateKey | None":
    """Return the library's key, None where the text is none; nothing that could be shown is kept in a local."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if b"-----" in secret.reveal():
            key = load_pem_private_key(secret.reveal(), password=None)
            return key if isinstance(key, Ed25519PrivateKey) else None
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret.reveal().decode()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def percent_encoded(params: Params) -> str:
    """Return a query as it goes over the wire: names and values in UTF-8, all but ``A-Za-z0-9-_.~`` as ``%XX``."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params)


def signed_query(params: Params, signer: Signer) -> str:
    """Return a REST query with its signature last, over exactly the bytes before it."""
    payload = percent_encoded(params)
    signature = quote(signer.sign(payload.encode("ascii")), safe="")
    return f"{payload}&signature={signature}" if payload else f"signature={signature}"


def socket_payload(params: Mapping[str, str | int | bool]) -> bytes:
    """Return what is signed of a WebSocket API request: ``name=value`` sorted by name, raw UTF-8."""
    return "&".join(f"{name}={plain_text(params[name])}" for name in sorted(params)).encode()


def signed_params(params: Mapping[str, str | int | bool], signer: Signer) -> dict[str, str | int | bool]:
    """Return the parameters of a WebSocket API request with the API key and the signature over all of them."""
    keyed: dict[str, str | int | bool] = {**params, "apiKey": signer.api_key}
    return {**keyed, "signature": signer.sign(socket_payload(keyed))}


def plain_text(value: str | int | bool) -> str:
    """Return a value as the venue reads it in a query: a truth value in small letters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
