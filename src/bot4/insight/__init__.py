# SPDX-License-Identifier: Apache-2.0
"""What it may mean: features of the market, computed by one kernel in every environment."""
