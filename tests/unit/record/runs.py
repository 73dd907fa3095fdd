# SPDX-License-Identifier: Apache-2.0
"""Runs for the report, made up from a seed: prices, fills, verdicts and refusals, fed to the real recorder."""

from decimal import Decimal

import numpy as np

from bot4.domain.instrument import Instrument
from bot4.domain.marketdata import Bar, Equity
from bot4.domain.order import ENTER, EXIT, PROTECT_STOP, PROTECT_TARGET, Execution, Fill
from bot4.domain.position import Position
from bot4.domain.signal import EvidenceFigures
from bot4.domain.stage import Outbox
from bot4.domain.values import BUY, DAY_NS, HOUR_NS, MONEY_ONE, SELL, Lots, Money, Nanos, Ticks
from bot4.domain.verdict import NORMAL, REDUCED, Mode
from bot4.record.curve import CurveRecorder
from bot4.record.reports.data import DataSetFacts, EvidenceDay, FaultCount, JournalFacts, RunFacts, StrategyFacts

START = Money(100_000 * MONEY_ONE)
FIRST_DAY = 17_500
NAMES = ("momentum", "mean_reversion", "breakout")
RULES = ("evidence.p_value", "evidence.sharpe_excess", "evidence.days", "risk.position_cap", "risk.drawdown")
ASSUMPTIONS = """The simulated venue.

What it assumes:

- *No market impact.* Our orders change no price; ``floor(volume * participation)`` lots at most.
- *Money.* One currency. 2 < 3.
"""


