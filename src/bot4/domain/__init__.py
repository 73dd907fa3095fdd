# SPDX-License-Identifier: Apache-2.0
"""The nouns: values, market data, signals, orders, positions and verdicts.

Nothing here reads a clock, draws a random number, touches a file or holds an
array. Every stage speaks in these types; no stage speaks to another.
"""
