"""The changes of the last minutes in Redis: published to every API process, and stored for those who come back.

Only for people who are connected, or were a quarter of an hour ago: a recharge of anybody else leaves nothing here. What is stored are
ids; each API process reads what they stand for when it has a client to send it to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Change, Kind, Placed, Position, address_of

# How long changes are stored for a client that comes back, and how many of each person.
KEEP_SECONDS: Final = 900
KEEP_CHANGES: Final = 100
# Changes that are taken from the subscription together.
_BATCH: Final = 500
# A subscription that is quiet for so long is looked at again.
_QUIET_SECONDS: Final = 5.0
# Presence is renewed each minute; it outlives what it guards.
_PRESENCE_SECONDS: Final = KEEP_SECONDS + 180

# The head: when this Redis began to count, the last instant and the last number. Instants never go back.
_HEAD: Final = """
local function head(key)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local stored = redis.call('HMGET', key, 'milliseconds', 'number', 'began')
  local last = tonumber(stored[1] or '0')
  if now < last then now = last end
  if not stored[3] then redis.call('HSET', key, 'began', string.format('%.0f', now)) end
  return now, tonumber(stored[2] or '0'), tonumber(stored[3] or now)
end
"""
_PLACE: Final = (
    _HEAD
    + """
redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
local now, number, began = head(KEYS[1])
redis.call('HSET', KEYS[1], 'milliseconds', string.format('%.0f', now))
return {string.format('%.0f', now), string.format('%.0f', number), string.format('%.0f', began)}
"""
)
_ADD: Final = (
    _HEAD
    + """
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
if not redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[1]) then return 0 end
local now, number = head(KEYS[1])
number = number + 1
redis.call('HSET', KEYS[1], 'milliseconds', string.format('%.0f', now), 'number', string.format('%.0f', number))
local id = string.format('%.0f-%.0f', now, number)
redis.call('XADD', KEYS[3], 'MAXLEN', ARGV[2], id, 'kind', ARGV[5], 'object', ARGV[6])
redis.call('EXPIRE', KEYS[3], ARGV[1])
redis.call('PUBLISH', ARGV[3], id .. ' ' .. ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. ARGV[6])
return 1
"""
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the feed stands, and since when it has existed; after a loss of Redis' data it begins again."""

    position: Position
    began_milliseconds: int


class Feed:
    """The feed of one database in one Redis."""

    def __init__(self, redis: Redis, database_name: str) -> None:
        self._redis = redis
        self._prefix = f"gencharge:{database_name}:live"
        self.channel = f"{self._prefix}:changes"
        self._place = redis.register_script(_PLACE)
        self._add = redis.register_script(_ADD)

    async def add(self, changes: Sequence[Change]) -> None:
        """Pass these on, each once. Raises RedisError, of which nothing or all may have been passed on."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for change in changes:
                address = address_of(change.recipient)
                # What is for everybody is passed on if anybody ever connected: the head is there since then.
                here = "head" if change.recipient is None else f"here:{address}"
                await self._add(
                    keys=[
                        f"{self._prefix}:head",
                        f"{self._prefix}:{here}",
                        f"{self._prefix}:of:{address}",
                        f"{self._prefix}:seen:{change.key}",
                    ],
                    args=[
                        KEEP_SECONDS,
                        KEEP_CHANGES,
                        self.channel,
                        address,
                        change.kind.value,
                        change.object_id,
                    ],
                    client=pipe,
                )
            await pipe.execute()

    async def head(self) -> Head:
        """Where the feed stands now. Raises RedisError."""
        return await self._placed("any")

    async def arrive(self, recipient: Recipient) -> Head:
        """From now on this person's changes are passed on and stored; where the feed stands. Raises RedisError."""
        return await self._placed(address_of(recipient))

    async def _placed(self, address: str) -> Head:
        row = await self._place(
            keys=[f"{self._prefix}:head", f"{self._prefix}:here:{address}"], args=[_PRESENCE_SECONDS]
        )
        now, number, began = (int(value) for value in row)
        return Head(Position(now, number), began)

    async def stay(self, recipients: Sequence[Recipient]) -> None:
        """Go on with these. Raises RedisError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for recipient in recipients:
                pipe.set(f"{self._prefix}:here:{address_of(recipient)}", "1", ex=_PRESENCE_SECONDS)
            await pipe.execute()

    async def since(self, recipient: Recipient, last: Position | None) -> tuple[Head, list[Placed] | None]:
        """Where the feed stands, and what this person missed after `last`; None if that is not stored any more.

        Raises RedisError.
        """
        head = await self.arrive(recipient)
        oldest = max(head.began_milliseconds, head.position.milliseconds - KEEP_SECONDS * 1000)
        if last is None or last.milliseconds < oldest or last > head.position:
            return head, None
        missed = list[Placed]()
        for address in (address_of(recipient), address_of(None)):
            rows: Any = await self._redis.xrange(f"{self._prefix}:of:{address}")
            changes = [_placed(recipient, own_id, row) for own_id, row in rows]
            if len(changes) >= KEEP_CHANGES and changes[0].position > last:
                return head, None
            missed += [change for change in changes if last < change.position <= head.position]
        return head, sorted(missed, key=lambda change: change.position)


def _placed(recipient: Recipient, own_id: str, row: dict[str, Any]) -> Placed:
    milliseconds, _, number = own_id.partition("-")
    return Placed(Position(int(milliseconds), int(number)), recipient, Kind(row["kind"]), row["object"])


async def lines_of(channel: PubSub) -> list[str]:
    """What has come over a subscription, at most a batch; none if nothing comes for some seconds. Raises RedisError."""
    lines: list[str] = []
    seconds = _QUIET_SECONDS
    # Not one message more is taken than is handed out: a lost one makes every client look for what it missed.
    while len(lines) < _BATCH and (message := await channel.get_message(timeout=seconds)) is not None:
        lines.append(str(message["data"]))
        seconds = 0
    return lines
