# SPDX-License-Identifier: Apache-2.0
"""The account at Binance: heard over its stream, compared with our books, brought up to date."""
