"""What codes prove, for whom and for how long, and that nobody learns who has an address or a number."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.auth import personal_data
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.directory import service as directory
from gencharge.operators import service as operators
from gencharge.users import service as users
from tests.auth.conftest import Customer, Phones, assert_problem, new_email
from tests.make import factories


async def test_an_address_of_another_account_gets_the_same_answer_and_its_owner_is_told(
    asha: Customer, stores: Stores
) -> None:
    other = await stores.database.run(factories.make_user)
    free = await asha.put("email", email=new_email())
    taken = await asha.put("email", email=str(other.email))
    assert (taken.status_code, taken.json()) == (free.status_code, free.json())
    [message] = await asha.phones.messages(str(other.email))
    assert "belongs to your account" in message
    assert not re.search(r"\d{6}", message.partition("]")[2])
    for otp in ("000000", "123456"):
        assert_problem(await asha.post("email/confirm", otp=otp), 422, "contact_code_invalid")
    assert (await asha.profile())["email"] == asha.user.email


async def test_of_two_who_prove_one_address_the_second_is_refused(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, stores: Stores, asha: Customer
) -> None:
    email = new_email()
    assert (await asha.put("email", email=email)).status_code == 200
    code = await asha.code(email)
    rival = await stores.database.run(factories.make_user)
    async with stores.database.transaction() as db:
        await users.confirm_email(db, rival.user_id, email)
    assert_problem(await asha.post("email/confirm", otp=code), 409, "email_already_exists")
    assert (await asha.profile())["email"] == asha.user.email


async def test_a_code_is_good_for_its_purpose_its_owner_and_five_minutes(
    app: FastAPI, client: httpx.AsyncClient, phones: Phones, stores: Stores, asha: Customer
) -> None:
    email = new_email()
    await asha.put("email", email=email)
    code = await asha.code(email)
    other = await stores.database.run(factories.make_user)
    mallory = Customer(client, phones, other, await factories.sign_in(app, other))
    assert_problem(await mallory.post("email/confirm", otp=code), 404, "contact_change_not_found")
    with clock.later(minutes=6):
        late = Customer(client, phones, asha.user, await factories.sign_in(app, asha.user))
        assert_problem(await late.post("email/confirm", otp=code), 404, "contact_change_not_found")


async def test_a_customer_begins_ten_changes_a_day(asha: Customer, stores: Stores) -> None:
    for _ in range(10):
        assert (await asha.put("email", email=new_email())).status_code == 200
    refused = assert_problem(await asha.put("email", email=new_email()), 429, "contact_change_limit_exceeded")
    assert "Try again in" in refused["detail"]


async def test_a_number_of_another_account_gets_the_same_answer_and_its_owner_is_told(
    asha: Customer, stores: Stores
) -> None:
    other = await stores.database.run(factories.make_user)
    free = await asha.put("phone-number", phone_number=factories.new_phone())
    with clock.later(seconds=31):
        taken = await asha.put("phone-number", phone_number=other.phone_number)
    # It is the second code for the present number, whichever the new one is.
    assert (taken.status_code, taken.json()) == (200, free.json() | {"resend_after_seconds": 60})
    [message] = await asha.phones.messages(other.phone_number)
    assert "belongs to your account" in message
    code = await asha.code(asha.user.phone_number)
    guess = await asha.post("phone-number/confirm", otp="123456", old_otp=code)
    assert_problem(guess, 422, "contact_code_invalid")
    assert (await asha.profile())["phone_number"] == asha.user.phone_number


async def test_who_signs_up_with_the_old_number_is_somebody_else(asha: Customer, shop: Stores) -> None:
    old = asha.user.phone_number
    await shop.database.run(lambda db: operators.remember(db, old, asha.user.user_id, "JIO", "KA", "prepaid"))
    assert (await asha.prove_number(factories.new_phone())).status_code == 204
    stranger = await shop.database.run(lambda db: factories.make_user(db, phone_number=old))
    assert stranger.user_id != asha.user.user_id
    async with shop.database.transaction() as db:
        assert await operators.lookup(db, old, stranger.user_id) == operators.guess(old)


async def test_a_blocked_customer_changes_nothing(asha: Customer, stores: Stores) -> None:
    new = factories.new_phone()
    assert (await asha.put("phone-number", phone_number=new)).status_code == 200
    codes = {"otp": await asha.code(new), "old_otp": await asha.code(asha.user.phone_number)}
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET status = 'blocked' WHERE user_id = :id"), {"id": asha.user.user_id}
        )
    assert_problem(await asha.post("phone-number/confirm", **codes), 409, "user_not_active")
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, new) is None


@pytest.mark.parametrize(
    ("overrides", "path", "code"),
    [
        ({"otp_channel": "sms", "gencharge_sms_url": "http://127.0.0.1:1/"}, "email", "mail_unavailable"),
        ({"otp_channel": "smtp", "smtp_host": "127.0.0.1"}, "phone-number", "sms_unavailable"),
    ],
)
async def test_what_no_channel_reaches_is_not_begun(
    asha: Customer, monkeypatch: pytest.MonkeyPatch, overrides: dict[str, str], path: str, code: str
) -> None:
    context = asha.phones.context
    monkeypatch.setattr(context, "settings", context.settings.model_copy(update=overrides))
    body = {"email": new_email()} if path == "email" else {"phone_number": factories.new_phone()}
    assert_problem(await asha.put(path, **body), 503, code)


async def test_a_number_that_the_staff_change_while_codes_are_on_their_way_stays_theirs(
    app: FastAPI, asha: Customer, stores: Stores
) -> None:
    new, given_by_staff = factories.new_phone(), factories.new_phone()
    assert (await asha.put("phone-number", phone_number=new)).status_code == 200
    codes = {"otp": await asha.code(new), "old_otp": await asha.code(asha.user.phone_number)}
    await stores.database.run(
        lambda db: users.change_phone_number(db, asha.user.user_id, given_by_staff, reason="lost")
    )
    back = Customer(asha.client, asha.phones, asha.user, await factories.sign_in(app, asha.user))
    answer = await back.post("phone-number/confirm", **codes)
    assert answer.status_code in {412, 422}, answer.text
    assert (await back.profile())["phone_number"] == given_by_staff


async def test_what_waits_for_its_code_is_in_the_export_and_what_was_proved_is_not(
    asha: Customer, stores: Stores
) -> None:
    export = personal_data.PART.export
    assert export is not None
    email = new_email()
    assert (await asha.put("email", email=email)).status_code == 200
    [waiting] = await export(stores, asha.user.user_id)
    assert (waiting["kind"], waiting["new_value"]) == ("email", email)
    assert (await asha.post("email/confirm", otp=await asha.code(email))).status_code == 204
    assert await export(stores, asha.user.user_id) == []


async def test_the_answer_says_how_long_the_next_code_really_takes(app: FastAPI, asha: Customer) -> None:
    email, pauses = new_email(), []
    for seconds in (0, 31, 92):
        with clock.later(seconds=seconds):
            asha.headers |= await factories.sign_in(app, asha.user)
            begun = await asha.put("email", email=email)
            assert begun.status_code == 200, begun.text
            pauses.append(begun.json()["resend_after_seconds"])
    assert pauses == [30, 60, 120]
