# SPDX-License-Identifier: Apache-2.0
"""How market data comes in, decided without a socket: when to dial, what to ask for, who has fallen silent.

:class:`~bot4.market.ingest.session.Session` is told what happened and when, and
answers with steps (:mod:`bot4.market.ingest.steps`) for whoever holds the sockets.
Time is an argument, chance a generator that is handed in; nothing here waits.
"""
