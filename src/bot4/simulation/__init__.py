# SPDX-License-Identifier: Apache-2.0
"""A venue, imagined: it takes our commands and answers with reports, as a real one would.

It keeps its own ledger and its own arithmetic on purpose: what it says at the
end of a run is an independent witness against which ``account`` is reconciled.
Nothing here may import ``account``, the rounding functions of the domain or
``Instrument.notional``.
"""
