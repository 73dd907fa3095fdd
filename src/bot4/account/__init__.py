# SPDX-License-Identifier: Apache-2.0
"""What we own: the ledger, the positions, their worth, and whose profit it was.

It believes our own fills and nothing else; that they are what the venue says is
shown afterwards by :mod:`bot4.account.reconciliation`. Nothing here sends,
decides or rounds prices.
"""
