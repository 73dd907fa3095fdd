# SPDX-License-Identifier: Apache-2.0
"""Which addresses may be spoken to, and how; each refusal says what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot4.adapters.net.endpoints import allowed, is_loopback
from bot4.domain.errors import BadInput

HOSTS = ("api.binance.com", "127.0.0.1", "localhost", "::1")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://api.binance.com", "https://api.binance.com:443"),
        ("wss://API.Binance.com:9443/ws/", "wss://api.binance.com:9443/ws"),
        ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("http://localhost:80/api", "http://localhost:80/api"),
        ("ws://[::1]:9/x", "ws://[::1]:9/x"),
    ],
)
def test_a_listed_host_is_an_endpoint(url: str, told: str) -> None:
    """Case and default ports are made plain; TLS unless it is this machine."""
    endpoint = allowed(url, HOSTS)
    assert endpoint.url == told
    assert endpoint.is_secure == url.startswith(("https", "wss"))


@pytest.mark.requirement("I-12", "P-21")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.binance.com.evil.example", "one of: 127.0.0.1"),
        ("https://evil.example/api.binance.com", "one of: 127.0.0.1"),
        ("http://api.binance.com", "https"),
        ("ws://api.binance.com", "wss"),
        ("https://key:secret@api.binance.com", "secret store"),
        ("https://api.binance.com?signature=1", "no query"),
        ("ftp://api.binance.com", "whole address"),
        ("api.binance.com", "whole address"),
        ("https://api.binance.com:99999", "no address"),
        ("https://" + "a" * 64 + ".com", "no address"),
        ("https://[::1", "no address"),
        ("https://key:secret@api.binance.com:99999?a=secret", "no address"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(url: str, words: str) -> None:
    """A host that only looks like a listed one, plain speech beyond this machine, secrets in an address."""
    with pytest.raises(BadInput, match="(?i)" + words.replace(".", r"\.")) as caught:
        allowed(url, HOSTS, place="venue.rest")
    assert caught.value.place == "venue.rest"
    assert "secret" not in str(caught.value).replace("secret store", "")


@given(st.text(max_size=40), st.sampled_from(["https://", "wss://", "http://", "ws://", ""]))
def test_no_text_gets_past_the_list(text: str, scheme: str) -> None:
    """Whatever is written, an endpoint has a listed host and TLS or this machine; the rest is refused."""
    try:
        endpoint = allowed(scheme + text, HOSTS)
    except BadInput:
        return
    assert endpoint.host in HOSTS
    assert endpoint.is_secure or is_loopback(endpoint.host)
