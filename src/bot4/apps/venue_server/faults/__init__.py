# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on purpose: the kinds, and a seeded schedule that says when."""
