"""What an inbox shows: announcements for its owner, since they signed up, until they delete them; and nothing is written before that."""

from __future__ import annotations

from datetime import timedelta

import httpx

from gencharge.announcements import service
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.operators import service as operators
from gencharge.users import profile_service
from gencharge.users.models import DEFAULT_PREFERENCES, User, UserType
from tests.announcements.conftest import Inboxes
from tests.make.announcements import TEXTS, announce, write
from tests.make.campaigns import members, plan, start
from tests.make.contact import at_this_time
from tests.make.factories import headers_for, make_user
from tests.make.staff_client import StaffClient


async def test_all_customers_have_it_with_the_answer_and_nothing_is_written_for_them(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    announcement_id = await announce(staff)
    page = await inbox(customer.user_id)
    [notice] = page["items"]
    assert notice["notification_id"] == announcement_id
    assert (notice["type"], notice["kind"]) == ("announcement", "announcement")
    assert (notice["title"], notice["body"]) == (TEXTS["en"]["title"], TEXTS["en"]["body"])
    assert (notice["viewed_at"], page["unread_count"]) == (None, 1)
    assert await stores.documents["announcements"].count_documents({}) == 1
    assert await stores.documents["notices"].count_documents({"recipient_id": customer.user_id}) == 0
    assert (
        await stores.documents["announcement_views"].count_documents({"recipient_id": customer.user_id}) == 0
    )


async def test_a_reader_of_hindi_reads_it_in_hindi(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    async with stores.database.transaction() as db:
        user = await db.get(User, customer.user_id)
        assert user is not None
        user.language = "hi"
    await announce(staff)
    [notice] = (await inbox(customer.user_id))["items"]
    assert notice["title"] == TEXTS["hi"]["title"]


async def test_who_signs_up_later_does_not_get_it(staff: StaffClient, inbox: Inboxes, stores: Stores) -> None:
    await announce(staff)
    with clock.later(seconds=1):
        newcomer = await stores.database.run(make_user)
        assert (await inbox(newcomer.user_id))["items"] == []
        await announce(staff)
        assert len((await inbox(newcomer.user_id))["items"]) == 1


async def test_types_operators_circles_and_single_customers_are_kept_apart(
    staff: StaffClient, inbox: Inboxes, stores: Stores
) -> None:
    async with stores.database.transaction() as db:
        first = await make_user(db, user_type=UserType.POSTPAID)
        second = await make_user(db)
    async with stores.database.transaction() as db:
        await operators.remember(
            db, first.phone_number, first.user_id, operator="JIO", circle="MH", service_type="postpaid"
        )
    sent = {
        "postpaid": {"kind": "customers", "user_type": "postpaid"},
        "jio": {"kind": "customers", "operator": "jio"},
        "airtel": {"kind": "customers", "operator": "AIRTEL", "circle": "MH"},
        "jio in mh": {"kind": "customers", "operator": "JIO", "circle": "MH"},
        "first": {"kind": "customer", "user_id": str(first.user_id)},
        "second": {"kind": "customer", "user_id": str(second.user_id)},
        "staff": {"kind": "admins"},
    }
    ids = {await announce(staff, audience=audience): name for name, audience in sent.items()}

    async def shown(user: User) -> set[str]:
        return {ids[item["notification_id"]] for item in (await inbox(user.user_id))["items"]}

    assert await shown(first) == {"postpaid", "jio", "jio in mh", "first"}
    assert "second" in await shown(second)
    assert not await shown(second) & {"postpaid", "jio in mh", "first", "staff"}
    own = await staff.ask_json("GET", "/notifications?type=announcement")
    assert [ids[item["notification_id"]] for item in own["items"]] == ["staff"]


async def test_the_group_of_a_campaign_gets_it_and_its_control_group_does_not(
    staff: StaffClient, inbox: Inboxes, stores: Stores
) -> None:
    users = [await stores.database.run(make_user) for _ in range(24)]
    campaign = await plan(stores, control_percent=50)
    await start(stores)
    left_out = await members(stores, campaign.campaign_id)
    announcement_id = await announce(
        staff, audience={"kind": "campaign", "campaign_id": str(campaign.campaign_id)}
    )
    for user in users:
        notices = [item["notification_id"] for item in (await inbox(user.user_id))["items"]]
        assert (announcement_id in notices) is not left_out[user.user_id]
    assert {left_out[user.user_id] for user in users} == {True, False}


async def test_promotions_are_shown_to_those_who_agreed_to_offers(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    noon = clock.now().astimezone(clock.IST).replace(hour=12, minute=0) + timedelta(days=1)
    with clock.at(noon):
        announcement_id = await announce(at_this_time(staff), purpose="promotional")
        assert (await inbox(customer.user_id))["items"] == []
        assert (await inbox(customer.user_id, path="/unread-count"))["unread_count"] == 0
        agreed = {**DEFAULT_PREFERENCES, "promotional_offers": True}
        await stores.database.run(lambda db: profile_service.change_preferences(db, customer.user_id, agreed))
        [notice] = (await inbox(customer.user_id))["items"]
        assert (notice["notification_id"], notice["type"]) == (announcement_id, "promotional")


async def test_a_view_and_a_deletion_are_one_readers_alone(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    other = await stores.database.run(make_user)
    first, second = await announce(staff), await announce(staff)
    viewed = await inbox(customer.user_id, "POST", f"/{first}/viewed")
    assert viewed["viewed_at"] is not None
    with clock.later(seconds=5):
        again = await inbox(customer.user_id, "POST", f"/{first}/viewed")
    assert again["viewed_at"] == viewed["viewed_at"]
    assert (await inbox(customer.user_id))["unread_count"] == 1
    for unread, announcement_id in ((True, second), (False, first)):
        page = await inbox(customer.user_id, unread=unread, include_total=True)
        assert [item["notification_id"] for item in page["items"]] == [announcement_id]
        assert page["total"] == 1
    await inbox(customer.user_id, "DELETE", f"/{first}")
    assert [item["notification_id"] for item in (await inbox(customer.user_id))["items"]] == [second]
    assert (await inbox(customer.user_id, "POST", "/viewed-all"))["viewed_count"] == 1
    assert (await inbox(customer.user_id, path="/unread-count"))["unread_count"] == 0
    assert (await inbox(other.user_id))["unread_count"] == 2
    assert len((await inbox(other.user_id))["items"]) == 2


async def test_what_is_not_in_the_inbox_is_neither_viewed_nor_deleted(
    staff: StaffClient, customer: User, client: httpx.AsyncClient
) -> None:
    headers = headers_for(staff.app.state.settings, customer.user_id)
    for_admins = await announce(staff, audience={"kind": "admins"})
    deleted = await announce(staff)
    path = f"/v1/notifications/{deleted}"
    assert (await client.delete(path, headers=headers)).status_code == 204
    for announcement_id in (for_admins, deleted, await write(staff)):
        path = f"/v1/notifications/{announcement_id}"
        for answer in (
            await client.delete(path, headers=headers),
            await client.post(f"{path}/viewed", headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "notification_not_found")


async def test_the_unread_ones_of_many_are_counted_together(
    staff: StaffClient, customer: User, inbox: Inboxes, stores: Stores
) -> None:
    other = Recipient("user", (await stores.database.run(make_user)).user_id)
    reader = Recipient("user", customer.user_id)
    first = await announce(staff)
    await announce(staff, audience={"kind": "customer", "user_id": str(customer.user_id)})
    await inbox(customer.user_id, "POST", f"/{first}/viewed")
    readers = await stores.database.run(lambda db: service.readers_of(db, [reader, other]))
    inboxes = [service.Inbox(each, frozenset({NotificationType.ANNOUNCEMENT})) for each in readers.values()]
    assert await service.count_unread_of(stores.documents, inboxes) == {reader: 1, other: 1}
    assert await service.count_unread_of(stores.documents, []) == {}
