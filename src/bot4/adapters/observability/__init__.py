# SPDX-License-Identifier: Apache-2.0
"""What a running process tells of itself to those who watch it."""
