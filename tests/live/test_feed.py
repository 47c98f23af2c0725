"""The feed in Redis: only for those who are there, each change once, and only as long as it is of use."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import Change, Kind, Position
from gencharge.live.feed import KEEP_CHANGES, KEEP_SECONDS, Feed
from tests.make.live import user


@pytest.fixture
def feed(stores: Stores) -> Feed:
    return Feed(stores.redis, f"feed-{new_id()}")


def change(recipient: Recipient, key: str) -> Change:
    return Change(recipient, Kind.BALANCE, "", key)


async def test_what_happens_to_somebody_who_is_not_there_leaves_nothing(stores: Stores, feed: Feed) -> None:
    stranger = user(new_id())
    before = await stores.redis.dbsize()
    await feed.add([change(stranger, str(number)) for number in range(10)])
    assert await stores.redis.dbsize() == before
    assert (await feed.arrive(stranger)).position.number == 0


async def test_changes_come_back_in_order_each_once_and_only_ones_own(feed: Feed) -> None:
    own, other = user(new_id()), user(new_id())
    start = (await feed.arrive(own)).position
    await feed.arrive(other)
    for key in ("a", "b", "a", "c", "b"):
        await feed.add([change(own, key), change(other, f"other {key}")])
    head, missed = await feed.since(own, start)
    assert missed is not None
    assert len(missed) == 3
    assert head.position.number == 6
    assert sorted(placed.position for placed in missed) == [placed.position for placed in missed]
    _, rest = await feed.since(own, missed[0].position)
    assert rest == missed[1:]
    _, nothing = await feed.since(own, missed[-1].position)
    assert nothing == []


async def test_more_than_is_stored_or_older_than_it_is_a_gap(stores: Stores, feed: Feed) -> None:
    own = user(new_id())
    start = (await feed.arrive(own)).position
    await feed.add([change(own, str(number)) for number in range(KEEP_CHANGES)])
    _, missed = await feed.since(own, start)
    assert missed is None or len(missed) == KEEP_CHANGES
    await feed.add([change(own, "one more")])
    assert (await feed.since(own, start))[1] is None
    old = Position(start.milliseconds - KEEP_SECONDS * 1_000 - 1_000, 0)
    assert (await feed.since(own, old))[1] is None
    assert (await feed.since(own, None))[1] is None
    # Ahead of all there is: of another Redis.
    assert (await feed.since(own, Position(start.milliseconds + 60_000, 999_999)))[1] is None


async def test_everything_in_redis_goes_by_itself(stores: Stores, feed: Feed) -> None:
    own = user(new_id())
    await feed.arrive(own)
    await feed.add([change(own, "a")])
    keys = [key async for key in stores.redis.scan_iter(match=f"{feed.channel.removesuffix(':changes')}:*")]
    lasting = [key for key in keys if await stores.redis.ttl(key) < 0]
    assert [key.rpartition(":")[2] for key in lasting] == ["head"]
    assert len(keys) > 2
    assert not any("+91" in str(key) for key in keys)
    assert UUID(str(own.id))


async def test_what_is_for_everybody_comes_among_ones_own_changes_in_order(
    stores: Stores, feed: Feed
) -> None:
    before = await stores.redis.dbsize()
    await feed.add([Change(None, Kind.ANNOUNCEMENT, "early", "early")])
    assert await stores.redis.dbsize() == before, "nobody ever connected"
    own, other = user(new_id()), user(new_id())
    start = (await feed.arrive(own)).position
    await feed.arrive(other)
    for key in ("a", "b", "a"):
        await feed.add([change(own, f"own {key}"), Change(None, Kind.ANNOUNCEMENT, key, key)])
    _, missed = await feed.since(own, start)
    assert missed is not None
    assert [(placed.kind, placed.object_id) for placed in missed] == [
        (Kind.BALANCE, ""),
        (Kind.ANNOUNCEMENT, "a"),
        (Kind.BALANCE, ""),
        (Kind.ANNOUNCEMENT, "b"),
    ]
    assert {placed.recipient for placed in missed} == {own}
    _, missed = await feed.since(other, start)
    assert missed is not None
    assert [placed.object_id for placed in missed] == ["a", "b"]
