# SPDX-License-Identifier: Apache-2.0
"""The world: every file, socket and device is touched from here, and nothing is decided here."""
