# SPDX-License-Identifier: Apache-2.0
"""Whose request it is: the key, the signature over exactly what was sent, and the time it was signed at.

HMAC-SHA256 in hex of either case, or Ed25519 in base64. By REST the payload is the query
followed by the body with the signature taken out, byte for byte as it came; by the
WebSocket API all parameters but the signature, sorted, unencoded.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot4.simulation.exchange.refusals import Refusal, missing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

AHEAD_MS: Final = 1000
WINDOW_MS: Final = 5000
WINDOW_MS_MAX: Final = 60_000

BAD_SIGNATURE: Final = Refusal(-1022, "Signature for this request is not valid.")
BAD_KEY_FORMAT: Final = Refusal(-2014, "API-key format invalid.")
UNKNOWN_KEY: Final = Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
TOO_LATE: Final = Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
TOO_EARLY: Final = Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
WINDOW_TOO_LONG: Final = Refusal(-1131, "recvWindow must be less than 60000.")

ENCODED: Final = re.compile(r"[A-Za-z0-9\-_.~!*'()%+=&]*")
"""A query in which every value is percent-encoded; ``=`` and ``&`` separate."""
SIGNATURE: Final = re.compile(r"(?:^|&)signature=([^&]*)")
KEY: Final = re.compile(r"[!-~]{1,256}")
MILLISECONDS: Final = re.compile(r"[0-9]{1,17}")
WINDOW: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?")
MICROSECONDS_FROM: Final = 10**15


@dataclass(frozen=True, slots=True)
class Permissions:
    """Say what a key may do: ``apiRestrictions``."""

    reading: bool = True
    spot_trading: bool = True
    withdrawals: bool = False
    internal_transfer: bool = False
    universal_transfer: bool = False
    margin: bool = False
    futures: bool = False
    ip_restricted: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """Hold one API key of an account: the secret it signs with, or the public half, or both."""

    name: str
    account: str
    secret: str = ""
    public: "Ed25519PublicKey | None" = None
    permissions: Permissions = Permissions()


def rest_payload(query: str, body: str) -> tuple[str, str]:
    """Return what was signed and the signature, encoded still, empty where there is none."""
    for text, other in ((query, "body"), (body, "query")):
        found = SIGNATURE.search(text)
        if found is None:
            continue
        rest = (text[: found.start()] + text[found.end() :]).lstrip("&")
        return (rest + body if other == "body" else query + rest), found[1]
    return query + body, ""


def socket_payload(parameters: Mapping[str, str]) -> str:
    """Return what is signed by the WebSocket API."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name != "signature")


def is_encoded(payload: str) -> bool:
    """Say whether every value of a query is percent-encoded."""
    return ENCODED.fullmatch(payload) is not None


def is_signed(key: Key, payload: str, signature: str) -> bool:
    """Say whether a signature is this key's over this payload."""
    if re.fullmatch("[0-9a-fA-F]{64}", signature):
        if not key.secret:
            return False
        expected = hmac.digest(key.secret.encode(), payload.encode(), "sha256").hex()
        return hmac.compare_digest(expected, signature.lower())
    return is_signed_by_pair(key, payload, signature)


def is_signed_by_pair(key: Key, payload: str, signature: str) -> bool:
    """Say whether a signature is an Ed25519 one of this key's public half."""
    if key.public is None:
        return False
    from cryptography.exceptions import InvalidSignature

    try:
        key.public.verify(base64.b64decode(signature, validate=True), payload.encode())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def timing_refusal(timestamp: str | None, window: str | None, now_ms: int) -> Refusal | None:
    """Return why a request's time is refused, None where it is not."""
    if not timestamp:
        return missing("timestamp")
    if MILLISECONDS.fullmatch(timestamp) is None or (window is not None and WINDOW.fullmatch(window) is None):
        name = "timestamp" if MILLISECONDS.fullmatch(timestamp) is None else "recvWindow"
        return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    wait_ms = float(window) if window is not None else WINDOW_MS
    if wait_ms > WINDOW_MS_MAX:
        return WINDOW_TOO_LONG
    at = int(timestamp)
    at_ms = at / 1000 if at >= MICROSECONDS_FROM else at
    if at_ms >= now_ms + AHEAD_MS:
        return TOO_EARLY
    return TOO_LATE if now_ms - at_ms > wait_ms else None


def public_key(text: str) -> "Ed25519PublicKey | None":
    """Return an Ed25519 public key from PEM, or from the base64 of its 32 bytes; None where it is neither."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        if "BEGIN" in text:
            found = load_pem_public_key(text.encode())
            return found if isinstance(found, Ed25519PublicKey) else None
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, binascii.Error):
        return None
