"""What customers do with their own account over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.operators import service as operators
from gencharge.users import service as users
from gencharge.users.models import DEFAULT_PREFERENCES, User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests import factories
from tests.money import buy, find_plan
from tests.users.conftest import Headers, events_of


async def test_my_name_can_be_changed_and_no_event_tells_it(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    answer = await http.patch("/users/me", headers=me, json={"name": "  Mira   Das "})
    assert (answer.status_code, answer.json()["name"]) == (200, "Mira Das")
    assert (await events_of(stores, user.user_id, "UserUpdated"))[-1]["changes"] == {
        "name": {"old": "A***", "new": "M***"}
    }
    for wrong in ({}, {"name": "x"}, {"name": "Mira", "status": "active"}, {"name": None}):
        assert (await http.patch("/users/me", headers=me, json=wrong)).status_code == 422


async def test_a_new_address_frees_the_old_one_and_a_taken_one_names_its_field(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    other = await stores.database.run(factories.make_user)
    taken = await http.put("/users/me/email", headers=me, json={"email": str(other.email).upper()})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_already_exists")
    assert taken.json()["errors"][0]["field"] == "body.email"
    fresh = f"new-{user.user_id}@example.com"
    assert (await http.put("/users/me/email", headers=me, json={"email": fresh})).json()["email"] == fresh
    again = await http.put("/users/me/email", headers=me, json={"email": fresh})
    assert again.status_code == 200
    assert len(await events_of(stores, user.user_id, "UserUpdated")) == 1
    async with stores.database.transaction() as db:
        assert await directory.email_owner(db, str(user.email)) is None
        assert await directory.email_owner(db, fresh) == (OwnerKind.USER, user.user_id)


async def test_preferences_begin_with_no_consent_and_are_set_as_a_whole(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    first = (await http.get("/users/me/preferences", headers=me)).json()
    assert first == {**DEFAULT_PREFERENCES, "updated_at": None}
    assert not first["marketing_communication"]
    wanted = {**DEFAULT_PREFERENCES, "promotional_offers": True, "recharge_reminders": False}
    changed = await http.put("/users/me/preferences", headers=me, json=wanted)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in wanted} == wanted
    assert changed.json()["updated_at"] is not None
    assert (await events_of(stores, user.user_id, "PreferencesChanged"))[-1]["changes"] == {
        "recharge_reminders": {"old": True, "new": False},
        "promotional_offers": {"old": False, "new": True},
    }
    assert await stores.database.run(lambda db: users.preferences_of(db, user.user_id)) == wanted
    del wanted["data_analytics"]
    assert (await http.put("/users/me/preferences", headers=me, json=wanted)).status_code == 422


async def test_deactivating_signs_me_out_and_signing_in_brings_me_back(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    early = await http.post("/users/me/reactivate", headers=me)
    assert (early.status_code, early.json()["code"]) == (409, "user_not_deactivated")
    assert early.json()["user_status"] == "active"
    left = await http.post("/users/me/deactivate", headers=me, json={"reason": "A long journey"})
    assert left.status_code == 204
    assert (await http.get("/users/me", headers=me)).json()["code"] == "session_ended"
    back = await stores.database.run(lambda db: users.admit(db, user.user_id, reactivating=True))
    assert (back.status, back.status_reason) == ("active", "signed in")
    assert len(await events_of(stores, user.user_id, "UserReactivated")) == 1


async def test_deleting_needs_a_sign_in_of_just_now(
    app: FastAPI, http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    without_session = factories.headers_for(stores.settings, user)
    refused = await http.delete("/users/me", headers=without_session)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_required")
    with clock.later(minutes=stores.settings.step_up_minutes + 1):
        stale = {"Authorization": me["Authorization"]}
        fresh_token = await factories.sign_in(app, user)
        assert (await http.delete("/users/me", headers=stale)).status_code == 401
        assert (await http.delete("/users/me", headers=fresh_token)).status_code == 204
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, user.phone_number) is None


async def test_a_wallet_with_money_keeps_the_account_open_unless_it_is_paid_out(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    await stores.database.run(
        lambda db: wallet.credit(
            db, user.user_id, Money(12_345), source_account=Account.OPENING, code=Code.OPENING, key="opening"
        )
    )
    refused = await http.delete("/users/me", headers=me)
    assert (refused.status_code, refused.json()["code"]) == (409, "wallet_not_empty")
    assert (refused.json()["balance"], refused.json()["held"]) == (123.45, 0)
    assert (await http.get("/users/me", headers=me)).json()["status"] == "active"
    assert (await http.delete("/users/me?payout=true", headers=me)).status_code == 204
    assert (await http.get("/users/me", headers=me)).status_code == 401
    async with stores.database.transaction() as db:
        assert await wallet.available(db, user.user_id) == Money(0)


async def test_held_money_keeps_the_account_open_also_with_a_payout(
    http: httpx.AsyncClient, stores: Stores, user: User, me: Headers
) -> None:
    async def hold(db: object) -> None:
        await wallet.credit(
            db, user.user_id, Money(500), source_account=Account.OPENING, code=Code.OPENING, key="opening"
        )
        await wallet.debit(
            db, user.user_id, Money(200), target_account=Account.HELD, code=Code.HOLD, key="one"
        )

    await stores.database.run(hold)
    refused = await http.delete("/users/me?payout=true", headers=me)
    assert (refused.status_code, refused.json()["code"]) == (409, "wallet_has_holds")
    assert (refused.json()["balance"], refused.json()["held"]) == (3, 2)


async def test_the_type_is_switched_unless_a_plan_of_the_other_type_runs_or_waits(
    http: httpx.AsyncClient, shop: Stores, user: User, me: Headers
) -> None:
    async def unit(db: object) -> None:
        await operators.remember(
            db,
            user.phone_number,
            user.user_id,
            operator="JIO",
            circle=None,
            service_type="prepaid",
            owns=True,
        )
        await wallet.credit(
            db, user.user_id, Money.rupees(5000), source_account=Account.OPENING, code=Code.OPENING, key="o"
        )

    await shop.database.run(unit)
    same = await http.post("/users/me/switch-type", headers=me, json={"user_type": "prepaid"})
    assert (same.status_code, same.json()["code"]) == (409, "user_type_already_set")
    plan = await find_plan(shop)
    await buy(shop, user.user_id, user.phone_number, plan.plan_id)
    refused = await http.post("/users/me/switch-type", headers=me, json={"user_type": "postpaid"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_type_mismatch")
    assert refused.json()["plan_name"] == plan.name
    with clock.later(days=400):  # the plan has ended, and nobody looked since
        headers = factories.headers_for(shop.settings, user)
        done = await http.post("/users/me/switch-type", headers=headers, json={"user_type": "postpaid"})
    assert (done.status_code, done.json()["user_type"]) == (200, "postpaid")
    known = await shop.database.run(lambda db: operators.lookup(db, user.phone_number))
    assert (known.operator, known.service_type) == ("JIO", "postpaid")


@pytest.mark.parametrize("path", ["", "/preferences", "/numbers", "/export"])
async def test_an_admin_has_no_account_of_a_customer(
    http: httpx.AsyncClient, boss: Headers, path: str
) -> None:
    assert (await http.get(f"/users/me{path}", headers=boss)).json()["code"] == "users_only"
