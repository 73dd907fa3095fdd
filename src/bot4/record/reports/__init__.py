# SPDX-License-Identifier: Apache-2.0
"""The report of a run: its data, its statistics, and one page of HTML that opens offline.

Everything here is a pure function from data to text. Reading plotly's script and
writing the file is the caller's work; so is the journal.
"""
