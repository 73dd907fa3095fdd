# SPDX-License-Identifier: Apache-2.0
"""The venue's states of an order, once: open, filled whole, or ended in another way, with our word for each end."""

from typing import Final

from bot4.domain.order import canceled, expired, rejected

OPEN: Final = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
FILLED: Final = "FILLED"
ENDED: Final = {"CANCELED": canceled, "EXPIRED": expired, "EXPIRED_IN_MATCH": expired, "REJECTED": rejected}
STATES: Final = (*OPEN, FILLED, *ENDED, "PENDING_CANCEL")
"""Every state of the contract; what is not here is unknown and proves nothing."""
