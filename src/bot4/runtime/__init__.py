# SPDX-License-Identifier: Apache-2.0
"""The heartbeat: the engine, the drive that feeds it, clocks, settings and the wiring of stages."""
