"""The staff's side of channels: add, change and delete one, within the admin's scope, each with its audit entry."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.channels import service as channels
from gencharge.channels import staff_service
from gencharge.channels.errors import (
    ChannelAlreadyExists,
    ChannelAmountsInvalid,
    ChannelInUse,
    ChannelNotFound,
)
from gencharge.channels.staff_schemas import (
    ChannelAddressApproval,
    ChannelCreate,
    ChannelOut,
    ChannelQuery,
    ChannelUpdate,
)
from gencharge.core.events.relay import Relay
from gencharge.core.http.etags import ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators.errors import OperatorInvalid
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import Principal
from tests.make.channels import channel_body, queue


def admin(*operators: str) -> Principal:
    """An admin; with `operators`, limited to them."""
    return Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=operators)


ADMIN, OF_VI = admin(), admin("VI")


async def create(stores: Stores, principal: Principal = ADMIN, **overrides: Any) -> ChannelOut:
    command = ChannelCreate.model_validate(channel_body(**overrides))
    return await stores.database.run(
        lambda db: staff_service.create(db, principal, command, settings=stores.settings)
    )


async def update(stores: Stores, code: str, principal: Principal = ADMIN, **fields: Any) -> ChannelOut:
    command = ChannelUpdate.model_validate(fields)
    changed = await stores.database.run(
        lambda db: staff_service.update(db, principal, code, command, settings=stores.settings)
    )
    assert isinstance(changed, ChannelOut)
    return changed


async def delete(stores: Stores, code: str, principal: Principal = ADMIN) -> None:
    await stores.database.run(lambda db: staff_service.delete(db, principal, code))


async def listed(stores: Stores, principal: Principal = ADMIN, **query: Any) -> Page[ChannelOut]:
    params = ChannelQuery.model_validate(query)
    return await stores.database.run(lambda db: staff_service.list_all(db, principal, params))


async def version(stores: Stores) -> int:
    return await stores.database.run(lambda db: snapshots.version_of(db, channels.CHANNELS))


async def entries(stores: Stores, relay: Relay, code: str) -> list[dict[str, Any]]:
    """The audit entries about a channel, in order."""
    await relay.drain()
    # The steps of an address are events of their own: tests/channels/test_address_service.py.
    about = {"object.id": code, "action": {"$not": {"$regex": "^channel_address_"}}}
    query = stores.documents["audit_entries"].find(about)
    return await query.sort("sequence", 1).to_list()


async def test_a_new_channel_is_shown_as_it_was_entered_and_is_used_once_its_address_is_approved(
    shop: Stores,
) -> None:
    before = await version(shop)
    channel = await create(shop, operator="jio", code="jio-new")
    assert (channel.code, channel.operator, channel.min_amount) == ("jio-new", "JIO", Money.rupees(10))
    assert (channel.commission_basis_points, channel.is_active) == (250, True)
    approval = ChannelAddressApproval(url=channel.pending_url or "")
    await shop.database.run(
        lambda db: staff_service.approve_address(db, admin(), "jio-new", approval, settings=shop.settings)
    )
    snapshot = await shop.database.run(channels.load_channels)
    assert snapshot.version == before + 2
    known = snapshot.channels["jio-new"]
    assert (known.min_amount, known.max_amount, known.commission_bp) == (1_000, 500_000, 250)


async def test_an_unknown_operator_is_refused_with_the_known_ones(shop: Stores) -> None:
    with pytest.raises(OperatorInvalid) as refused:
        await create(shop, operator="NOBODY")
    [problem] = refused.value.errors
    assert problem["field"] == "body.operator"
    assert "JIO" in problem["message"]


async def test_a_code_is_taken_once_also_by_ten_admins_at_the_same_time(shop: Stores) -> None:
    async def attempt(name: str) -> bool:
        try:
            await create(shop, code="jio-race", name=name)
        except ChannelAlreadyExists:
            return False
        return True

    before = await version(shop)
    assert sum(await asyncio.gather(*(attempt(f"Jio {number}") for number in range(10)))) == 1
    assert await version(shop) == before + 1
    with pytest.raises(ChannelAlreadyExists) as refused:
        await create(shop, code="jio-race")
    assert [problem["field"] for problem in refused.value.errors] == ["body.code"]


async def test_a_minimum_above_the_maximum_is_refused_and_equal_ones_are_not(shop: Stores) -> None:
    with pytest.raises(ChannelAmountsInvalid):
        await create(shop, min_amount=200, max_amount=199.99)
    channel = await create(shop, min_amount=200, max_amount=200)
    with pytest.raises(ChannelAmountsInvalid):
        await update(shop, channel.code, min_amount=200.01)
    with pytest.raises(ChannelAmountsInvalid):
        await update(shop, channel.code, max_amount=199)
    [unchanged] = [each for each in (await listed(shop, limit=100)).items if each.code == channel.code]
    assert unchanged == channel
    moved = await update(shop, channel.code, min_amount=300, max_amount=400)
    assert (moved.min_amount, moved.max_amount) == (Money.rupees(300), Money.rupees(400))


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"name": "Jio new"}, {"name": {"old": "Jio direct", "new": "Jio new"}}),
        ({"priority": 1}, {"priority": {"old": 30, "new": 1}}),
        ({"weight": 7}, {"weight": {"old": 50, "new": 7}}),
        ({"min_amount": 20.5}, {"min_amount_paise": {"old": 1_000, "new": 2_050}}),
        ({"max_amount": 4999}, {"max_amount_paise": {"old": 500_000, "new": 499_900}}),
        ({"is_active": False}, {"is_active": {"old": True, "new": False}}),
    ],
    ids=str,
)
async def test_each_field_changes_alone_with_its_audit_entry(
    shop: Stores, relay: Relay, fields: dict[str, Any], change: dict[str, Any]
) -> None:
    channel = await create(shop)
    before = await version(shop)
    with clock.later(minutes=1):
        changed = await update(shop, channel.code, **fields)
    [(name, value)] = fields.items()
    expected = Money(round(value * 100)) if name.endswith("amount") else value
    expected_channel = channel.model_copy(
        update={name: expected, "updated_at": changed.updated_at, "etag": changed.etag}
    )
    assert changed == expected_channel
    assert changed.updated_at > channel.updated_at
    assert changed.etag != channel.etag
    assert await version(shop) == before + 1
    created, updated = await entries(shop, relay, channel.code)
    assert (created["action"], updated["action"]) == ("channel_created", "channel_updated")
    assert updated["changes"] == change


async def test_a_change_of_another_state_than_the_current_one_is_refused(shop: Stores, relay: Relay) -> None:
    channel = await create(shop)
    command = ChannelUpdate.model_validate({"weight": 7})

    async def change(etag: str) -> Any:
        return await shop.database.run(
            lambda db: staff_service.update(
                db, ADMIN, channel.code, command, settings=shop.settings, if_match=f'"{etag}"'
            )
        )

    changed = await change(channel.etag)
    with pytest.raises(ResourceChanged):
        await change(channel.etag)
    assert await change(changed.etag) == changed, "nothing is left to change"
    assert len(await entries(shop, relay, channel.code)) == 2


@pytest.mark.parametrize("fields", [{}, {"weight": 50}, {"min_amount": 10.0, "is_active": True}], ids=str)
async def test_a_change_that_changes_nothing_leaves_no_entry_and_no_new_version(
    shop: Stores, relay: Relay, fields: dict[str, Any]
) -> None:
    channel = await create(shop)
    before = await version(shop)
    with clock.later(minutes=1):
        assert await update(shop, channel.code, **fields) == channel
    assert await version(shop) == before
    assert len(await entries(shop, relay, channel.code)) == 1


async def test_ten_changes_at_once_are_ten_entries_that_follow_each_other(shop: Stores, relay: Relay) -> None:
    channel = await create(shop, weight=1)
    await asyncio.gather(*(update(shop, channel.code, weight=weight) for weight in range(2, 12)))
    changes = [entry["changes"]["weight"] for entry in (await entries(shop, relay, channel.code))[1:]]
    assert len(changes) == 10
    steps = {change["old"]: change["new"] for change in changes}
    weight = 1
    for _ in range(10):
        weight = steps[weight]
    [last] = [each for each in (await listed(shop, limit=100)).items if each.code == channel.code]
    assert last.weight == weight


async def test_an_unused_channel_is_deleted_with_its_entry(shop: Stores, relay: Relay) -> None:
    channel = await create(shop)
    await delete(shop, channel.code)
    assert channel.code not in (await shop.database.run(channels.load_channels)).channels
    with pytest.raises(ChannelNotFound):
        await delete(shop, channel.code)
    _, deleted = await entries(shop, relay, channel.code)
    assert deleted["action"] == "channel_deleted"
    assert deleted["changes"]["weight"] == {"old": 50, "new": None}


async def test_a_channel_that_was_used_can_only_be_set_inactive(shop: Stores) -> None:
    channel = await create(shop)
    user_id, recharge_id = await queue(shop)
    await shop.database.run(lambda db: channels.begin_attempt(db, user_id, recharge_id, channel=channel.code))
    with pytest.raises(ChannelInUse):
        await delete(shop, channel.code)
    assert not (await update(shop, channel.code, is_active=False)).is_active


async def test_an_admin_of_one_operator_sees_and_changes_no_other_ones_channels(shop: Stores) -> None:
    of_jio, of_vi = await create(shop), await create(shop, operator="VI")
    codes = [channel.code for channel in (await listed(shop, OF_VI, limit=100)).items]
    assert of_vi.code in codes
    assert of_jio.code not in codes
    assert (await listed(shop, OF_VI, operator="JIO")).items == []
    with pytest.raises(ChannelNotFound):
        await update(shop, of_jio.code, OF_VI, weight=1)
    with pytest.raises(ChannelNotFound):
        await delete(shop, of_jio.code, OF_VI)
    with pytest.raises(OperatorOutOfScope):
        await create(shop, OF_VI, operator="JIO")
    assert (await update(shop, of_vi.code, OF_VI, weight=1)).weight == 1


async def test_the_list_is_in_the_order_in_which_channels_are_tried(shop: Stores) -> None:
    await shop.database.run(lambda db: db.execute(text("DELETE FROM operator_attempts")))
    for code, operator, priority in (
        ("c-c", "JIO", 2),
        ("c-a", "JIO", 2),
        ("c-b", "JIO", 1),
        ("c-d", "AIRTEL", 9),
    ):
        await create(shop, code=code, operator=operator, priority=priority)
    codes = [
        channel.code for channel in (await listed(shop, limit=100)).items if channel.code.startswith("c-")
    ]
    assert codes == ["c-d", "c-b", "c-a", "c-c"]


async def test_pages_follow_each_other_without_gaps_and_repetitions(shop: Stores) -> None:
    for _ in range(5):
        await create(shop)
    everything = await listed(shop, operator="jio", limit=100, include_total=True)
    assert everything.total == len(everything.items)
    pages, cursor = list[ChannelOut](), None
    for _ in range(len(everything.items) // 2 + 1):
        page = await listed(shop, operator="JIO", limit=2, cursor=cursor)
        pages += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == everything.items
    with pytest.raises(CursorInvalid):
        await listed(shop, cursor="rubbish")
