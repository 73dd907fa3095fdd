# SPDX-License-Identifier: Apache-2.0
"""The demonstration: the paper loop over a generated market with one planted edge, offline, from nothing.

The market is synthetic and is called so wherever it appears. Its one edge is
stated: inside trending regimes the drift persists. So the evidence gate lets the
momentum strategy through once its record suffices, and refuses the other two; the
report shows both. Nothing it earns means anything.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot4.adapters.stores.journal_file import disk_fault
from bot4.apps.outcome import Outcome
from bot4.apps.output import RUNS, make_parent, write_whole
from bot4.apps.paper import run as run_paper
from bot4.apps.progress import Progress
from bot4.apps.session import RunRequest
from bot4.domain.errors import BadInput
from bot4.kernels.synthetic import SyntheticConfig, SyntheticMarket, generate
from bot4.runtime.settings import InstrumentSettings, Settings

SYMBOL: Final = "SYNTHUSD"
HOURS: Final = 2 * 8760
HOURS_MIN: Final = 24
HOURS_MAX: Final = 20 * 8760
FIRST_MS: Final = 1_577_836_800_000
"""2020-01-01 00:00 UTC: where the generated market begins; the date means nothing."""

INTERVAL: Final = "15m"
INTERVAL_S: Final = 900
BARS_AN_HOUR: Final = 4
PLANTED: Final = (
    "A generated market. Inside its trending regimes every bar drifts the same way, for some sixty bars: "
    "following the return of the last bars earns money here because it was planted. Outside of them prices have no "
    "memory, and leaps that fall back punish whoever buys a new high."
)

NONCE: Final = "demo"
"""A demonstration is the same for everyone: it has a fixed nonce where paper trading has a random one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """Ask for a demonstration: where to, how many hours of market, which seed, with a report or not."""

    out: Path = RUNS
    report: bool = True
    hours: int = HOURS
    seed: int = 0


def run(request: DemoRequest, progress: Progress) -> Outcome:
    """Generate a market, trade on it on paper, and return what came of it.

    Raises
    ------
    BadInput
        If the number of hours is out of range.
    """
    if not HOURS_MIN <= request.hours <= HOURS_MAX:
        raise BadInput("--hours", str(request.hours), f"{HOURS_MIN} to {HOURS_MAX}", "Leave it out for two years.")
    market = generate(request.hours * BARS_AN_HOUR, request.seed, SyntheticConfig(interval_s=INTERVAL_S))
    bars = write_bars(market, request.out / "synthetic" / f"{SYMBOL}-{INTERVAL}-{request.seed}-{request.hours}.csv")
    instrument = InstrumentSettings(
        symbol=SYMBOL, tick_size="0.01", lot_size="0.00001", min_notional="10", base="SYNTH", quote="USD"
    )
    config = Settings(seed=request.seed, gate="enforce", instruments=(instrument,))
    return run_paper(
        RunRequest(
            command="demo",
            config=config,
            bars=(f"{SYMBOL}={bars}",),
            symbols=(SYMBOL,),
            interval=INTERVAL,
            out=request.out,
            report=request.report,
            nonce=NONCE,
            data_note=PLANTED,
            typed=f"bot4 demo --hours {request.hours} --seed {request.seed}",
        ),
        progress,
    )


def write_bars(market: SyntheticMarket, path: Path) -> Path:
    """Write a generated market as CSV, in the column contract of every recorded one."""
    rows = zip(
        market.opens.tolist(),
        market.highs.tolist(),
        market.lows.tolist(),
        market.closes.tolist(),
        market.volumes.tolist(),
        strict=True,
    )
    lines = ["ts,open,high,low,close,volume"]
    for bar, (open_, high, low, close, volume) in enumerate(rows):
        ts = FIRST_MS + bar * INTERVAL_S * 1000
        lines.append(f"{ts},{open_:.2f},{high:.2f},{low:.2f},{close:.2f},{volume:.5f}")
    try:
        make_parent(path.parent)
    except OSError as error:
        raise disk_fault(path.parent, "making the folder", error) from error
    return write_whole(path, ("\n".join(lines) + "\n").encode())
