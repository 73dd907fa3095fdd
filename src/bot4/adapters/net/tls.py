# SPDX-License-Identifier: Apache-2.0
"""TLS as it is used everywhere: verified, host name checked, 1.2 or later. There is no other way to have it."""

import ssl
from pathlib import Path


def verified(authorities: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, or those of one file in their place.

    Parameters
    ----------
    authorities : Path or None
        A PEM file, for a network that has an authority of its own; certificates are verified all the same.
    """
    context = ssl.create_default_context(cafile=None if authorities is None else str(authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    assert context.check_hostname, "the library's default is to check"
    assert context.verify_mode is ssl.CERT_REQUIRED, "the library's default is to verify"
    return context
