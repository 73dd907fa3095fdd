# SPDX-License-Identifier: Apache-2.0
"""The session on real sockets: rates, cuts, rollover, silence, memory. Times are printed, never asserted closely."""

import asyncio
import gc
import json
import tracemalloc

import pytest
from picows import WSMsgType, WSUpgradeResponse

from bot4.adapters.net.ending import HANDSHAKE, REFUSED
from bot4.adapters.net.pool import Message
from bot4.domain.values import SECOND_NS
from bot4.market.ingest.queues import FULL, NeverDrop
from bot4.market.ingest.spread import Limits
from bot4.market.ingest.steps import INTERRUPTED, RESUMED, SILENT
from tests.contract.socket_server import NumberedFeed, Peer, Running, StreamServer, run, until

pytestmark = pytest.mark.requirement("WS_001")
MS = SECOND_NS // 1_000


@pytest.mark.requirement("WS_001", "prod_005")
def test_twelve_thousand_messages_a_second_come_whole_and_in_order() -> None:
    """Six topics at 12,000 a second together: each number once, in order."""

    async def test() -> None:
        async with StreamServer() as server, Running(server) as running:
            topics = [f"t{at}" for at in range(6)]
            for topic in topics:
                running.pool.want(topic, usual_gap_ns=MS)
            await until(lambda: bool(server.peers) and server.peers[0].topics == set(topics))
            await server.publish_for(2.0, *topics, rate=12_000)
            total = sum(server.sent.values())
            await until(lambda: sum(map(len, running.feed.numbers.values())) == total)
            assert total >= 20_000
            for topic in topics:
                assert running.feed.numbers[topic] == list(range(server.sent[topic]))
            assert running.feed.told == []

    run(test)


@pytest.mark.requirement("WS_001", "P-05", "I-13")
def test_a_cut_connection_is_back_within_five_seconds() -> None:
    """Cut again and again, a reset in the middle of traffic: the topics speak again, and the break is told."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with StreamServer() as server, Running(server) as running:
            running.pool.want("a", usual_gap_ns=10 * MS)
            publishing = asyncio.create_task(server.publish_for(30.0, "a"))
            await running.live(1)
            for round_ in range(4):
                before = running.feed.numbers["a"][-1]
                server.peers[0].abort()
                begun = loop.time()
                await until(lambda: running.feed.numbers["a"][-1] > before + 50, wait_s=5.0)  # noqa: B023
                print(f"cut {round_}: back after {loop.time() - begun:.3f} s")
            publishing.cancel()
            numbers = running.feed.numbers["a"]
            assert numbers == sorted(set(numbers))
            assert [told.what for told in running.feed.told] == [INTERRUPTED] * 4
            assert server.accepted == 5

    run(test)


def test_a_venue_that_comes_back_is_found_again() -> None:
    """Nothing listens for a while: refused tries are values, and the first that can succeed does."""

    async def test() -> None:
        async with StreamServer() as server, Running(server) as running:
            running.pool.want("a", usual_gap_ns=10 * MS)
            await until(lambda: bool(server.peers) and "a" in server.peers[0].topics)
            await server.close()
            await until(lambda: sum(one.kind == REFUSED for one in running.pool.outcomes) >= 3)
            await server.open()
            await until(lambda: bool(server.peers) and "a" in server.peers[0].topics, wait_s=5.0)
            assert server.accepted == 2

    run(test)


def test_a_ban_at_the_door_is_waited_out() -> None:
    """429 with Retry-After in place of a WebSocket: the next try comes after it."""

    async def test() -> None:
        async with StreamServer() as server, Running(server) as running:
            loop = asyncio.get_running_loop()
            server.answers = [WSUpgradeResponse.create_error_response(429, b"", {"Retry-After": "2"})]
            begun = loop.time()
            running.pool.want("a")
            await until(lambda: server.accepted == 1)
            assert loop.time() - begun >= 2.0
            (outcome,) = running.pool.outcomes
            assert (outcome.kind, outcome.status, outcome.retry_after_s) == (HANDSHAKE, 429, 2.0)

    run(test)


def test_rollover_over_sockets_loses_no_message() -> None:
    """A venue that ends every connection after four seconds, and says goodbye early to some: nothing is missed."""

    async def test() -> None:
        limits = Limits(
            life_ns=4 * SECOND_NS,
            rollover_ns=2 * SECOND_NS,
            drain_ns=SECOND_NS,
            settle_ns=SECOND_NS // 4,
            topics_per_link=3,
        )
        async with StreamServer() as server, Running(server, limits) as running:
            server.life_s = 4.0
            topics = [f"t{at}" for at in range(6)]
            for topic in topics:
                running.pool.want(topic, usual_gap_ns=10 * MS)
            await until(lambda: sum(len(peer.topics) for peer in server.peers) == 6)
            await server.publish_for(5.0, *topics, rate=2_000)
            for peer in list(server.peers):
                assert peer.transport is not None
                peer.transport.send(WSMsgType.TEXT, '{"e":"serverShutdown","E":1}')
            await server.publish_for(4.0, *topics, rate=2_000)
            await until(lambda: all(running.feed.numbers[one][-1] == server.sent[one] - 1 for one in topics))
            for topic in topics:
                assert running.feed.numbers[topic] == list(range(server.sent[topic]))
            assert running.feed.told == []
            assert server.accepted >= 6
            print(f"{server.accepted} connections, {running.pool.session.repeats} repeats dropped")

    run(test)


@pytest.mark.requirement("P-07", "I-11")
def test_a_subscription_that_is_acknowledged_and_silent_is_found_on_a_live_socket() -> None:
    """Pings are answered, the other topic speaks: the silent one is told of, asked for anew, and heals."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with StreamServer() as server, Running(server) as running:
            for topic in "ab":
                running.pool.want(topic, usual_gap_ns=5 * MS)
            publishing = asyncio.create_task(server.publish_for(30.0, "a", "b"))
            await running.live(2)
            await asyncio.sleep(1.0)
            server.peers[0].topics.remove("a")
            begun = loop.time()
            await until(lambda: bool(running.feed.told), wait_s=5.0)
            print(f"found silent after {loop.time() - begun:.3f} s")
            told = running.feed.told[0]
            assert (told.topic, told.what) == ("a", SILENT)
            assert told.bound_ns <= 1.8 * SECOND_NS
            await until(lambda: len(running.feed.told) == 2)
            assert (running.feed.told[1].topic, running.feed.told[1].what) == ("a", RESUMED)
            assert server.accepted == 1
            publishing.cancel()

    run(test)


