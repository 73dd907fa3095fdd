# SPDX-License-Identifier: Apache-2.0
"""The simulated venue: an exchange in memory behind Binance spot's own REST and WebSocket protocols, on loopback.

``gate`` lets a request in (parameters, signatures, limits), ``methods`` answers it (one
handler a method, whichever door it came by), ``streams`` tells what happened, ``faults``
decides what goes wrong, ``doors`` are the sockets. ``venue`` joins them, ``serve`` starts
and ends it all. Nothing of the trading side of bot4 is imported here: what is tested
against this server shares with it the noun of an error and the floor's reader of files.
"""
