# SPDX-License-Identifier: Apache-2.0
"""What we can prove: the journal's bytes, their chain and schema, and what can be read back from them.

Bytes in, bytes out: files, locks and fsync belong to ``adapters/stores``.
"""
