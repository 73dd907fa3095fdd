# SPDX-License-Identifier: Apache-2.0
"""What lies on disk: recorded history, the table of instruments.

Readers here turn files into arrays and errors of files into errors with a
place; what the data is worth is judged in :mod:`bot4.market`.
"""
