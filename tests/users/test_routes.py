"""`/users/me` over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.directory import service as directory
from gencharge.users import service as users
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make import factories
from tests.make.users import Headers, events_of


async def test_a_signed_in_user_sees_their_own_data(app: FastAPI, stores: Stores) -> None:
    user = await stores.database.run(lambda db: factories.make_user(db, name="Asha Rao"))
    async with factories.new_client(app) as client:
        answer = await client.get("/users/me", headers=await factories.sign_in(app, user))
    assert answer.status_code == 200, answer.text
    profile = answer.json()
    assert profile["phone_number"] == user.phone_number
    assert profile["name"] == "Asha Rao"
    assert len(profile["referral_code"]) == 8
    assert set(profile) == {
        "user_id", "phone_number", "status", "name", "email", "email_confirmed", "user_type",
        "referral_code", "kyc_tier", "language", "registered_at", "created_at",
    }  # fmt: skip


async def test_deactivating_signs_me_out_and_signing_in_brings_me_back(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    left = await http.post("/users/me/deactivate", headers=user_headers, json={"reason": "A long journey"})
    assert left.status_code == 204
    assert (await http.get("/users/me", headers=user_headers)).json()["code"] == "session_ended"
    back = await stores.database.run(lambda db: users.admit(db, user.user_id, reactivating=True))
    assert (back.status, back.status_reason) == ("active", "signed in")
    assert len(await events_of(stores, user.user_id, "UserReactivated")) == 1


async def test_deleting_needs_a_sign_in_of_just_now(
    app: FastAPI, http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    without_session = factories.headers_for(stores.settings, user)
    refused = await http.delete("/users/me", headers=without_session)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_required")
    with clock.later(minutes=stores.settings.step_up_minutes + 1):
        stale = {"Authorization": user_headers["Authorization"]}
        fresh_token = await factories.sign_in(app, user)
        assert (await http.delete("/users/me", headers=stale)).status_code == 401
        assert (await http.delete("/users/me", headers=fresh_token)).status_code == 204
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, user.phone_number) is None


async def test_a_wallet_with_money_keeps_the_account_open_unless_it_is_paid_out(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    await stores.database.run(
        lambda db: wallet.credit(
            db, user.user_id, Money(12_345), source_account=Account.OPENING, code=Code.OPENING, key="opening"
        )
    )
    refused = await http.delete("/users/me", headers=user_headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "wallet_not_empty")
    assert (refused.json()["balance"], refused.json()["held"]) == (123.45, 0)
    assert (await http.get("/users/me", headers=user_headers)).json()["status"] == "active"
    assert (await http.delete("/users/me?payout=true", headers=user_headers)).status_code == 204
    assert (await http.get("/users/me", headers=user_headers)).status_code == 401
    async with stores.database.transaction() as db:
        assert await wallet.available(db, user.user_id) == Money(0)


async def test_held_money_keeps_the_account_open_also_with_a_payout(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers
) -> None:
    async def hold(db: object) -> None:
        await wallet.credit(
            db, user.user_id, Money(500), source_account=Account.OPENING, code=Code.OPENING, key="opening"
        )
        await wallet.debit(
            db, user.user_id, Money(200), target_account=Account.HELD, code=Code.HOLD, key="one"
        )

    await stores.database.run(hold)
    refused = await http.delete("/users/me?payout=true", headers=user_headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "wallet_has_holds")
    assert (refused.json()["balance"], refused.json()["held"]) == (3, 2)


@pytest.mark.parametrize("path", ["", "/preferences", "/numbers", "/export"])
async def test_an_admin_has_no_account_of_a_customer(
    http: httpx.AsyncClient, boss: Headers, path: str
) -> None:
    assert (await http.get(f"/users/me{path}", headers=boss)).json()["code"] == "users_only"
