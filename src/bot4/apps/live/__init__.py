# SPDX-License-Identifier: Apache-2.0
"""Trading at a venue over sockets: the stages of a backtest, with a market, an account and orders that are real."""
