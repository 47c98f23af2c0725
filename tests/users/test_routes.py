"""Users over HTTP."""

from __future__ import annotations

from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from tests import factories


async def test_a_signed_in_user_sees_their_own_data(app: FastAPI, stores: Stores) -> None:
    user = await stores.database.run(lambda db: factories.make_user(db, name="Asha Rao"))
    async with factories.new_client(app) as client:
        answer = await client.get("/users/me", headers=await factories.sign_in(app, user))
    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert me["phone_number"] == user.phone_number
    assert me["name"] == "Asha Rao"
    assert len(me["referral_code"]) == 8
    assert set(me) == {
        "user_id", "phone_number", "status", "name", "email", "user_type",
        "referral_code", "kyc_tier", "registered_at", "created_at",
    }  # fmt: skip
