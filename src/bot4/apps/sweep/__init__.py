# SPDX-License-Identifier: Apache-2.0
"""The search over a strategy's parameters: screened by a kernel, counted, and confirmed by the engine."""
