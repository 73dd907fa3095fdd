# SPDX-License-Identifier: Apache-2.0
"""Who has fallen silent: each subscription by its own pace, a connection by its busy ones together.

A silent topic is told of at once and doubted for half its bound more; if it has not
spoken by then it is asked for anew, and if that does not help within the bound its
connection is replaced, once. The bound is the one that it was suspected by: the
silence itself, which is learned from, does not put off what is done about it. A topic
that speaks again by itself was suspected wrongly, and is given more time from then on.
"""

from collections.abc import Iterable, Iterator
from typing import Final, final

from bot4.domain.values import MINUTE_NS, SECOND_NS
from bot4.market.ingest.pace import FLOOR_NS
from bot4.market.ingest.steps import RESUMED, SILENT, Step, Told
from bot4.market.ingest.subscriptions import SPEAKING, Link, Seat

PAUSE_NS: Final = SECOND_NS
"""If we did not look for so long, it was we who were away (a blocked loop, a sleeping machine): nothing is proved."""

AGAIN_NS_MAX: Final = 10 * MINUTE_NS
"""A topic that stays silent is asked for anew at least this often."""

REPLACE_AT_TRY: Final = 2


@final
class Silence:
    """Judge the silence of every place, look by look.

    Attributes
    ----------
    suspected, wrongly : int
        Topics that were told to be silent, and those of them that spoke again before anything was done.
    pauses : int
        How often we ourselves were away.
    """

    __slots__ = ("suspected", "wrongly", "pauses", "_looked_ns")

    def __init__(self) -> None:
        self.suspected = 0
        self.wrongly = 0
        self.pauses = 0
        self._looked_ns: int | None = None

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

        One silent topic alone, however busy, says nothing of its connection.
        """
        owed = [seat for seat in link.seats.values() if seat.is_listening]
        if any(seat.state is SPEAKING for seat in owed):
            owed = [seat for seat in owed if seat.topic.pace.is_active]
        silent = sum(seat.is_silent for seat in owed)
        return silent >= 2 and 2 * silent > len(owed)

    def to_ask_anew(self, link: Link, now: int) -> list[Seat]:
        """Return the places whose silence something must be done about, counting the try."""
        found = [seat for seat in link.seats.values() if seat.is_silent and seat.is_listening and now >= seat.act_at_ns]
        for seat in found:
            topic = seat.topic
            topic.tries += 1
            seat.is_asked_anew = True
            seat.act_at_ns = now + min(seat.bound_ns << min(topic.tries - 1, 20), AGAIN_NS_MAX)
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
        """Suspect a place that is silent beyond its bound; time that passes unsuspected is learned."""
        bound_ns = seat.topic.pace.bound_ns
        silent_ns = now - seat.heard_ns
        if seat.is_silent or silent_ns <= bound_ns:
            return
        seat.is_silent = True
        seat.bound_ns = bound_ns
        seat.act_at_ns = now + bound_ns // 2
        if seat is seat.topic.seats[0]:
            self.suspected += 1
            seat.topic.pace.learn(0, silent_ns, 0)
            seat.looked_ns = now
        detail = "acknowledged, and nothing came"
        yield from self._tell(seat, Told(seat.topic.name, SILENT, detail, silent_ns, bound_ns))

    def _tell(self, seat: Seat, told: Told) -> Iterator[Step]:
        """Yield what is told of a topic's first place; its second is not listened to yet."""
        if seat is seat.topic.seats[0]:
            yield told
