# SPDX-License-Identifier: Apache-2.0
"""The fill rule of the shadow book: what an opinion would have earned, at costs, wherever it is evaluated.

The gate calls it bar by bar from Python, a parameter sweep inlines it into compiled loops (`fused(shadow_fill)`): hence
plain functions of floats, which numba takes as they stand.

Assumptions, all of them:

- a signal given on a bar is filled at the next open, in full, however large or small the market is;
- it costs a fraction of the traded notional, taker fee and slippage together; the price itself is not moved;
- the quantity is signal * notional / open and stays until the signal changes: no rebalancing to a constant exposure;
- no funding, no interest on cash, no stop and no target: it judges the opinion, not the execution.

Prices in quote per base, quantities in base, money in quote. Profit telescopes: marking in between changes no total.
"""


def shadow_fill(
    quantity: float, mark: float, signal: float, next_open: float, notional: float, cost_fraction: float
) -> tuple[float, float, float]:
    """Fill a changed signal at the next open; returns (new quantity, gain since the mark before cost, cost >= 0).

    Call it only when the signal changed; the caller then marks at `next_open`. `mark` is not read while `quantity` is
    0. `signal` lies in [-1, 1], negative is short; `cost_fraction` is a fraction, not basis points.

    Raises
    ------
    ValueError
        When the signal, the open, the notional or the cost lies outside its range, or is NaN.
    """
    if not (-1.0 <= signal <= 1.0 and next_open > 0.0 and notional >= 0.0 and 0.0 <= cost_fraction < 1.0):
        raise ValueError("shadow fill wants signal in [-1, 1], next_open > 0, notional >= 0, 0 <= cost_fraction < 1")
    target = signal * notional / next_open
    gain = quantity * (next_open - mark) if quantity != 0.0 else 0.0
    return target, gain, abs(target - quantity) * next_open * cost_fraction


def shadow_mark(quantity: float, mark: float, price: float) -> float:
    """Return the gain of a held quantity from its last mark to `price`, which the caller then keeps as the mark."""
    return quantity * (price - mark) if quantity != 0.0 else 0.0
