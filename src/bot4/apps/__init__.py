# SPDX-License-Identifier: Apache-2.0
"""The doors: the command line, and the one place where a run's environment is wired."""
