# SPDX-License-Identifier: Apache-2.0
"""What every venue needs and none owns: secrets, signatures, the clock's offset, request budgets, kinds of answers.

All but the reading of secrets and :mod:`~bot4.adapters.venues.kit.wire` is pure: time is an argument, and the
parts say what to do instead of doing it. A venue's own words stay in its dialect.
"""
