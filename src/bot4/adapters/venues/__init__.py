# SPDX-License-Identifier: Apache-2.0
"""The venues: one folder for each dialect, and a kit that they share."""
