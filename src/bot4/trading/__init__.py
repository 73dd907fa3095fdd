# SPDX-License-Identifier: Apache-2.0
"""What we do: the life of orders, the table of them, protection of what is held, execution of verdicts.

Prices, fees and the worth of a position are not known here: trading counts lots,
asks the venue, and believes its reports exactly once.
"""
