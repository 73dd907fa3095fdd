# SPDX-License-Identifier: Apache-2.0
"""Where everything lies: the header of the state vector, the columns of the program, the numbers of the families.

State vector (float64): header | registers and private memory of each row | rings. A *register* holds the newest value
of something. A *ring* holds the last `depth` values of a register twice, one copy `depth` places behind the other, so
that the values of any window lie side by side, oldest first, whatever the position: loops over a window need no
modulo.

Workspace (float64), for a block of bars: a copy of the state | a *column* for each register | columns of rings. A
column holds the values of the bars of a block side by side; that of a ring has the last `depth` values before them and
moves on with the blocks until it is at its end. So a row runs over a whole block at once, with its memory in the
processor's registers, and the kernels of the rows are the same lines in both forms.

Program (int64, one row of COLUMNS columns per operation): see below. A column for an input or a result holds a ring
(positive: the ring's offset, less a lag) or a register (its offset, negated); the machine resolves both to one index.
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
TO: Final = 8  # results
TO_2: Final = 9
TO_3: Final = 10
COLUMNS: Final = 11
RESULTS: Final = COLUMNS - TO

# Columns of the table of a block's values, which joins the state and the workspace.
COLUMN: Final = 0  # the value's column in the workspace, as an input column of the program
REGISTER: Final = 1  # its register in the state
RING: Final = 2  # its ring in the state, 0 where there is none
JOINTS: Final = 3

#: How many bars a batch takes at once: each row of the program goes over all of them before the next row begins.
BLOCK: Final = 64

# Families: the operation's number is family * FAMILY + place.
FAMILY: Final = 64
SERIES: Final = 0
STATISTICS: Final = 1
TREND: Final = 2
MOMENTUM: Final = 3
VOLATILITY: Final = 4
VOLUMES: Final = 5
LAST_COMMON: Final = VOLUMES  # those after it are compiled when a program has one
CALENDAR: Final = 12
FRACTIONAL: Final = 13
PAIRS: Final = 14
FLOW: Final = 15

#: Rolling sums are taken anew from their ring every this many bars, by count, so that rounding cannot pile up and the
#: streaming and the batch form do it on the same bars. 256 costs window / 256 additions a bar.
REANCHOR_MASK: Final = 255


def ring_length(depth: int) -> int:
    """Return the length of a ring's column: the values before a block, and blocks until they are moved back."""
    return depth + BLOCK * max(1, -(-depth // BLOCK))
