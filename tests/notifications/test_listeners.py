"""Notices and alerts are written once, to those whom they concern."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.vault.vault import Vault
from gencharge.notifications.models import from_document
from gencharge.recharge.events import PlanExpired
from tests.make import factories
from tests.make.notifications import Person, events, recharged
from tests.notifications.conftest import Announce


async def alerts_of(stores: Stores, admin_id: UUID) -> list[dict[str, Any]]:
    recipient = {"recipient_kind": "admin", "recipient_id": admin_id}
    documents = await stores.documents["notices"].find(recipient).to_list()
    vault = Vault.of_database(stores.database)
    return [{**notice, "body": (await from_document(vault, notice)).body} for notice in documents]


@pytest.mark.parametrize(
    ("role", "scope", "notified"),
    [
        ("SuperAdmin", (), True),
        ("Manager", (), True),
        ("Manager", ("JIO",), True),
        ("Manager", ("AIRTEL",), False),
        ("Support", (), False),
        ("Viewer", (), False),
    ],
)
async def test_a_stuck_recharge_is_told_once_to_those_who_may_act_on_that_operator(
    stores: Stores, relay: Relay, role: str, scope: tuple[str, ...], notified: bool
) -> None:
    admin = await stores.database.run(lambda db: factories.make_admin(db, role, operator_scope=list(scope)))
    stuck = events()[0]
    await stores.database.run(lambda db: emit(db, stuck))
    await relay.drain()
    notices = await alerts_of(stores, admin.admin_id)
    assert [notice["kind"] for notice in notices] == (["recharge_stuck"] if notified else [])
    if notified:
        assert "16 minutes" in notices[0]["body"]


async def test_forged_webhooks_are_told_without_filling_the_tables(stores: Stores, relay: Relay) -> None:
    from gencharge.payments import service as payments

    for number in range(50):
        await payments.refused(stores.database, f"operator:forged-{number}", "a reason of this test")
    await relay.drain()
    entries = stores.documents["audit_entries"].find({"reason": "a reason of this test"})
    assert len(await entries.to_list()) == 1


async def test_a_recharge_becomes_one_unread_notice(customer: Person, announce: Announce) -> None:
    await announce(recharged(user_id=str(customer.id)))
    page = await customer.get()
    assert page["unread_count"] == 1
    assert page["next_cursor"] is None
    (notice,) = page["items"]
    assert notice["title"] == "Recharge successful"
    assert notice["type"] == "transactional"
    assert notice["kind"] == "plan_recharged"
    assert notice["viewed_at"] is None
    assert notice["created_at"].endswith("Z")
    assert notice["data"]["phone_number"] == "+919876543210"
    assert await customer.get("/unread-count") == {"unread_count": 1}


async def test_the_end_of_a_plan_is_told_too(customer: Person, announce: Announce) -> None:
    await announce(
        PlanExpired(user_id=str(customer.id), recharge_id="r", phone_number="+919876543210", plan_name="P")
    )
    assert [n["kind"] for n in (await customer.get())["items"]] == ["plan_expired"]
