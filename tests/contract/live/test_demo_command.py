# SPDX-License-Identifier: Apache-2.0
"""``bot4 demo`` as a person runs it: a terminal that shows health and never profit, and Ctrl-C that ends it whole."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

TRADING = re.compile(rb"state\W+trading")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.slow
@pytest.mark.requirement("U-15")
def test_ctrl_c_ends_the_demo_with_its_report_written(tmp_path: Path) -> None:
    """On a terminal it shows mode, market, account and exposure; stopped in the midst it ends as at its end."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "bot4", "demo", "--for", "5m", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "COLUMNS": "120", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    seen = bytearray()
    trading = threading.Event()

    def read() -> None:
        while True:
            try:
                piece = os.read(ours, 65_536)
            except OSError:  # the terminal's other end is closed
                piece = b""
            seen.extend(piece)
            if not piece or TRADING.search(ESCAPES.sub("", seen.decode(errors="replace")).encode()):
                trading.set()
            if not piece:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert trading.wait(240)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=120)
    finally:
        running.kill()
        reader.join(10)
        os.close(ours)
    picture = ESCAPES.sub("", seen.decode(errors="replace"))
    assert running.returncode == 0, picture
    summary = json.loads(out.splitlines()[-1])
    assert summary["ledger_equal"] is True
    assert Path(tmp_path, summary["report"]).is_file()
    assert "a generated market with a planted edge" in picture
    assert "Nothing here says anything about profit on a real market." in " ".join(picture.split())
    for word in ("mode", "market", "account", "exposure", "orders"):
        assert re.search(rf"[│|] {word} ", picture), word
    table = picture[picture.index("bot4 demo: a generated market") :]
    for word in ("profit", "equity 1", "P&L", "earned", "return"):
        assert word not in table
