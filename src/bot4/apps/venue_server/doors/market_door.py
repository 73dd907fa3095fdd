# SPDX-License-Identifier: Apache-2.0
"""The door of market streams: who listens to what, and each message to everyone who asked for it."""

from collections.abc import Callable, Sequence
from typing import Final, final

import msgspec
from picows import WSCloseCode, WSTransport, WSUpgradeRequest

from bot4.apps.venue_server.doors.sockets import Conversation
from bot4.apps.venue_server.faults.distortion import MarketDistortion
from bot4.apps.venue_server.faults.schedule import Schedule
from bot4.apps.venue_server.methods.time_units import event_in_microseconds
from bot4.apps.venue_server.streams.life import Pace
from bot4.apps.venue_server.streams.market_streams import MarketStreams, Told
from bot4.apps.venue_server.streams.subscriptions import STREAMS_MAX, Path, Subscriptions, parse_path
from bot4.simulation.exchange.events import Event

SHUTDOWN: Final = "!serverShutdown"


@final
class MarketDoor:
    """Hold the connections and give each its messages.

    Parameters
    ----------
    streams : MarketStreams
        What is told.
    pace : Pace
        How connections live.
    schedule : Schedule
        Of faults.
    machine_ms : callable
        The machine's time.
    """

    def __init__(
        self, streams: MarketStreams, pace: Pace, schedule: Schedule, *, machine_ms: Callable[[], int]
    ) -> None:
        self.streams = streams
        self.schedule = schedule
        self.pace = pace
        self.machine_ms = machine_ms
        self._listening: dict[str, dict[int, MarketConversation]] = {}
        self._open: dict[int, MarketConversation] = {}

    def admit(self, request: WSUpgradeRequest, address: str) -> "MarketConversation | None":
        """Return the conversation for a request to connect, None where its path is none of ours."""
        path = parse_path(request.path.decode("latin-1"))
        return None if path is None else MarketConversation(self, path, address)

    def hear(self, events: Sequence[Event], now_ms: int) -> None:
        """Pass on what is told at once."""
        self._tell(self.streams.hear(events, now_ms))

    def beat(self, now_ms: int) -> None:
        """Let time pass: tell what is due, and look after the connections."""
        self._tell(self.streams.beat(now_ms))
        machine_ms = self.machine_ms()
        for conversation in list(self._open.values()):
            conversation.beat(machine_ms)

    def shut_down(self, now_ms: int, *, cuts: bool) -> None:
        """Tell every connection to go elsewhere, and cut it where that was asked for."""
        for conversation in list(self._open.values()):
            conversation.tell(SHUTDOWN, {"e": "serverShutdown", "E": now_ms})
            if cuts:
                conversation.close(WSCloseCode.GOING_AWAY, b"serverShutdown")

    def join(self, conversation: "MarketConversation", names: Sequence[str]) -> None:
        """Let a connection listen to streams."""
        self._open[id(conversation)] = conversation
        for name in names:
            self.streams.want(name)
            self._listening.setdefault(name, {})[id(conversation)] = conversation

    def leave(self, conversation: "MarketConversation", names: Sequence[str]) -> None:
        """Let a connection listen no more."""
        for name in names:
            listening = self._listening.get(name, {})
            if listening.pop(id(conversation), None) is not None:
                self.streams.leave(name)
            if not listening:
                self._listening.pop(name, None)

    def forget(self, conversation: "MarketConversation") -> None:
        """Forget a connection that ended."""
        self._open.pop(id(conversation), None)

    def _tell(self, told: Sequence[Told]) -> None:
        """Give messages to whoever listens."""
        for name, message in told:
            for conversation in list(self._listening.get(name, {}).values()):
                conversation.tell(name, message)


@final
class MarketConversation(Conversation):
    """Serve one connection of market streams."""

    def __init__(self, door: MarketDoor, path: Path, address: str) -> None:
        super().__init__(door.pace, door.schedule, address=address, now_ms=door.machine_ms())
        self._door = door
        self._path = path
        self._subscriptions = Subscriptions(is_combined=path.is_combined)
        self._distortion = MarketDistortion(door.schedule)

    def machine_ms(self) -> int:
        """Return the machine's time."""
        return self._door.machine_ms()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Begin with the streams of the path."""
        super().on_ws_connected(transport)
        self._join(self._subscriptions.add(self._path.names))

    def on_text(self, text: bytes) -> None:
        """Carry out a request."""
        change = self._subscriptions.request(text)
        if change.is_too_many:
            self.close(WSCloseCode.POLICY_VIOLATION, f"More than {STREAMS_MAX} streams".encode())
            return
        self.send(msgspec.json.encode(change.reply))
        self._join(change.added)
        self._door.leave(self, change.left)

    def on_end(self) -> None:
        """Listen no more."""
        self._door.leave(self, self._subscriptions.names)
        self._door.forget(self)

    def tell(self, name: str, message: dict[str, object]) -> None:
        """Send a message of a stream, as faults let it through."""
        for stream, passed in self._distortion.pass_on(name, message):
            shape: object = event_in_microseconds(passed) if self._path.in_microseconds else passed
            if self._subscriptions.is_combined:
                shape = {"stream": stream, "data": shape}
            self.send(msgspec.json.encode(shape))

    def _join(self, names: Sequence[str]) -> None:
        """Listen to streams."""
        for name in names:
            self._distortion.subscribe(name)
        self._door.join(self, names)
