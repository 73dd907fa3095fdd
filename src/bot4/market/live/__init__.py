# SPDX-License-Identifier: Apache-2.0
"""Feeds as they come in: each message judged at once, doubts held, and one of two feeds believed.

What comes out depends on the messages and the moments they were received alone: a
recording of the traffic gives the same again.
"""