@pytest.mark.slow
@pytest.mark.requirement("I-9", "P-08", "P-15")
def test_a_thousand_resubscribes_leave_the_memory_flat() -> None:
    """Topics come and go a thousand times: neither bytes nor objects grow with it."""

    async def test() -> None:
        limits = Limits(asks_burst=1_000, asks_per_s=10_000.0)
        async with StreamServer() as server, Running(server, limits) as running:
            running.pool.want("stays", usual_gap_ns=SECOND_NS)
            await until(lambda: bool(server.peers))

            async def turns(count: int) -> tuple[int, int]:
                for at in range(count):
                    running.pool.want(f"t{at % 9}")
                    server.publish("stays")
                    await asyncio.sleep(0.002)
                    server.publish(f"t{at % 9}")
                    running.pool.unwant(f"t{at % 9}")
                await until(lambda: server.peers[0].topics == {"stays"})
                for peer in server.peers:
                    peer.heard.clear()
                running.feed.numbers.clear()
                gc.collect()
                return tracemalloc.get_traced_memory()[0], len(gc.get_objects())

            tracemalloc.start()
            try:
                await turns(200)
                bytes_before, objects_before = await turns(200)
                bytes_after, objects_after = await turns(1_000)
            finally:
                tracemalloc.stop()
            print(f"grown by {bytes_after - bytes_before} bytes, {objects_after - objects_before} objects")
            assert bytes_after - bytes_before < 50_000
            assert objects_after - objects_before < 200

    run(test)


@pytest.mark.requirement("prod_007", "I-9")
def test_a_slow_consumer_stops_the_sender_and_loses_nothing() -> None:
    """What must not be dropped fills its queue; reading stops, the sender's own buffer fills, then all of it comes."""

    class Slow(NumberedFeed):
        def __init__(self) -> None:
            super().__init__()
            self.queue: NeverDrop[Message] = NeverDrop(1_000)
            self.spare: list[Message] = []

        def deliver(self, message: Message) -> None:
            if self.queue.offer(message) == FULL:
                self.spare.append(message)
            if self.queue.is_pressed:
                running.pool.pause()

    running: Running

    async def test() -> None:
        nonlocal running
        feed = Slow()
        async with StreamServer() as server, Running(server, feed=feed) as running:
            running.pool.want("fills", usual_gap_ns=SECOND_NS)
            await until(lambda: bool(server.peers) and bool(server.peers[0].topics))
            peer: Peer = server.peers[0]
            while not peer.is_full:
                for _ in range(100):
                    server.publish("fills")
                await asyncio.sleep(0)
            await asyncio.sleep(0.2)
            assert len(feed.queue) == feed.queue.highest == 1_000
            assert len(feed.spare) < 4_000  # what one read had already brought when reading stopped
            waiting = len(feed.spare)
            await asyncio.sleep(0.2)
            assert len(feed.spare) == waiting
            total = server.sent["fills"]
            taken: list[int] = []
            while len(taken) < total:
                while (message := feed.queue.take()) is not None:
                    taken.append(message.sequence)
                late, feed.spare = feed.spare, []
                taken += [message.sequence for message in late]
                running.pool.resume()
                await asyncio.sleep(0.001)
            assert taken == list(range(total))

    run(test)


def test_an_error_in_a_feed_is_not_swallowed() -> None:
    """A bug behind the callback ends the run with the error itself."""

    class Broken(NumberedFeed):
        def deliver(self, message: Message) -> None:
            raise ZeroDivisionError("a bug")

    async def test() -> None:
        async with StreamServer() as server, Running(server, feed=Broken()) as running:
            running.pool.want("a")
            await until(lambda: bool(server.peers) and bool(server.peers[0].topics))
            server.publish("a")
            assert running.task is not None
            with pytest.raises(ZeroDivisionError, match="a bug"):
                await running.task

    run(test)


def test_what_was_asked_is_what_the_venue_hears() -> None:
    """The texts of the feed go over the wire as they are."""

    async def test() -> None:
        async with StreamServer() as server, Running(server) as running:
            running.pool.want("a")
            await until(lambda: bool(server.peers) and bool(server.peers[0].heard))
            assert json.loads(server.peers[0].heard[0]) == {"method": "SUBSCRIBE", "params": ["a"], "id": 1}

    run(test)
