# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a venue of its own on loopback, a generated market in it, and the whole live loop at work."""
