# SPDX-License-Identifier: Apache-2.0
"""The wire that all adapters share: WebSockets, HTTP, TLS, and the hosts that may be spoken to.

Whatever the network does comes back as a value (:mod:`~bot4.adapters.net.ending`).
Nothing here knows a venue, retries by itself, follows a redirect or trusts an
unverified certificate; there is no switch for any of it.
"""
