# SPDX-License-Identifier: Apache-2.0
"""Paper trading: data as it comes, fills imagined, everything else as it would be live.

Over recorded bars (``--replay``) it differs from a backtest in what stands around
the engine, not in the engine: features come bar by bar, every command waits until
its record is on the disk, the run has a start nonce, and its head is signed.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bot4.adapters.stores.journal_key import load_or_create_key
from bot4.adapters.stores.journal_reader import read_header
from bot4.apps.backtest import carry_out
from bot4.apps.outcome import Outcome
from bot4.apps.output import journal_of
from bot4.apps.progress import Progress
from bot4.apps.session import RunRequest, prepare


def run(request: RunRequest, progress: Progress) -> Outcome:
    """Trade on paper over recorded bars and return what came of it.

    A request without a nonce gets a new one, or that of the run it resumes.
    """
    nonce = request.nonce or (nonce_of(Path(request.resume)) if request.resume else secrets.token_hex(8))
    prepared = prepare(replace(request, nonce=nonce), progress)
    key = load_or_create_key(state_folder(os.environ))
    return carry_out(prepared, progress, ahead=False, durable=True, key=key)


def nonce_of(folder: Path) -> str:
    """Return the start nonce of the run whose folder this is."""
    return read_header(journal_of(folder)).nonce


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where live state and keys are kept: ``$XDG_STATE_HOME/bot4``, made where it is missing."""
    home = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    folder = Path(home) / "bot4"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
