# SPDX-License-Identifier: Apache-2.0
"""The sections of the page: each a function from the report's data to HTML."""
