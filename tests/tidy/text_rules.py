# SPDX-License-Identifier: Apache-2.0
"""Rules about every text of the repository: no notes to a later self, no registry's address, no machine's path.

The words looked for are put together here, so that this file does not find itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path

LATER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
HOSTS = (
    "pypi" + ".org",
    "files.python" + "hosted",
    "registry.npm" + "js",
    "deb.de" + "bian.org",
    "proxy.go" + "lang.org",
)
PRIVATE = re.compile(r"(?<![\w.$}*)~-])/(work|root|home|Users)/")


def findings(path: str, text: str) -> Iterator[str]:
    """Yield each breach of one text as ``path:line: what``."""
    for number, line in enumerate(text.splitlines(), 1):
        later = LATER.search(line)
        if later:
            yield f"{path}:{number}: left for later ({later[0]}): do it, or open an issue"
        for host in HOSTS:
            if host in line:
                yield f"{path}:{number}: the address of a registry: installers know theirs"
        private = PRIVATE.search(line)
        if private:
            yield f"{path}:{number}: a path of one machine ({private[0]}...)"


def read_text(path: Path) -> str | None:
    """Return the text of a file, or None for a binary one."""
    data = path.read_bytes()
    if b"\0" in data[:4096]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
