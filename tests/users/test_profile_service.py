"""Name, address, type, tier and preferences of a customer."""

from __future__ import annotations

import httpx

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.users import service as users
from gencharge.users.models import DEFAULT_PREFERENCES, User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make import factories
from tests.make.money import buy, find_plan
from tests.make.users import Headers, events_of


async def test_my_name_can_be_changed_and_no_event_tells_it(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    answer = await http.patch("/users/me", headers=user_headers, json={"name": "  Mira   Das "})
    assert (answer.status_code, answer.json()["name"]) == (200, "Mira Das")
    assert (await events_of(stores, user.user_id, "UserUpdated"))[-1]["changes"] == {
        "name": {"old": "A***", "new": "M***"}
    }
    for wrong in ({}, {"name": "x"}, {"name": "Mira", "status": "active"}, {"name": None}):
        assert (await http.patch("/users/me", headers=user_headers, json=wrong)).status_code == 422


async def test_my_language_is_english_until_i_choose_another(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    assert (await http.get("/users/me", headers=user_headers)).json()["language"] == "en"
    answer = await http.patch("/users/me", headers=user_headers, json={"language": "hi"})
    assert (answer.json()["language"], answer.json()["name"]) == ("hi", user.name)
    assert (await events_of(stores, user.user_id, "UserUpdated"))[-1]["changes"] == {
        "language": {"old": "en", "new": "hi"}
    }
    refused = await http.patch("/users/me", headers=user_headers, json={"language": "xx"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body.language")


async def test_language_and_preferences_of_many_are_read_at_once(
    stores: Stores, user: User, user_headers: Headers, http: httpx.AsyncClient
) -> None:
    other = await stores.database.run(factories.make_user)
    await http.patch("/users/me", headers=user_headers, json={"language": "hi"})
    preferences = {**DEFAULT_PREFERENCES, "recharge_reminders": False}
    await http.put("/users/me/preferences", headers=user_headers, json=preferences)
    ids = [user.user_id, other.user_id, new_id()]
    choices = await stores.database.run(lambda db: users.message_choices(db, ids))
    assert {key: (choice.language, choice.preferences) for key, choice in choices.items()} == {
        user.user_id: ("hi", preferences),
        other.user_id: ("en", DEFAULT_PREFERENCES),
    }
    assert await stores.database.run(lambda db: users.message_choices(db, [])) == {}


async def test_preferences_begin_with_no_consent_and_are_set_as_a_whole(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    first = (await http.get("/users/me/preferences", headers=user_headers)).json()
    assert first == {**DEFAULT_PREFERENCES, "updated_at": None}
    assert not first["marketing_communication"]
    preferences = {**DEFAULT_PREFERENCES, "promotional_offers": True, "recharge_reminders": False}
    changed = await http.put("/users/me/preferences", headers=user_headers, json=preferences)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in preferences} == preferences
    assert changed.json()["updated_at"] is not None
    assert (await events_of(stores, user.user_id, "PreferencesChanged"))[-1]["changes"] == {
        "recharge_reminders": {"old": True, "new": False},
        "promotional_offers": {"old": False, "new": True},
    }
    assert await stores.database.run(lambda db: users.preferences_of(db, user.user_id)) == preferences
    del preferences["data_analytics"]
    refused = await http.put("/users/me/preferences", headers=user_headers, json=preferences)
    assert refused.status_code == 422


async def test_the_type_is_switched_unless_a_plan_of_the_other_type_runs_or_waits(
    http: httpx.AsyncClient, shop: Stores, user: User, user_headers: Headers
) -> None:
    async def unit(db: object) -> None:
        await operators.remember(
            db,
            user.phone_number,
            user.user_id,
            operator="JIO",
            circle=None,
            service_type="prepaid",
        )
        await wallet.credit(
            db, user.user_id, Money.rupees(5000), source_account=Account.OPENING, code=Code.OPENING, key="o"
        )

    await shop.database.run(unit)
    same = await http.post("/users/me/switch-type", headers=user_headers, json={"user_type": "prepaid"})
    assert (same.status_code, same.json()["code"]) == (409, "user_type_already_set")
    plan = await find_plan(shop)
    await buy(shop, user.user_id, user.phone_number, plan.plan_id)
    refused = await http.post("/users/me/switch-type", headers=user_headers, json={"user_type": "postpaid"})
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_type_mismatch")
    assert refused.json()["plan_name"] == plan.name
    with clock.later(days=400):  # the plan has ended, and nobody looked since
        headers = factories.headers_for(shop.settings, user)
        done = await http.post("/users/me/switch-type", headers=headers, json={"user_type": "postpaid"})
    assert (done.status_code, done.json()["user_type"]) == (200, "postpaid")
    known = await shop.database.run(lambda db: operators.lookup(db, user.phone_number, user.user_id))
    assert (known.operator, known.service_type) == ("JIO", "postpaid")
