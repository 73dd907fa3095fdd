# SPDX-License-Identifier: Apache-2.0
"""What we want: strategies, their evidence, aggregation, sizing and exits."""
