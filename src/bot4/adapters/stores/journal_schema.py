# SPDX-License-Identifier: Apache-2.0
"""``python -m bot4.adapters.stores.journal_schema schema/journal.json``: writes the published schema.

The schema itself is :mod:`bot4.record.schema`'s; a test holds the file to it.
"""

import json
import sys
from pathlib import Path

from bot4.record.schema import published


def schema_text() -> str:
    """Return the published schema as it stands in ``schema/journal.json``."""
    return json.dumps(published(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
