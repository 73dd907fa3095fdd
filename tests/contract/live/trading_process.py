# SPDX-License-Identifier: Apache-2.0
"""``bot4 live`` as a process at a venue of a test: begun, killed at a chosen moment, gone on with, stopped in order."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot4.simulation.exchange.venue import AccountLedger
from tests.contract.live.books_of_journal import Left, Tail, left_by
from tests.contract.live.wave import INTERVAL, KEY, PAST_BARS, SECRET, SPEED, STRATEGY, SYMBOL
from tests.contract.venue_server.running import Running

STARTED_S = 90.0
"""How long a process on a loaded machine may take until it trades."""

CONFIG = """
[[strategies]]
kind = "rider.py:Rider"

[venue]
symbols = ["{symbol}"]
interval = "{interval}"
warm_up_bars = {bars}
rest = "{rest}"
ws = "{ws}"
ws_api = "{ws_api}"
key = "env:LIVE_KEY"
secret = "env:LIVE_SECRET"
signature = "{signature}"
speed = {speed}
"""


class Ended(AssertionError):
    """A process that was to go on has ended by itself, with an exit code."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"{said} (exit code {code})")
        self.code = code


@dataclass(frozen=True)
class Keys:
    """What it trades with, and how it signs."""

    key: str = KEY
    secret: str = SECRET
    signature: str = "hmac"


OURS = Keys()

DELAYS_S = {"taken": 0.01, "compared": 0.01, "submitted": 0.002, "canceled": 0.01, "any": 3.0, "heard": 0.002}
"""The venue has an order; the books are compared; a submit, a cancel is on the disk; at any time; market data is being
written: how long after it the kill may come."""


@dataclass(frozen=True)
class Death:
    """One kill: the moment that was sought, what the journal held undone, and which orders the venue had by then."""

    moment: str
    left: Left
    there: frozenset[int]


class TradingProcess:
    """Run the command.

    Parameters
    ----------
    folder : Path
        Where configuration, runs and keys go.
    venue : Running
        Where it trades.
    ledger : callable
        Returns the venue's ledger of the account.
    keys : Keys
        What it trades with.
    strategy : str
        The text of the strategy's file.

    Attributes
    ----------
    said : list of str
        Everything that its processes wrote to stdout and stderr.
    """

    def __init__(
        self,
        folder: Path,
        venue: Running,
        ledger: Callable[[], AccountLedger],
        *,
        keys: Keys = OURS,
        strategy: str = STRATEGY,
    ) -> None:
        self.folder = folder
        self.ledger = ledger
        self.keys = keys
        self.said: list[str] = []
        self.begun = 0
        self._tail: Tail | None = None
        self._stood = 0
        self._process: subprocess.Popen[str] | None = None
        (folder / "rider.py").write_text(strategy)
        (folder / "live.toml").write_text(
            CONFIG.format(
                symbol=SYMBOL,
                interval=INTERVAL,
                bars=PAST_BARS,
                speed=SPEED,
                signature=keys.signature,
                rest=venue.rest,
                ws=venue.ws,
                ws_api=venue.ws_api,
            )
        )

    @property
    def run(self) -> Path:
        """The folder of the one run."""
        [found] = [one for one in (self.folder / "runs").glob("*") if (one / "journal").exists()]
        return found

    def begin(self, *more: str, **variables: str) -> int:
        """Begin the run, or go on with it as the documents say, and return its process."""
        words = ["live", "live.toml", "--json", *(more or ["--no-report"])]
        self._tail, self._stood = None, 0
        if self.begun and list((self.folder / "runs").glob("*/journal")):
            self._stood = (self.run / "journal").stat().st_size
            words += ["--resume", self.run.name.removesuffix(".part")]
        environment = {
            **os.environ, "LIVE_KEY": self.keys.key, "LIVE_SECRET": self.keys.secret,
            "XDG_STATE_HOME": str(self.folder / "state"), **variables,
        }  # fmt: skip
        self.begun += 1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot4", *words],
            cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self._process.pid

    def kill(self, moment: str, chance: random.Random) -> Death:
        """Wait for a moment, and kill; the wait after it is drawn."""
        self._until(self._has_begun)
        if moment == "submitted":
            self._until(self._beyond(self._submits))
        elif moment == "canceled":
            self._until(self._beyond(self._cancels))
        elif moment == "compared":
            self._until(self._compares)
        elif moment == "heard":
            time.sleep(chance.uniform(0, DELAYS_S["any"]))
            self._until(self._beyond(self._heard))
        elif moment == "taken":
            self._until(self._beyond(self._orders))
        time.sleep(chance.uniform(0, DELAYS_S[moment]))
        assert self._process is not None
        self._process.kill()
        self.said += self._process.communicate()
        assert self._process.returncode == -signal.SIGKILL
        there = frozenset(int(one.client_order_id.rpartition("-")[2]) for one in self.ledger().orders)
        return Death(moment, left_by(Tail(self.run / "journal").read(), Tail(self.run / "market.data").read()), there)

    def trade(self, orders: int) -> None:
        """Let it send so many orders more."""
        self._until(self._has_begun)
        self._until(self._beyond(self._submits, orders))

    def stop(self) -> str:
        """Stop it as a person does, and return its last line."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        out, err = self._process.communicate(timeout=STARTED_S)
        self.said += [out, err]
        assert self._process.returncode == 0, err
        return out.splitlines()[-1]

    def ended(self) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        assert self._process is not None
        self.said += self._process.communicate(timeout=STARTED_S)
        return self._process.returncode

    def _has_begun(self) -> bool:
        """Say whether it has written something of its own."""
        try:
            return (self.run / "journal").stat().st_size > self._stood
        except ValueError:
            return False

    def _submits(self) -> int:
        """How many submits stand."""
        return self._count("submit")

    def _cancels(self) -> int:
        """How many cancels stand."""
        return self._count("cancel")

    def _heard(self) -> int:
        """How many bytes of market data stand."""
        return (self.run / "market.data").stat().st_size

    def _compares(self) -> bool:
        """Say whether the books are being compared, as far as the journal tells."""
        return left_by(self._told().read(), []).is_reconciling

    def _count(self, name: str) -> int:
        """How many records of a name stand."""
        return self._told().count(name)

    def _told(self) -> Tail:
        """Return what reads the journal as it grows."""
        if self._tail is None:
            self._tail = Tail(self.run / "journal")
        return self._tail

    def _orders(self) -> int:
        """How many orders the venue has."""
        return len(self.ledger().orders)

    def _beyond(self, count: Callable[[], int], more: int = 1) -> Callable[[], bool]:
        """Return what says whether a number has grown from now on."""
        wanted = count() + more
        return lambda: count() >= wanted

    def _until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened, as long as the process lives."""
        deadline = time.monotonic() + STARTED_S
        while not happened():
            assert self._process is not None
            if self._process.poll() is not None:
                ended = self._process.communicate()
                self.said += ended
                raise Ended(self._process.returncode, f"it ended by itself: {ended}")
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.001)
