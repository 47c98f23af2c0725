"""The staff are told of new subscriptions as each of them chose, once, of the operators that they may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from gencharge.admins import service as admins
from gencharge.admins.models import SubscriptionNotices
from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.notifications.listeners import SUBSCRIPTIONS
from gencharge.notifications.subscription_service import send_digests
from tests.make import factories
from tests.make.notifications import recharged
from tests.notifications.conftest import inbox


async def make_subscriber(
    stores: Stores, choice: str, *, role: str = "Manager", scope: tuple[str, ...] = ()
) -> UUID:
    admin = await stores.database.run(lambda db: factories.make_admin(db, role, operator_scope=list(scope)))
    await stores.database.run(
        lambda db: admins.update_profile(db, admin.admin_id, subscription_notices=SubscriptionNotices(choice))
    )
    return admin.admin_id


async def kinds(stores: Stores, admin_id: UUID) -> list[Any]:
    return [notice["kind"] for notice in await inbox(stores, admin_id)]


async def test_each_is_told_once_to_those_who_chose_it_and_may_see_it(stores: Stores) -> None:
    subscriber = await make_subscriber(stores, "each")
    scoped = await make_subscriber(stores, "each", scope=("AIRTEL",))
    editor = await make_subscriber(stores, "each", role="ContentEditor")
    digest, off = await make_subscriber(stores, "digest"), await make_subscriber(stores, "off")
    jio, airtel = recharged(), recharged(operator="AIRTEL", plan_name="Airtel 299")
    await stores.database.run(lambda db: emit(db, jio, airtel))
    await Relay(stores, [SUBSCRIPTIONS]).drain()
    assert await kinds(stores, subscriber) == ["subscription_activated"] * 2
    assert await kinds(stores, scoped) == ["subscription_activated"]
    for other in (editor, digest, off):
        assert await kinds(stores, other) == []


async def test_a_digest_comes_once_a_day_also_to_whom_an_earlier_run_missed(stores: Stores) -> None:
    async with stores.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(text("DELETE FROM recharge_figures"))
        await db.execute(
            text(
                "INSERT INTO recharge_figures (day, operator, cut, key, delivered, delivered_price,"
                " delivered_discount) VALUES ('2031-05-04', 'JIO', 'all', '', 3, 89700, 700),"
                " ('2031-05-04', 'AIRTEL', 'all', '', 1, 19900, 0), ('2031-05-04', 'JIO', 'plan', 'x', 3, 89700, 700)"
            )
        )
    everyone = await make_subscriber(stores, "digest")
    airtel = await make_subscriber(stores, "digest", scope=("AIRTEL",))
    vi, off = await make_subscriber(stores, "digest", scope=("VI",)), await make_subscriber(stores, "off")
    morning = datetime(2031, 5, 5, 3, 30, tzinfo=UTC)
    with clock.at(morning):
        await send_digests(stores)
        late = await make_subscriber(stores, "digest")
    with clock.at(morning + timedelta(hours=1)):
        await send_digests(stores)
    for admin_id in (everyone, airtel, late):
        assert await kinds(stores, admin_id) == ["subscriptions_digest"]
    for admin_id in (vi, off):
        assert await kinds(stores, admin_id) == []
    with clock.at(morning + timedelta(days=1)):
        await send_digests(stores)
    assert len(await kinds(stores, everyone)) == 1, "nothing was sold on the next day"
