# SPDX-License-Identifier: Apache-2.0
"""Binance's dialect: its requests and replies, its codes and filters, its streams."""
