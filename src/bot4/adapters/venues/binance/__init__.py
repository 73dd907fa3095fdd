# SPDX-License-Identifier: Apache-2.0
"""Binance's dialect: its messages typed, its requests built, its words turned into bot4's.

``wire`` carries requests and replies, ``orders`` places and cancels and asks, ``account`` hears and compares what is
ours, ``market`` hears what everybody may. Each knows those before it.
"""
