# SPDX-License-Identifier: Apache-2.0
"""Our orders at Binance: placed, cancelled, asked about, and told to the engine as reports."""
