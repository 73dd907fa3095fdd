# SPDX-License-Identifier: Apache-2.0
"""The arithmetic: float64 arrays and integers in, float64 arrays out, compiled by numba.

What may enter: numpy, numba and the standard library. What may not: bot4.domain (ticks and lots become prices before
they come here), files, clocks, environment and hidden randomness; whoever needs chance passes an integer seed.

Doors: `features` (features of bars), `orderflow` (of trades, quotes and books), `crossasset` (what was known of another
series), `fractional` (weights of differencing), `evidence` (statistics of a strategy's record), `shadow` (the fill rule
of the shadow book), `synthetic` (a generated market), `sources` (the key of numba's cache folder).
"""
