"""A new address or number counts once the codes come back, and the old place is told."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.users import service as users
from tests.auth.conftest import Customer, Phones, assert_problem, new_email
from tests.make import factories
from tests.make.auth import Staff
from tests.make.velocity import caution_of


async def test_an_address_counts_only_after_its_code_came_back(
    asha: Customer, stores: Stores, relay: Relay
) -> None:
    before, email = str(asha.user.email), new_email()
    answer = await asha.put("email", email=email.upper())
    assert answer.status_code == 200, answer.text
    assert (await asha.profile())["email"] == before
    async with stores.database.transaction() as db:
        assert await users.email_of(db, asha.user.user_id) == before
        assert await directory.email_owner(db, email) is None
    code = await asha.code(email)
    wrong = await asha.post("email/confirm", otp=f"{(int(code) + 1) % 10**6:06d}")
    assert assert_problem(wrong, 422, "contact_code_invalid")["errors"][0]["field"] == "body.otp"
    assert (await asha.post("email/confirm", otp=code)).status_code == 204
    profile = await asha.profile()
    assert (profile["email"], profile["email_confirmed"]) == (email, True)
    async with stores.database.transaction() as db:
        assert await users.email_of(db, asha.user.user_id) == email
        assert await directory.email_owner(db, email) == (OwnerKind.USER, asha.user.user_id)
        assert await directory.email_owner(db, before) is None
    assert_problem(await asha.post("email/confirm", otp=code), 404, "contact_change_not_found")
    await relay.drain()


async def test_the_old_address_is_told(
    asha: Customer, relay: Relay, capfd: pytest.CaptureFixture[str]
) -> None:
    before, email = str(asha.user.email), new_email()
    assert (await asha.prove_email(email)).status_code == 204
    await relay.drain()
    lines = [line for line in capfd.readouterr().out.splitlines() if f"[message to {before}]" in line]
    assert len(lines) == 1
    assert f"was changed to {email[0]}***@example.com" in lines[0]
    assert email not in lines[0]


async def test_registering_with_an_address_of_another_account_tells_nothing(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores
) -> None:
    other = await stores.database.run(factories.make_user)
    newcomer = await stores.database.run(lambda db: factories.make_user(db, name=None, email=None))
    headers = await factories.sign_in(app, newcomer)
    body = {"name": "Asha Rao", "email": other.email, "user_type": "prepaid"}
    answer = await client.post("/v1/auth/register", headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["email_confirmed"] is False
    async with stores.database.transaction() as db:
        assert await users.email_of(db, newcomer.user_id) is None
        assert await directory.email_owner(db, str(other.email)) == (OwnerKind.USER, other.user_id)


@pytest.mark.parametrize("path", ["email", "phone-number"])
async def test_changing_how_i_sign_in_needs_a_sign_in_of_just_now(
    app: FastAPI, client: httpx.AsyncClient, stores: Stores, asha: Customer, path: str
) -> None:
    body = {"email": new_email()} if path == "email" else {"phone_number": factories.new_phone()}
    without_session = factories.headers_for(stores.settings, asha.user)
    refused = await client.put(f"/v1/users/me/{path}", headers=without_session, json=body)
    assert_problem(refused, 403, "fresh_sign_in_required")
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE sessions SET created_at = created_at - interval '1 hour' WHERE user_id = :id"),
            {"id": asha.user.user_id},
        )
    assert_problem(await asha.put(path, **body), 403, "fresh_sign_in_required")


async def test_a_new_number_takes_both_codes_and_signs_me_out_everywhere(
    app: FastAPI, asha: Customer, stores: Stores, relay: Relay, capfd: pytest.CaptureFixture[str]
) -> None:
    old, new = asha.user.phone_number, factories.new_phone()
    elsewhere = await factories.sign_in(app, asha.user)
    profile = await asha.profile()
    answer = await asha.put("phone-number", phone_number=new)
    assert answer.status_code == 200, answer.text
    right, old_code = await asha.code(new), await asha.code(old)
    swapped = await asha.post("phone-number/confirm", otp=old_code, old_otp=right)
    problem = assert_problem(swapped, 422, "contact_code_invalid")
    assert {entry["field"] for entry in problem["errors"]} == {"body.otp", "body.old_otp"}
    half = await asha.post("phone-number/confirm", otp=right, old_otp="000000")
    assert [e["field"] for e in assert_problem(half, 422, "contact_code_invalid")["errors"]] == [
        "body.old_otp"
    ]
    assert (await asha.profile())["phone_number"] == old
    # The new number's code was right before, and is not asked for again.
    done = await asha.post("phone-number/confirm", otp="000000", old_otp=old_code)
    assert done.status_code == 204, done.text
    for headers in (asha.headers, elsewhere):
        gone = await asha.client.get("/v1/users/me", headers=headers)
        assert_problem(gone, 401, "session_ended")
    back = Customer(asha.client, asha.phones, asha.user, await factories.sign_in(app, asha.user))
    assert await back.profile() == profile | {"phone_number": new}
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, new) == (OwnerKind.USER, asha.user.user_id)
        assert await directory.phone_owner(db, old) is None
    assert await caution_of(stores, asha.user.user_id) is not None
    await relay.drain()
    sent = capfd.readouterr().out
    for recipient in (old, new, str(asha.user.email)):
        assert f"[message to {recipient}] The phone number of your GenCharge account was changed" in sent


async def test_my_own_number_is_no_change(asha: Customer) -> None:
    answer = await asha.put("phone-number", phone_number=asha.user.phone_number)
    assert_problem(answer, 409, "phone_number_unchanged")


async def test_an_admin_proves_a_new_address_with_a_step_up(
    ravi: Staff, phones: Phones, stores: Stores
) -> None:
    email = new_email()
    body = {"email": email}
    refused = await ravi.client.put("/v1/admins/me/email", headers=ravi.headers, json=body)
    assert_problem(refused, 403, "step_up_required")
    await ravi.enroll()
    sent = await ravi.client.put("/v1/admins/me/email", headers=ravi.headers, json=body)
    assert sent.status_code == 200, sent.text
    match = re.search(r"\] (\d{6}) is", (await phones.messages(email))[-1])
    assert match
    assert (await ravi.post("/v1/admins/me/email/confirm", otp=match[1])).status_code == 204
    assert (await ravi.get("/v1/admins/me")).json()["email"] == email
