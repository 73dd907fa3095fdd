# SPDX-License-Identifier: Apache-2.0
"""May we take this one: limits, worst-case exposure, the drawdown ladder. Only here is an order approved."""
