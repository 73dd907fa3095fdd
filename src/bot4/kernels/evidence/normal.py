# SPDX-License-Identifier: Apache-2.0
"""The normal distribution: its probability and its quantile, to about 1e-15, without a library behind them."""

import math

import numpy as np

from bot4.kernels.jit import Floats, kernel

# Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988), 477-484: numerators and denominators of three ratios
# of polynomials, lowest power first; relative accuracy about 1e-16.
CENTRE_TOP = np.array(
    [
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ]
)
CENTRE_BOTTOM = np.array(
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ]
)
MIDDLE_TOP = np.array(
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ]
)
MIDDLE_BOTTOM = np.array(
    [
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ]
)
TAIL_TOP = np.array(
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ]
)
TAIL_BOTTOM = np.array(
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ]
)


@kernel
def ratio(top: Floats, bottom: Floats, x: float) -> float:
    """Return the ratio of two polynomials of degree 7 at `x`."""
    above = 0.0
    below = 0.0
    for i in range(7, -1, -1):
        above = above * x + top[i]
        below = below * x + bottom[i]
    return above / below


@kernel
def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal value is at most `x`; by the complementary error function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@kernel
def normal_ppf(probability: float) -> float:
    """Return the standard normal quantile; -inf at 0, inf at 1, NaN outside [0, 1]."""
    if not 0.0 <= probability <= 1.0:
        return math.nan
    away = probability - 0.5
    if abs(away) <= 0.425:
        return away * ratio(CENTRE_TOP, CENTRE_BOTTOM, 0.180625 - away * away)
    tail = min(probability, 1.0 - probability)
    if tail == 0.0:
        return math.copysign(math.inf, away)
    r = math.sqrt(-math.log(tail))
    size = ratio(MIDDLE_TOP, MIDDLE_BOTTOM, r - 1.6) if r <= 5.0 else ratio(TAIL_TOP, TAIL_BOTTOM, r - 5.0)
    return math.copysign(size, away)
