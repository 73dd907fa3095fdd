# SPDX-License-Identifier: Apache-2.0
"""Reasons in our own words: what never reached a venue was refused by none."""

from typing import Final

NOT_SENT: Final = "not sent: the engine was stormed"
"""The reason of a rejection in the engine's own words: the one report that is no venue's, and no input of a replay."""

NEVER_LEFT: Final = "not sent"
"""How the reason of a report begins that is no word of the venue's: the command was kept back for as long as it was
of use, by a limit, a ban, a network that was down. The venue has refused nothing."""
