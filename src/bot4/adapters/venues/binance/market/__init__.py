# SPDX-License-Identifier: Apache-2.0
"""Binance's market data: streams decoded, followed live, and read from recordings."""
