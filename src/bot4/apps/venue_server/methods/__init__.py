# SPDX-License-Identifier: Apache-2.0
"""What can be asked of the venue, and the shape of each answer: one handler a method, for both doors."""
