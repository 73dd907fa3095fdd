# SPDX-License-Identifier: Apache-2.0
"""Signatures: the venue's own vectors, and that what is signed is what is sent."""

import hmac
import json
from base64 import b64decode
from hashlib import sha256
from urllib.parse import parse_qsl, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.venues.kit.secret import Secret
from bot4.adapters.venues.kit.signing import (
    Ed25519Signer,
    HmacSigner,
    percent_encoded,
    signed_params,
    signed_query,
    socket_payload,
)
from bot4.domain.errors import BadInput

DOCUMENTED = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOCUMENTED_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
HMAC = HmacSigner(DOCUMENTED_KEY, Secret(DOCUMENTED.encode()))
SEED = bytes(range(32))
ED25519 = Ed25519Signer("key", Secret(SEED.hex().encode()))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@pytest.mark.requirement("P2-4")
def test_the_documented_rest_vector() -> None:
    """The venue's documentation signs this query to this signature."""
    params = [
        ("symbol", "LTCBTC"),
        ("side", "BUY"),
        ("type", "LIMIT"),
        ("timeInForce", "GTC"),
        ("quantity", "1"),
        ("price", "0.1"),
        ("recvWindow", "5000"),
        ("timestamp", "1499827319559"),
    ]
    signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert signed_query(params, HMAC) == percent_encoded(params) + "&signature=" + signature


@pytest.mark.requirement("P2-4")
def test_the_documented_socket_vector() -> None:
    """The WebSocket API's vector: sorted, raw, the API key among the parameters."""
    params: dict[str, str | int | bool] = {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01000000",
        "price": "52000.00",
        "recvWindow": 100,
        "timestamp": 1645423376532,
    }
    signed = signed_params(params, HMAC)
    assert signed["signature"] == "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24"
    assert signed["apiKey"] == DOCUMENTED_KEY


@pytest.mark.requirement("P2-4")
@given(params=st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=6))
def test_any_rest_value_is_signed_as_it_is_sent(params: list[tuple[str, str]]) -> None:
    """A server that signs the bytes it received before ``&signature=`` agrees, and reads the values that were meant."""
    sent = signed_query(params, HMAC)
    received, _, signature = sent.rpartition("&signature=")
    assert sent.isascii()
    assert signature == hmac.new(DOCUMENTED.encode(), received.encode(), sha256).hexdigest()
    assert parse_qsl(received, keep_blank_values=True) == params


@given(params=st.lists(st.tuples(NAMES, TEXTS), max_size=6))
def test_an_ed25519_signature_survives_the_query(params: list[tuple[str, str]]) -> None:
    """Its base64 is percent-encoded last, and verifies over what stands before it."""
    received, _, signature = ("&" + signed_query(params, ED25519)).rpartition("&signature=")
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    public.verify(b64decode(unquote(signature)), received[1:].encode())
    assert "+" not in signature and "/" not in signature and "=" not in signature


@given(params=st.dictionaries(NAMES, TEXTS | st.integers() | st.booleans(), max_size=6))
def test_any_socket_value_is_signed_as_it_is_sent(params: dict[str, str | int | bool]) -> None:
    """A server that reads the JSON and joins the sorted parameters without the signature agrees."""
    params.pop("signature", None)
    received = json.loads(json.dumps(signed_params(params, HMAC)))
    signature = received.pop("signature")
    words = {True: "true", False: "false"}
    text = "&".join(f"{k}={words[v] if isinstance(v, bool) else v}" for k, v in sorted(received.items()))
    assert signature == hmac.new(DOCUMENTED.encode(), text.encode(), sha256).hexdigest()
    assert text.encode() == socket_payload(received)


def test_an_ed25519_key_is_taken_as_pem_or_hex_and_nothing_else_is() -> None:
    """Both forms give one signature; an RSA key, a short one and noise are refused in the same words."""
    pem = Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert Ed25519Signer("key", Secret(pem)).sign(b"x") == ED25519.sign(b"x")
    assert (ED25519.may_log_on, HMAC.may_log_on) == (True, False)
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for wrong in (rsa, SEED.hex().encode()[:-2], b"noise", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----"):
        with pytest.raises(BadInput, match="not such a key"):
            Ed25519Signer("key", Secret(wrong))
