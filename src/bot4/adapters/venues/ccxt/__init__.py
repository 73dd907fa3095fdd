# SPDX-License-Identifier: Apache-2.0
"""Venues through ccxt (the extra ``venues``): it signs, names and parses; what leaves, when and whereto is ours."""
