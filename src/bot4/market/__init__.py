# SPDX-License-Identifier: Apache-2.0
"""What is happening: recorded rows become validated bars in integers.

Arrays and :mod:`bot4.domain` only. Files, sockets and clocks stay outside, in
:mod:`bot4.adapters`.
"""
