# SPDX-License-Identifier: Apache-2.0
"""What the venue tells without being asked: market streams, user events, and the life of a connection."""
