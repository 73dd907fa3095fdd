# SPDX-License-Identifier: Apache-2.0
"""A venue's market traffic written as it came, and read again through the same pipeline."""
