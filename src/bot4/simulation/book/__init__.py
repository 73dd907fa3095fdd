# SPDX-License-Identifier: Apache-2.0
"""The venue of a tick and L2 backtest: books, queues, latency and partial fills."""
