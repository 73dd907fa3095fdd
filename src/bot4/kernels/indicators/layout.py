# SPDX-License-Identifier: Apache-2.0
"""Where everything lies: the header of the state vector, the columns of the program, the numbers of the families.

State vector (float64): header | registers and private memory of each row | rings. A *register* holds the newest value
of something. A *ring* holds the last `depth` values of a register twice, one copy `depth` places behind the other, so
that the values of any window lie side by side, oldest first, whatever the position: loops over a window need no
modulo.

Program (int64, one row of eight columns per operation): see the columns below. An input column holds a ring
(positive: the ring's offset, less a lag) or a register (its offset, negated); the machine resolves both to one index
into the state.
"""

from typing import Final

# Header of the state vector. The inputs are registers like any other, so no offset of a register is ever zero.
COUNT: Final = 0  # bars accepted so far
POSITION: Final = 1  # where the newest value of each ring lies, counted from the ring's offset: depth .. 2 * depth - 1
DEPTH: Final = 2  # values each ring remembers
OPEN: Final = 3
HIGH: Final = 4
LOW: Final = 5
CLOSE: Final = 6
VOLUME: Final = 7
DAY: Final = 8  # of the bar's open, UTC: whole days since 1970-01-01, a Thursday
TIME: Final = 9  # of the bar's open, UTC: nanoseconds since that day began; with DAY the whole stamp, exactly
HEADER: Final = 10

DAY_NS: Final = 86_400_000_000_000

# Columns of the program.
OPERATION: Final = 0  # which kernel, numbered within families
AT: Final = 1  # offset of the row's first register (RECORD: of its ring)
START: Final = 2  # bars that pass before the row's inputs hold their first value
A: Final = 3  # first integer parameter, mostly a window in bars
B: Final = 4  # second integer parameter
X: Final = 5  # inputs
Y: Final = 6
Z: Final = 7
COLUMNS: Final = 8

# Families: the operation's number is family * FAMILY + place.
FAMILY: Final = 64
SERIES: Final = 0
STATISTICS: Final = 1
TREND: Final = 2
MOMENTUM: Final = 3
VOLATILITY: Final = 4
VOLUMES: Final = 5
CALENDAR: Final = 12
FRACTIONAL: Final = 13
PAIRS: Final = 14
FLOW: Final = 15

#: Rolling sums are taken anew from their ring every this many bars, by count, so that rounding cannot pile up and the
#: streaming and the batch form do it on the same bars. 256 costs window / 256 additions a bar.
REANCHOR_MASK: Final = 255
