# SPDX-License-Identifier: Apache-2.0
"""On what conditions orders leave for a real venue, and how long what it owes us is waited for.

A backtest has none: its venue refuses by the instrument's own bounds and answers in the same moment.
"""

from collections.abc import Sequence
from typing import Final, final

from mypy_extensions import i64

from bot4.domain.filters import Filters
from bot4.domain.instrument import Instrument
from bot4.domain.values import RATE_ONE

SLIPPAGE_MAX: Final = RATE_ONE // 1_000
"""An entry may be modelled to cost so much beyond the middle of the market: 0.1 %."""


@final
class Conditions:
    """Hold what a venue demands and what we demand of it.

    Parameters
    ----------
    instruments : sequence of Instrument
        The run's instrument table.
    filters : sequence of Filters
        What the venue demands of orders, one for each instrument.
    slippage_max : int
        In 1 / ``RATE_ONE`` of the price; 0 sets no limit.
    exit_slip : int
        How far beyond its stop an exit must still be allowed, in 1 / ``RATE_ONE``; default 1 %.
    fee_in_base : int
        The fee that is taken out of what is bought, in 1 / ``RATE_ONE``; 0 where it is paid otherwise.
    orphan_ns : int
        How long after the position is flat the venue may take to cancel what is left of a pair; default 1 s.
    retry_min_ns, retry_max_ns : int
        The first wait before what never left is sent again, and the longest; default 0.25 s and 5 s.
    overdue_ns : int
        How long after its price was reached a stop may go without a fill; default 2 s.
    band : int
        How far beyond the market a forced exit may trade at its first try, in 1 / ``RATE_ONE``; default 2 %.
    """

    __slots__ = (
        "instruments",
        "filters",
        "slippage_max",
        "exit_slip",
        "fee_in_base",
        "orphan_ns",
        "retry_min_ns",
        "retry_max_ns",
        "overdue_ns",
        "band",
    )

    def __init__(
        self,
        instruments: Sequence[Instrument],
        filters: Sequence[Filters],
        *,
        slippage_max: i64 = SLIPPAGE_MAX,
        exit_slip: i64 = RATE_ONE // 100,
        fee_in_base: i64 = 0,
        orphan_ns: i64 = 1_000_000_000,
        retry_min_ns: i64 = 250_000_000,
        retry_max_ns: i64 = 5_000_000_000,
        overdue_ns: i64 = 2_000_000_000,
        band: i64 = RATE_ONE // 50,
    ) -> None:
        assert len(instruments) == len(filters), "one set of filters for each instrument"
        assert 0 <= slippage_max <= RATE_ONE and 0 <= exit_slip < RATE_ONE and 0 < band < RATE_ONE, "parts of a price"
        assert 0 < retry_min_ns <= retry_max_ns and orphan_ns > 0 and overdue_ns > 0, "waits have bounds"
        self.instruments = list(instruments)
        self.filters = list(filters)
        self.slippage_max: i64 = slippage_max
        self.exit_slip: i64 = exit_slip
        self.fee_in_base: i64 = fee_in_base
        self.orphan_ns: i64 = orphan_ns
        self.retry_min_ns: i64 = retry_min_ns
        self.retry_max_ns: i64 = retry_max_ns
        self.overdue_ns: i64 = overdue_ns
        self.band: i64 = band
