# SPDX-License-Identifier: Apache-2.0
"""Real venues: a kit that all share, and a small dialect for each."""
