# SPDX-License-Identifier: Apache-2.0
"""How a request reaches Binance and what comes back: its words, its two doors, its errors."""
