# SPDX-License-Identifier: Apache-2.0
"""A venue's history over REST into one Parquet file, page by page, to be gone on with after a cut."""
