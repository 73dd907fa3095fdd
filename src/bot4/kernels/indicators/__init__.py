# SPDX-License-Identifier: Apache-2.0
"""The indicator machine: a program of integer rows over one float64 state vector, advanced one bar at a time."""
