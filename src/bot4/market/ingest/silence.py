# SPDX-License-Identifier: Apache-2.0
"""Who has fallen silent: each subscription by its own pace, a connection by its busy ones together.

A silent topic is told of at once and doubted for half its bound more; if it has not
spoken by then it is asked for anew, and if that does not help within the bound its
connection is replaced, once. A topic that speaks again by itself was suspected
wrongly, and is given more time from then on.

Silence teaches a topic's pace only once a message has ended it. So a connection that
is dead from its first message on slows nobody's pace, and is found out as soon as the
one before it. What it does take is patience: each connection in a row that said
nothing is borne with for longer before it too is cut, up to ``PATIENCE_CAP_NS``. Its
silence is told of at once all the same.
"""

from collections.abc import Iterable, Iterator
from typing import Final, final

import numpy as np

from bot4.domain.values import MINUTE_NS, SECOND_NS
from bot4.market.ingest.backoff import drawn_ns
from bot4.market.ingest.pace import FLOOR_NS
from bot4.market.ingest.steps import RESUMED, SILENT, Step, Told
from bot4.market.ingest.subscriptions import SPEAKING, Link, Seat

PAUSE_NS: Final = SECOND_NS
"""If we did not look for so long, it was we who were away (a blocked loop, a sleeping machine): nothing is proved."""

AGAIN_NS_MAX: Final = 10 * MINUTE_NS
"""A topic that stays silent is asked for anew at least this often."""

REPLACE_AT_TRY: Final = 2

PATIENCE_FIRST_NS: Final = SECOND_NS
PATIENCE_CAP_NS: Final = 20 * SECOND_NS
"""A market where nobody speaks is dialed for it by each connection after at least half of this: six times a minute.

Faults that end leave ten of the thirty seconds for dialing, asking and the first message.
"""


@final
class Silence:
    """Judge the silence of every place, look by look.

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws the share of a patience.

    Attributes
    ----------
    suspected, wrongly : int
        Topics that were told to be silent, and those of them that spoke again before anything was done.
    pauses : int
        How often we ourselves were away.
    """

    __slots__ = ("suspected", "wrongly", "pauses", "_looked_ns", "_generator")

    def __init__(self, generator: np.random.Generator) -> None:
        self.suspected = 0
        self.wrongly = 0
        self.pauses = 0
        self._looked_ns: int | None = None
        self._generator = generator

    def look(self, links: Iterable[Link], now: int) -> Iterator[Step]:
        """Yield what there is to tell of topics that fell silent, or speak again."""
        was_away = self._looked_ns is not None and now - self._looked_ns > PAUSE_NS
        self.pauses += was_away
        self._looked_ns = now
        for link in links:
            for seat in link.seats.values():
                if not seat.is_listening:
                    continue
                if was_away:
                    seat.reset(now)
                elif seat.count:
                    yield from self._hear(seat, now)
                elif now - seat.heard_ns > FLOOR_NS:
                    yield from self._doubt(seat, now)

    def is_dead(self, link: Link) -> bool:
        """Tell whether more than half of a connection's busy topics are silent, or of all if none has ever spoken.

        One silent topic alone, however busy, says nothing of its connection, unless a fresh one was its last remedy.
        """
        owed = [seat for seat in link.seats.values() if seat.is_listening]
        has_spoken = any(seat.state is SPEAKING for seat in owed)
        if has_spoken:
            owed = [seat for seat in owed if seat.topic.pace.is_active]
        silent = [seat for seat in owed if seat.is_silent]
        enough = 2 if has_spoken or any(seat.topic.tries < REPLACE_AT_TRY for seat in silent) else 1
        return len(silent) >= enough and 2 * len(silent) > len(owed)

    def gave_up(self, link: Link, now: int) -> None:
        """Note that a dead connection is cut, and for how long the next one in its place is borne with."""
        has_spoken = any(seat.state is SPEAKING for seat in link.seats.values())
        link.vain = 0 if has_spoken else link.vain + 1
        link.spared_ns = now + drawn_ns(PATIENCE_FIRST_NS, PATIENCE_CAP_NS, link.vain, self._generator)

    def to_ask_anew(self, link: Link, now: int) -> list[Seat]:
        """Return the places whose silence something must be done about, counting the try."""
        found = [seat for seat in link.seats.values() if seat.is_silent and seat.is_listening and now >= seat.act_at_ns]
        for seat in found:
            topic = seat.topic
            topic.tries += 1
            seat.is_asked_anew = True
            seat.act_at_ns = now + min(topic.pace.bound_ns << min(topic.tries - 1, 20), AGAIN_NS_MAX)
        return found

    def _hear(self, seat: Seat, now: int) -> Iterator[Step]:
        """Learn from what came since the last look."""
        topic = seat.topic
        if seat.is_silent:
            seat.is_silent = False
            if not seat.is_asked_anew:
                topic.pace.was_wrongly_suspected()
                self.wrongly += 1
            yield from self._tell(seat, Told(topic.name, RESUMED))
        seat.is_asked_anew = False
        topic.tries = 0
        if seat is topic.seats[0]:
            topic.pace.learn(seat.count, now - seat.looked_ns, seat.widest_ns)
        seat.looked_ns = now
        seat.count = seat.widest_ns = 0

    def _doubt(self, seat: Seat, now: int) -> Iterator[Step]:
        """Suspect a place that is silent beyond its bound."""
        bound_ns = seat.topic.pace.bound_ns
        silent_ns = now - seat.heard_ns
        if seat.is_silent or silent_ns <= bound_ns:
            return
        seat.is_silent = True
        seat.act_at_ns = now + bound_ns // 2
        if seat is seat.topic.seats[0]:
            self.suspected += 1
        detail = "acknowledged, and nothing came"
        yield from self._tell(seat, Told(seat.topic.name, SILENT, detail, silent_ns, bound_ns))

    def _tell(self, seat: Seat, told: Told) -> Iterator[Step]:
        """Yield what is told of a topic's first place; its second is not listened to yet."""
        if seat is seat.topic.seats[0]:
            yield told
