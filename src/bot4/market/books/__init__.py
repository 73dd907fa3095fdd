# SPDX-License-Identifier: Apache-2.0
"""Books in integers: the venues' rules of joining, the levels, and when a book may be believed.

Recordings and live feeds keep their books here, by the same rules. What a broken
book means for the messages around it is said by the checks
(:mod:`bot4.market.tick_validation`, :mod:`bot4.market.live`).
"""
