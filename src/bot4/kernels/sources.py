# SPDX-License-Identifier: Apache-2.0
"""The key of numba's cache folder: a hash of every source below this package.

numba caches a compiled kernel beside the hash of its own file and does not see edits in the other files it calls: it
then runs the old code. An app sets NUMBA_CACHE_DIR to a folder named by this key, before it imports any kernel. This
module therefore imports no numba.
"""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def kernels_key(folder: Path = FOLDER) -> str:
    """Return the SHA-256, 64 hex digits, of names and contents of all Python files below `folder`, in order of name."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda one: one.relative_to(folder).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
