"""A rotation gives a channel new secrets in both directions, shown once, and forgets the old ones after a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr

from gencharge.channels import secrets_service
from gencharge.channels import service as channels
from gencharge.channels.errors import ChannelNotFound
from gencharge.channels.secrets_service import OVERLAP
from gencharge.channels.signing import Direction, secret_of
from gencharge.channels.staff_schemas import ChannelSecretsOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.channels.test_address_service import FIRST, admin, create
from tests.make.plans import events_of


async def rotate(stores: Stores, code: str) -> ChannelSecretsOut:
    return await stores.database.run(
        lambda db: secrets_service.rotate(db, FIRST, code, settings=stores.settings)
    )


async def accepted(stores: Stores, code: str) -> list[str]:
    """The secrets that a callback may be signed with now."""
    return await stores.database.run(lambda db: channels.callback_secrets(db, stores.settings, code))


async def test_new_secrets_count_at_once_and_those_before_for_a_day(shop: Stores) -> None:
    code = (await create(shop)).code
    [first] = await accepted(shop, code)
    began_at = clock.now()
    with clock.at(began_at):
        rotated = await rotate(shop, code)
        assert rotated.previous_until == began_at + OVERLAP
        assert await accepted(shop, code) == [rotated.callbacks_key, first]
    with clock.at(began_at + OVERLAP - timedelta(seconds=1)):
        assert len(await accepted(shop, code)) == 2
    with clock.at(began_at + OVERLAP):
        assert await accepted(shop, code) == [rotated.callbacks_key]


async def test_the_keys_are_those_of_the_directions(shop: Stores) -> None:
    code = (await create(shop)).code
    rotated = await rotate(shop, code)
    master = shop.settings.operator_api_secret.get_secret_value()
    assert rotated.requests_key == secret_of(master, code, Direction.REQUESTS, 2)
    assert rotated.callbacks_key == secret_of(master, code, Direction.CALLBACKS, 2)


async def test_two_rotations_leave_nothing_of_the_first_secret(shop: Stores) -> None:
    code = (await create(shop)).code
    [first] = await accepted(shop, code)
    await rotate(shop, code)
    last = await rotate(shop, code)
    assert first not in await accepted(shop, code)
    assert (await accepted(shop, code))[0] == last.callbacks_key


async def test_ten_rotations_at_once_are_ten_versions(shop: Stores) -> None:
    code = (await create(shop)).code
    keys = await asyncio.gather(*(rotate(shop, code) for _ in range(10)))
    assert len({key.callbacks_key for key in keys}) == 10


async def test_the_trail_says_that_it_was_rotated_and_not_to_what(shop: Stores) -> None:
    code = (await create(shop)).code
    keys = await rotate(shop, code)
    [event] = await events_of(shop, "ChannelSecretsRotated", channel_id=code)
    assert event["changes"] == {"version": {"old": 1, "new": 2}}
    assert keys.requests_key not in str(event)


async def test_an_admin_of_another_operator_rotates_nothing(shop: Stores) -> None:
    code = (await create(shop)).code
    with pytest.raises(ChannelNotFound):
        await shop.database.run(
            lambda db: secrets_service.rotate(db, admin("VI"), code, settings=shop.settings)
        )


async def test_the_master_before_counts_as_long_as_it_is_set(shop: Stores) -> None:
    code = (await create(shop)).code
    old = shop.settings.operator_api_secret
    update = {"operator_api_secret": SecretStr("the-new-master"), "operator_previous_api_secret": old}
    settings = shop.settings.model_copy(update=update)
    accepted_now = await shop.database.run(lambda db: channels.callback_secrets(db, settings, code))
    assert accepted_now == [
        secret_of(master, code, Direction.CALLBACKS, 1)
        for master in ("the-new-master", old.get_secret_value())
    ]


async def test_a_channel_that_is_not_there_has_the_first_version(shop: Stores) -> None:
    assert len(await accepted(shop, "no-such")) == 1