def instruments(count: int) -> list[Instrument]:
    """Return instruments of a tick of 0.01 and a lot of 0.00001."""
    names = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "DOTUSDT", "LTCUSDT", "TRXUSDT")
    return [
        Instrument(i, names[i], base=names[i][:3], quote="USDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
        for i in range(count)
    ]


class MadeUpRun:
    """Trade at random: in at a bar's close, out by a stop, a target or on a whim; account kept in integers."""

    def __init__(
        self, days: int, *, symbols: int = 1, seed: int = 0, trades: bool = True, bar_ns: int = HOUR_NS
    ) -> None:
        self.generator = np.random.Generator(np.random.PCG64(seed))
        self.table = instruments(symbols)
        self.recorder = CurveRecorder(self.table, START)
        self.out = Outbox(4)
        self.cash = int(START)
        self.lots = [0] * symbols
        self.entry = [0] * symbols
        self.fills = self.bars = 0
        self.trades = trades
        self.prices = [2_000_000 // (i + 1) for i in range(symbols)]
        for number in range(days * DAY_NS // bar_ns):
            self._step(FIRST_DAY * DAY_NS + (number + 1) * bar_ns, bar_ns)

    def _step(self, at_ns: int, bar_ns: int) -> None:
        at = Nanos(at_ns)
        moves = self.generator.standard_normal(len(self.table)) * 0.005 + 0.00003
        for i in range(len(self.table)):
            self.prices[i] = max(100, round(self.prices[i] * float(np.exp(moves[i]))))
            price = Ticks(self.prices[i])
            self._hand(Bar(at, i, Nanos(at_ns - bar_ns), price, price, price, price, Lots(10**6)))
            self.bars += 1
            if self.trades:
                self._trade(at, i)
            if self.lots[i]:
                self._mark(at)

    def _trade(self, at: Nanos, i: int) -> None:
        chance = float(self.generator.random())
        price = self.prices[i]
        if self.lots[i] == 0 and chance < 0.02:
            lots = int(self.table[i].lots_for(Money(self._worth() // 50), Ticks(price)))
            self._fill(at, i, side=BUY, purpose=ENTER, lots=lots)
            self.entry[i] = price
        elif self.lots[i] and (price < self.entry[i] * 0.97 or price > self.entry[i] * 1.06 or chance < 0.01):
            gain = price / self.entry[i]
            purpose = PROTECT_STOP if gain < 0.97 else PROTECT_TARGET if gain > 1.06 else EXIT
            self._fill(at, i, side=SELL, purpose=purpose, lots=self.lots[i])

    def _fill(self, at: Nanos, i: int, *, side: int, purpose: int, lots: int) -> None:
        price = Ticks(round(self.prices[i] * (1 + side * 0.0001)))
        notional = int(self.table[i].notional(price, Lots(lots)))
        fee = -(-notional // 1000)
        self.cash -= side * notional + fee
        self.lots[i] += side * lots
        self.fills += 1
        execution = Execution(
            at,
            at,
            order_id=self.fills,
            trade_id=self.fills,
            instrument=i,
            side=side,
            lots=Lots(lots),
            price=price,
            fee=Money(fee),
            is_maker=False,
        )
        self._hand(Fill(execution, intent_id=self.fills, slot=self.fills % 3, purpose=purpose))
        self._hand(Position(at, i, Lots(self.lots[i]), Money(0), Money(0), Money(0)))
        self._mark(at)

    def _worth(self) -> int:
        held = zip(self.table, self.prices, self.lots, strict=True)
        return self.cash + sum(int(one.notional(Ticks(price), Lots(lots))) for one, price, lots in held)

    def _mark(self, at: Nanos) -> None:
        self._hand(Equity(at, Money(self._worth()), Money(self.cash)))

    def _hand(self, event: Bar | Fill | Position | Equity | Mode) -> None:
        self.recorder.handle(event, event.ts_known_ns, self.out)

    def change_mode(self, after: int = REDUCED, before: int = NORMAL) -> None:
        """Record a change of the safety mode at the last moment."""
        at = Nanos(self.recorder.samples_now().times_ns[-1])
        self._hand(Mode(at, after, before, rule="risk.drawdown", measured=0.0512, limit=0.05))


def figures(day: int, *, p_value: float, total_return: float) -> EvidenceFigures:
    """Return the figures of a shadow record of some days."""
    return EvidenceFigures(
        days=day,
        closed_trades=day // 2,
        trials=3,
        mean=total_return / max(day, 1),
        sharpe=2.0 - 20.0 * p_value,
        sharpe_excess=1.8 - 20.0 * p_value if day > 5 else float("nan"),
        p_value=p_value if day > 5 else float("nan"),
        deflated=1.0 - p_value,
        confidence=1.0 - p_value / 2.0,
        track_days_min=200.0,
        total_return=total_return,
    )


def made_up_journal(days: int, *, passing: int = 0, seed: int = 1) -> JournalFacts:
    """Return verdicts on three strategies, of which the first so many come to pass, and refusals by rule."""
    generator = np.random.Generator(np.random.PCG64(seed))
    evidence: list[tuple[EvidenceDay, ...]] = []
    for slot in range(3):
        shadow = np.cumsum(generator.standard_normal(days) * 0.004 + (0.001 if slot < passing else -0.0004))
        noise = np.abs(np.cumsum(generator.standard_normal(days)) * 0.01)
        verdicts = []
        for n in range(days):
            passed = slot < passing and n > max(90, days // 3)
            p_value = 0.004 if passed else min(0.99, 0.2 + float(noise[n]))
            found = figures(n + 1, p_value=p_value, total_return=float(shadow[n]))
            rule = "" if passed else "evidence.p_value" if n >= 90 else "evidence.days"
            limit = 0.05 if n >= 90 else 90.0
            verdicts.append(EvidenceDay(FIRST_DAY + n, found, passed, rule, p_value if n >= 90 else n + 1.0, limit))
        evidence.append(tuple(verdicts))
    refused: dict[str, dict[int, int]] = {rule: {} for rule in RULES}
    for n in range(days):
        for weight, rule in enumerate(RULES):
            count = int(generator.poisson(4.0 / (weight + 1)))
            if count:
                refused[rule][FIRST_DAY + n] = count
    certified = tuple(900 if slot < passing else 0 for slot in range(3))
    return JournalFacts(tuple(evidence), refused, (1200, 1100, 1000), certified, (0, 0, 0))


def made_up_facts(run: MadeUpRun, *, gate: str = "enforce") -> RunFacts:
    """Return what an app would tell of the run."""
    sets = tuple(
        DataSetFacts(
            symbol=one.symbol,
            files=(f"binance_{one.symbol}_1h.parquet",),
            interval="1h",
            rows=run.bars // len(run.table) + 2,
            bars=run.bars // len(run.table),
            first_ns=FIRST_DAY * DAY_NS,
            last_ns=run.recorder.samples_now().times_ns[-1],
            sha256=f"{int(one.index):02d}" * 32,
            faults=(FaultCount("duplicate", 2, "later arrival kept"), FaultCount("gap", 0, "not filled")),
        )
        for one in run.table
    )
    profit = run._worth() - int(START)
    parts = (profit // 2, profit // 3, profit - profit // 2 - profit // 3)
    return RunFacts(
        title="Backtest of " + ", ".join(one.symbol for one in run.table[:3]),
        command="bot4 backtest --bars data/binance_BTCUSDT_1h.parquet --gate " + gate,
        run="5f3a" * 16,
        gate=gate,
        settings={"gate": gate, "seed": 0, "evidence": {"p_value_max": 0.05, "sharpe_excess_min": 2.0}},
        data_sets=sets,
        currency="USDT",
        strategies=tuple(
            StrategyFacts(name, realised=part + 700, fees=700) for name, part in zip(NAMES, parts, strict=True)
        ),
        bars=run.bars,
        orders=run.fills,
        fills=run.fills,
        state_hash="c0de" * 16,
        journal="runs/backtest-5f3a5f3a/journal",
        elapsed_s=1.84,
        assumptions=ASSUMPTIONS,
    )
