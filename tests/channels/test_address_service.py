"""Where recharges go is decided by two admins, and only to addresses that the settings allow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from gencharge.channels import service as channels
from gencharge.channels import staff_service
from gencharge.channels.address_service import EXPIRES_AFTER
from gencharge.channels.errors import (
    ChannelAddressChanged,
    ChannelAddressNotPending,
    ChannelNotFound,
    ChannelSecondAdminRequired,
    ChannelUrlInvalid,
)
from gencharge.channels.models import OperatorChannel
from gencharge.channels.staff_schemas import (
    ChannelAddressApproval,
    ChannelCreate,
    ChannelOut,
    ChannelUpdate,
)
from gencharge.core.events.events import EventRow
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import Principal
from tests.make.channels import channel_body
from tests.make.plans import events_of

NEW = "https://new.jio.example/api"


def admin(*operators: str) -> Principal:
    """An admin; with `operators`, limited to them."""
    return Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=operators)


FIRST, SECOND = admin(), admin()


async def create(stores: Stores, principal: Principal = FIRST, **overrides: Any) -> ChannelOut:
    command = ChannelCreate.model_validate(channel_body(**overrides))
    return await stores.database.run(
        lambda db: staff_service.create(db, principal, command, settings=stores.settings)
    )


async def propose(stores: Stores, code: str, url: str, principal: Principal = FIRST) -> ChannelOut:
    command = ChannelUpdate(url=url)
    return await stores.database.run(
        lambda db: staff_service.update(db, principal, code, command, settings=stores.settings)
    )


async def approve(
    stores: Stores,
    code: str,
    url: str | None,
    principal: Principal = SECOND,
    settings: Settings | None = None,
) -> ChannelOut:
    command = ChannelAddressApproval(url=url or "")
    return await stores.database.run(
        lambda db: staff_service.approve_address(
            db, principal, code, command, settings=settings or stores.settings
        )
    )


async def reject(stores: Stores, code: str, principal: Principal = SECOND) -> ChannelOut:
    return await stores.database.run(lambda db: staff_service.reject_address(db, principal, code))


async def address(stores: Stores, code: str) -> str | None:
    """Where a dispatcher sends recharges of this channel."""
    channel = (await stores.database.run(channels.load_channels)).get(code)
    return channel.url if channel else None


async def test_a_new_channel_leads_nowhere_before_a_second_admin_has_approved_its_address(
    shop: Stores,
) -> None:
    channel = await create(shop)
    assert (channel.url, channel.pending_by) == (None, FIRST.user_id)
    assert await address(shop, channel.code) is None
    with pytest.raises(ChannelSecondAdminRequired):
        await approve(shop, channel.code, channel.pending_url, FIRST)
    assert await address(shop, channel.code) is None
    approved = await approve(shop, channel.code, channel.pending_url)
    assert (approved.url, approved.pending_url, approved.pending_by) == (channel.pending_url, None, None)
    assert await address(shop, channel.code) == channel.pending_url


async def test_the_present_address_is_used_until_the_new_one_is_approved(shop: Stores) -> None:
    channel = await create(shop)
    await approve(shop, channel.code, channel.pending_url)
    changed = await propose(shop, channel.code, NEW)
    assert (changed.url, changed.pending_url) == (channel.pending_url, NEW)
    assert await address(shop, channel.code) == channel.pending_url
    await approve(shop, channel.code, NEW)
    assert await address(shop, channel.code) == NEW


async def test_an_approval_is_of_the_address_that_was_checked(shop: Stores) -> None:
    channel = await create(shop)
    await propose(shop, channel.code, NEW, SECOND)
    with pytest.raises(ChannelAddressChanged):
        await approve(shop, channel.code, channel.pending_url, FIRST)
    with pytest.raises(ChannelSecondAdminRequired):
        await approve(shop, channel.code, NEW, SECOND)
    assert (await approve(shop, channel.code, NEW, FIRST)).url == NEW


async def test_a_rejected_address_is_gone_and_the_present_one_stays(shop: Stores) -> None:
    channel = await create(shop)
    await approve(shop, channel.code, channel.pending_url)
    for principal in (FIRST, SECOND):
        await propose(shop, channel.code, NEW)
        assert (await reject(shop, channel.code, principal)).pending_url is None
    with pytest.raises(ChannelAddressNotPending):
        await approve(shop, channel.code, NEW)
    assert await address(shop, channel.code) == channel.pending_url


async def test_going_back_to_the_present_address_needs_nobody(shop: Stores) -> None:
    channel = await create(shop)
    await approve(shop, channel.code, channel.pending_url)
    await propose(shop, channel.code, NEW)
    back = await propose(shop, channel.code, channel.pending_url or "")
    assert (back.url, back.pending_url) == (channel.pending_url, None)


async def test_an_address_waits_for_seven_days(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await create(shop)
    entered = clock.now()
    monkeypatch.setattr(clock, "now", lambda: entered + EXPIRES_AFTER - timedelta(seconds=1))
    assert (await propose(shop, channel.code, NEW)).pending_url == NEW
    monkeypatch.setattr(clock, "now", lambda: entered + 2 * EXPIRES_AFTER)
    with pytest.raises(ChannelAddressNotPending):
        await approve(shop, channel.code, NEW)
    await propose(shop, channel.code, NEW)
    assert (await approve(shop, channel.code, NEW)).url == NEW


async def test_twenty_approvals_at_once_are_one(shop: Stores) -> None:
    channel = await create(shop)
    calls = (approve(shop, channel.code, channel.pending_url, admin()) for _ in range(20))
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, ChannelOut) for answer in answers) == 1
    assert sum(isinstance(answer, ChannelAddressNotPending) for answer in answers) == 19
    assert len(await events_of(shop, "ChannelAddressApproved", channel_id=channel.code)) == 1


async def test_an_admin_of_another_operator_approves_and_rejects_nothing(shop: Stores) -> None:
    channel = await create(shop)
    of_vi = admin("VI")
    with pytest.raises(ChannelNotFound):
        await approve(shop, channel.code, channel.pending_url, of_vi)
    with pytest.raises(ChannelNotFound):
        await reject(shop, channel.code, of_vi)


async def test_each_step_is_announced_with_its_address(shop: Stores) -> None:
    channel = await create(shop)
    await propose(shop, channel.code, NEW)
    await reject(shop, channel.code)
    await propose(shop, channel.code, NEW)
    await approve(shop, channel.code, NEW)
    code = channel.code
    requested = [event["url"] for event in await events_of(shop, "ChannelAddressRequested", channel_id=code)]
    assert requested == [channel.pending_url, NEW, NEW]
    [rejected] = await events_of(shop, "ChannelAddressRejected", channel_id=code)
    assert rejected["changes"] == {"pending_url": {"old": NEW, "new": None}}
    [approved] = await events_of(shop, "ChannelAddressApproved", channel_id=code)
    assert approved["changes"] == {"url": {"old": None, "new": NEW}, "pending_url": {"old": NEW, "new": None}}
    assert EventRow.__tablename__ == "events"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:6379",
        "http://[::1]:5432/",
        "http://2852039166/",
        "https://2852039166/",
        "http://operator.example/api",
        "https://10.1.2.3/api",
        "https://operator.localhost/api",
        "https://operator.example:0/api",
    ],
)
async def test_production_takes_no_address_of_its_own_network_nor_one_without_tls(
    shop: Stores, url: str
) -> None:
    production = shop.settings.model_copy(update={"environment": Environment.PRODUCTION})
    command = ChannelCreate.model_validate(channel_body(url=url))
    with pytest.raises(ChannelUrlInvalid) as refused:
        await shop.database.run(lambda db: staff_service.create(db, FIRST, command, settings=production))
    assert [problem["field"] for problem in refused.value.errors or ()] == ["body.url"]


async def test_an_address_is_checked_again_when_it_is_approved(shop: Stores) -> None:
    channel = await create(shop, url="http://127.0.0.1:9999/api")
    production = shop.settings.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(ChannelUrlInvalid):
        await approve(shop, channel.code, channel.pending_url, settings=production)
    assert await address(shop, channel.code) is None


async def test_a_leased_line_is_a_setting(shop: Stores) -> None:
    allowed = {"environment": Environment.PRODUCTION, "operator_allow_private": True}
    own = shop.settings.model_copy(update=allowed)
    command = ChannelCreate.model_validate(channel_body(url="https://10.1.2.3/api"))
    assert await shop.database.run(lambda db: staff_service.create(db, FIRST, command, settings=own))


async def test_the_table_keeps_an_address_together_with_who_entered_it(shop: Stores) -> None:
    channel = OperatorChannel(code="jio-half", operator="JIO", name="Half", pending_url=NEW)
    with pytest.raises(IntegrityError):
        async with shop.database.transaction() as db:
            db.add(channel)
