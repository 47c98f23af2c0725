"""The connected clients of one process, and what keeps them up to date.

One subscription for all of them. What it may have missed, because Redis or the way to it was away, is noticed by the numbers of the
changes: then each client gets what is stored since its own position, as one that connects again does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Final

from fastapi import FastAPI

from gencharge.core import stopping, telemetry
from gencharge.core.http.answering import Answering
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.settings import Settings
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.redis import is_away
from gencharge.core.stores.stores import Stores
from gencharge.live.changes import Placed, Position, parse
from gencharge.live.clients import Client, Message
from gencharge.live.connections_service import Connections, too_many
from gencharge.live.feed import Feed, Head, lines_of
from gencharge.live.messages_service import Reading, prepared
from gencharge.live.pacing import LEAST_AT_ONCE, OWN_AT_ONCE, Pace, at_once_of, parts
from gencharge.live.places import Places
from gencharge.live.schemas import (
    HEARTBEAT_SECONDS,
    Heartbeat,
    Reset,
    Welcome,
    message_of,
)
from gencharge.sessions.errors import (
    AccessTokenExpired,
)
from gencharge.sessions.guards import Gate

# Tokens, and what did not work, are looked at so often.
_LOOK_SECONDS: Final = 0.5
_PRESENCE_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = 0.5
# Messages that are made together. Half of the price is that of a batch; more at once would hold up a request for longer than two milliseconds.
_AT_ONCE: Final = 200
# Heartbeats are spread over so many seconds of the time between two.
_BEAT_SECONDS: Final = 5.0
# Presence is renewed for so many clients with one call of Redis.
_RENEWED_AT_ONCE: Final = 100
# Clients that catch up side by side: after a restart all come at once.
_CATCHING_UP: Final = 16
log = telemetry.get_logger(__name__)


class Hub(Connections, OnePerApp):
    """One per application."""

    def __init__(self, settings: Settings, gate: Gate, answering: Answering) -> None:
        super().__init__(settings, gate)
        self._answering = answering
        self._stores: Stores | None = None
        self._feed: Feed | None = None
        self._open: Places | None = None
        # All up to here has been sent to those whom it concerns. None: Redis was not reached yet.
        self._position: Position | None = None
        # Where Redis stood at the last look; a subscription that is still behind at the next one has lost something.
        self._expected: Position | None = None
        self._began = 0
        self._places = asyncio.Semaphore(_CATCHING_UP)
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def open(cls, app: FastAPI) -> Hub:
        """A hub without clients."""
        return cls(app.state.settings, Gate.of(app), app.state.answering)

    @property
    def ready(self) -> bool:
        """True once Redis has been reached."""
        return self._position is not None

    def joined(self, client: Client) -> None:
        """Welcome the client, and send what it missed."""
        self._start(self._welcome(client))

    def leave(self, client: Client) -> None:
        """The client's connection is over."""
        super().leave(client)
        self._start(self._give_back([client]))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Catching up

    async def _welcome(self, client: Client) -> None:
        last, head = client.position, None
        if self._feed is not None and self._open is not None:
            # While Redis is away only the connections to this process count.
            try:
                async with self._places:
                    limit = self._settings.live_connections_per_account
                    if not await self._open.take(client.recipient, client.connection_id, limit):
                        client.end(too_many())
                        return
                    head = await self._feed.arrive(client.recipient)
            except Exception as error:
                _raise_unless_away(error)
            if client.ended:
                # It went before its place was taken.
                await self._give_back([client])
        if last is None and head is not None:
            client.position = head.position
        own_id = None if client.position is None else str(client.position)
        seconds = max(0, int(client.expires_at - time.monotonic()))
        client.send(message_of(Welcome(id=own_id, token_expires_in_seconds=seconds)))
        await self._catch_up(client)

    async def _give_back(self, clients: Sequence[Client]) -> None:
        if self._open is None or not clients:
            return
        try:
            await self._open.give_back((each.recipient, each.connection_id) for each in clients)
        except Exception as error:
            _raise_unless_away(error)

    async def _catch_up(self, client: Client) -> None:
        """Send what the client missed since its position, until there is no more."""
        client.failed = False
        try:
            while not client.ended:
                client.behind = False
                await self._send_missed(client)
                if not client.behind:
                    client.catching_up = False
                    return
        except Exception as error:
            client.failed = True
            _raise_unless_away(error)

    async def _send_missed(self, client: Client) -> None:
        feed, stores = self._feed, self._stores
        if feed is None or stores is None:
            raise ConnectionError("the feed is not open yet")
        async with self._places:
            head, missed = await feed.since(client.recipient, client.position)
            if missed is None:
                client.send(message_of(Reset(id=str(head.position)), head.position))
            elif missed:
                for _, message in await Reading(stores).messages_of(missed):
                    client.send(message)
        client.position = max(client.position or head.position, head.position)

    def _resume_all(self) -> None:
        """Something was missed, perhaps: let every client look for itself."""
        for client in self.clients:
            if client.catching_up:
                client.behind = True
            else:
                client.catching_up = True
                self._start(self._catch_up(client))

    # Keeping up to date

    async def run(self, stores: Stores) -> None:
        """Keep the clients up to date until cancelled, whichever store is away."""
        name = stores.settings.database_name
        self._stores, self._feed = stores, Feed(stores.redis, name)
        self._open = Places(stores.redis, name)
        forget = stopping.on_stop(self.stop)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(stores, self._feed))
                group.create_task(self._look_after(self._feed))
        finally:
            forget()
            self.stop()
            for task in list(self._tasks):
                task.cancel()
            await self._give_back(self.clients)

    async def _listen(self, stores: Stores, feed: Feed) -> None:
        while True:
            try:
                async with stores.redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(feed.channel)
                    await channel.get_message(timeout=1.0)
                    head = await feed.head()
                    if not self._has_all(head):
                        self._resume_all()
                    self._position = self._expected = head.position
                    self._began = head.began_milliseconds
                    while True:
                        lines = await lines_of(channel)
                        if lines:
                            await self._hand_out(stores, lines)
            except Exception as error:
                raise_if_cancelled()
                if not is_away(error):
                    log.exception("live_subscription_failed")
                await asyncio.sleep(_RETRY_SECONDS)

    async def _hand_out(self, stores: Stores, lines: list[str]) -> None:
        last = self._position or Position(0, 0)
        # What came between the subscription and the first look at the head is in the head.
        changes = [change for change in map(parse, lines) if change.position > last]
        if not changes:
            return
        numbers = [change.position.number for change in changes]
        if numbers != list(range(last.number + 1, last.number + 1 + len(numbers))):
            self._position = changes[-1].position
            self._resume_all()
            return
        # What concerns many must not hold up the requests of this process.
        is_for_all = any(change.recipient is None for change in changes)
        at_once = at_once_of(len(self._clients)) if is_for_all else OWN_AT_ONCE
        pace = Pace(self._answering, len(self._clients) if is_for_all else 0)
        async with aclosing(prepared(Reading(stores, self._answering), self._concerned(changes))) as batches:
            async for messages in batches:
                for written in parts(messages, at_once):
                    for recipient, message in written:
                        self._send(self._clients.get(recipient, ()), message)
                    if len(messages) > at_once:
                        await pace.rest(len(written))
        self._position = changes[-1].position

    def _concerned(self, changes: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
        """The changes for each of the people here whom they concern, in order and in batches."""
        own = list[Placed]()
        for change in changes:
            if change.recipient in self._clients:
                own.append(change)
            elif change.recipient is None:
                yield from parts(own, _AT_ONCE)
                own = []
                for recipients in parts(list(self._clients), _AT_ONCE):
                    yield [
                        Placed(change.position, recipient, change.kind, change.object_id)
                        for recipient in recipients
                    ]
        yield from parts(own, _AT_ONCE)

    @staticmethod
    def _send(clients: Iterable[Client], message: Message) -> None:
        for client in list(clients):
            if client.catching_up:
                client.behind = True
            elif client.position is None or message.position is None or message.position > client.position:
                client.send(message)

    async def _look_after(self, feed: Feed) -> None:
        beat_at = renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            clients = self.clients
            for client in clients:
                if client.expired:
                    client.end(AccessTokenExpired())
                elif client.failed:
                    client.failed = False
                    self._start(self._catch_up(client))
            try:
                if now - renewed_at >= _PRESENCE_SECONDS:
                    renewed_at = now
                    await self._renew(feed, clients)
                if now - beat_at >= HEARTBEAT_SECONDS:
                    beat_at = now
                    await self._compare(feed)
            except Exception as error:
                _raise_unless_away(error)
            if beat_at == now:
                self._start(self._beat(clients))

    async def _renew(self, feed: Feed, clients: Sequence[Client]) -> None:
        for part in parts(clients, _RENEWED_AT_ONCE):
            present = [client for client in part if not client.ended]
            await feed.stay([client.recipient for client in present])
            if self._open is not None:
                await self._open.renew((each.recipient, each.connection_id) for each in present)

    async def _compare(self, feed: Feed) -> None:
        """Whether the subscription has what Redis passed on; if all of it, this is the position now."""
        head = await feed.head()
        if self._position is None or self._expected is None:
            return
        if self._has_all(head):
            self._position = max(head.position, self._position)
        elif self._position < self._expected or self._began != head.began_milliseconds:
            self._position = head.position
            self._began = head.began_milliseconds
            self._resume_all()
        self._expected = head.position

    def _has_all(self, head: Head) -> bool:
        """Whether all that Redis has passed on has come here, and Redis has lost nothing."""
        own = self._position
        return (
            own is not None and self._began == head.began_milliseconds and own.number == head.position.number
        )

    async def _beat(self, clients: Sequence[Client]) -> None:
        pause = _BEAT_SECONDS * LEAST_AT_ONCE / max(len(clients), LEAST_AT_ONCE)
        beats = dict[Position | None, Message]()
        for written in parts(clients, LEAST_AT_ONCE):
            for client in written:
                if client.catching_up:
                    position = None
                else:
                    position = self._position
                    if position is not None and client.position is not None:
                        position = max(position, client.position)
                if position not in beats:
                    own_id = str(position) if position is not None else None
                    beats[position] = message_of(Heartbeat(id=own_id), position)
                client.send(beats[position])
            await asyncio.sleep(pause)


def _raise_unless_away(error: Exception) -> None:
    raise_if_cancelled()
    if not is_away(error):
        log.exception("live_failed", error=type(error).__name__)


async def watch(app: FastAPI, stores: Stores) -> None:
    """Keep the application's clients up to date for as long as the process runs."""
    await Hub.of(app).run(stores)
