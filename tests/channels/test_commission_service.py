"""A channel's commission: changed by two admins, one of whom asks."""

from __future__ import annotations

from typing import Any

import pytest

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import ApprovalOut
from gencharge.channels import staff_service
from gencharge.channels.errors import ChannelCommissionInvalid, ChannelNotFound
from gencharge.channels.models import OperatorChannel
from gencharge.channels.staff_schemas import ChannelOut, ChannelUpdate
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import Principal
from tests.channels.test_staff_service import ADMIN, admin, create, delete, entries, update
from tests.make.approvals import decide


async def change(
    stores: Stores, code: str, principal: Principal = ADMIN, **fields: Any
) -> ChannelOut | ApprovalOut:
    command = ChannelUpdate.model_validate(fields)
    return await stores.database.run(
        lambda db: staff_service.update(db, principal, code, command, settings=stores.settings)
    )


async def approve(stores: Stores, waiting: ChannelOut | ApprovalOut) -> None:
    assert isinstance(waiting, ApprovalOut)
    await stores.database.run(lambda db: decide(db, waiting, by=new_id()))


async def commission(stores: Stores, code: str) -> int:
    async with stores.database.transaction() as db:
        channel = await db.get(OperatorChannel, code)
        assert channel is not None
        return channel.commission_bp


async def test_another_commission_counts_once_a_second_admin_has_approved_it(
    shop: Stores, relay: Relay
) -> None:
    channel = await create(shop)
    waiting = await change(shop, channel.code, commission_basis_points=275)
    assert isinstance(waiting, ApprovalOut)
    assert (waiting.act, waiting.operator) == ("change_commission", channel.operator)
    assert waiting.summary == f"Change the commission of the channel {channel.code} from 2.5 % to 2.75 %."
    assert await commission(shop, channel.code) == 250
    await approve(shop, waiting)
    assert await commission(shop, channel.code) == 275
    created, updated = await entries(shop, relay, channel.code)
    assert (created["action"], updated["action"]) == ("channel_created", "channel_updated")
    assert updated["changes"] == {"commission_basis_points": {"old": 250, "new": 275}}


async def test_it_must_be_the_only_field_of_its_request(shop: Stores) -> None:
    channel = await create(shop)
    with pytest.raises(ChannelCommissionInvalid) as refused:
        await change(shop, channel.code, commission_basis_points=0, weight=7)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "body.commission_basis_points"
    # The present one changes nothing and may stand beside others.
    changed = await update(shop, channel.code, commission_basis_points=250, weight=7)
    assert (changed.commission_basis_points, changed.weight) == (250, 7)


async def test_one_request_waits_for_a_channel_at_a_time(shop: Stores) -> None:
    channel = await create(shop)
    first = await change(shop, channel.code, commission_basis_points=1)
    assert await change(shop, channel.code, commission_basis_points=1) == first
    for principal, value in ((ADMIN, 2), (admin(), 1)):
        with pytest.raises(ApprovalAlreadyPending):
            await change(shop, channel.code, principal, commission_basis_points=value)


async def test_a_channel_that_is_gone_has_no_commission(shop: Stores) -> None:
    channel = await create(shop)
    waiting = await change(shop, channel.code, commission_basis_points=1)
    await delete(shop, channel.code)
    with pytest.raises(ChannelNotFound):
        await approve(shop, waiting)
