# SPDX-License-Identifier: Apache-2.0
"""How long, as people write it on a command line."""

import re
from typing import Final

from bot4.domain.errors import BadInput

UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(text: str) -> float:
    """Return a duration such as ``90``, ``60s``, ``5m`` in seconds.

    Raises
    ------
    BadInput
        If it is none.
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)", text, re.ASCII)
    if found is None:
        raise BadInput("--for", text, "a number and s, m, h or d, such as 60s", "Correct the duration.")
    return float(found[1]) * UNITS[found[2]]
