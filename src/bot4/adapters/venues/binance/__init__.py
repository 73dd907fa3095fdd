# SPDX-License-Identifier: Apache-2.0
"""Binance's dialect: its messages typed, its requests built, its words turned into bot4's."""
