"""How a customer is reached: what the staff change, and what goes with a new number."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.directory.models import OwnerKind
from gencharge.operators import service as operators
from gencharge.sessions import service as sessions
from gencharge.users import contact_service as contacts
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import service as users
from gencharge.users.errors import UserAlreadyArchived, UserNotActive
from gencharge.users.models import User
from tests.make import factories
from tests.make.users import Headers, events_of

REASON = "Asked for at the counter, with an identity card"


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


async def set_email(db: AsyncSession, user: User, email: str) -> User:
    """What the second admin's approval does."""
    before = (await users.get(db, user.user_id)).email
    return await contacts.replace_email(db, user.user_id, email, reason=REASON, instead_of=before)


async def test_no_code_goes_for_a_day_to_an_address_that_the_staff_set(stores: Stores, user: User) -> None:
    before, email = str(user.email), new_email()
    run = stores.database.run
    changed = await run(lambda db: set_email(db, user, email))
    assert (changed.email, changed.email_confirmed) == (email, False)
    assert await run(lambda db: users.email_of(db, user.user_id)) is None
    assert await run(lambda db: directory.email_owner(db, before)) is None
    assert await run(lambda db: directory.email_owner(db, email)) == (OwnerKind.USER, user.user_id)
    with clock.later(hours=23, minutes=59):
        assert await run(lambda db: users.email_of(db, user.user_id)) is None
    with clock.later(hours=24, seconds=1):
        assert await run(lambda db: users.email_of(db, user.user_id)) == email
    [event] = await events_of(stores, user.user_id, "UserEmailChanged")
    assert (event["reason"], event["old_counted"]) == (REASON, True)
    assert event["changes"] == {"email": {"old": before, "new": email}}


async def test_setting_the_address_again_does_not_end_the_wait_and_proving_it_does(
    stores: Stores, user: User
) -> None:
    run, email = stores.database.run, new_email()
    first = await run(lambda db: set_email(db, user, email))
    with clock.later(hours=1):
        again = await run(lambda db: set_email(db, user, email))
        assert again.email_usable_from == first.email_usable_from
        proved = await run(lambda db: contacts.confirm_email(db, user.user_id, email))
        assert proved.email_confirmed
        assert isinstance(proved.email_usable_from, datetime)
    assert proved.email_usable_from - timedelta(hours=2) < clock.now()


async def test_the_staff_learn_that_an_address_or_number_is_taken(stores: Stores, user: User) -> None:
    other = await stores.database.run(factories.make_user)
    with pytest.raises(EmailAlreadyExists):
        await stores.database.run(lambda db: set_email(db, user, str(other.email)))
    with pytest.raises(PhoneNumberAlreadyExists):
        await stores.database.run(
            lambda db: contacts.change_phone_number(db, user.user_id, other.phone_number, reason=REASON)
        )


async def test_a_new_number_takes_everything_of_the_customer_along(shop: Stores, user: User) -> None:
    run, old, new = shop.database.run, user.phone_number, factories.new_phone()
    await run(lambda db: operators.remember(db, old, user.user_id, "JIO", "KA", "prepaid"))
    await run(lambda db: operators.remember(db, new, user.user_id, "VI", "MH", "prepaid"))
    changed = await run(lambda db: contacts.change_phone_number(db, user.user_id, new, reason=REASON))
    assert (changed.phone_number, changed.referral_code) == (new, user.referral_code)
    async with shop.database.transaction() as db:
        known = await operators.lookup(db, new, user.user_id)
        assert (known.operator, known.circle, known.known_by) == ("VI", "MH", "user")
        assert await directory.phone_owner(db, old) is None
    [event] = await events_of(shop, user.user_id, "UserPhoneNumberChanged")
    assert event["changes"] == {"phone_number": {"old": old, "new": new}}


async def test_a_new_number_ends_all_sessions_and_the_same_number_none(stores: Stores, user: User) -> None:
    run = stores.database.run
    await run(lambda db: sessions.start(db, stores.settings, user_id=user.user_id, kind="user"))

    async def live() -> int:
        return len(await run(lambda db: sessions.revoke_all(db, user.user_id, reason="counted")))

    await run(lambda db: contacts.change_phone_number(db, user.user_id, user.phone_number, reason=REASON))
    assert await events_of(stores, user.user_id, "UserPhoneNumberChanged") == []
    await run(lambda db: contacts.change_phone_number(db, user.user_id, factories.new_phone(), reason=REASON))
    assert await live() == 0


async def test_of_many_who_race_for_one_number_one_gets_it(stores: Stores) -> None:
    number = factories.new_phone()
    people = [await stores.database.run(factories.make_user) for _ in range(8)]

    async def take(person: User) -> bool:
        try:
            await stores.database.run(
                lambda db: contacts.change_phone_number(db, person.user_id, number, reason=REASON)
            )
        except PhoneNumberAlreadyExists:
            return False
        return True

    assert sorted(await asyncio.gather(*map(take, people))) == [False] * 7 + [True]
    async with stores.database.transaction() as db:
        owner = await directory.phone_owner(db, number)
        holders = [p.user_id for p in people if (await users.get(db, p.user_id)).phone_number == number]
    assert owner is not None
    assert holders == [owner[1]]


async def test_two_customers_who_swap_numbers_at_once_never_share_one(stores: Stores) -> None:
    first, second = [await stores.database.run(factories.make_user) for _ in range(2)]

    async def take(person: User, number: str) -> bool:
        try:
            await stores.database.run(
                lambda db: contacts.change_phone_number(db, person.user_id, number, reason=REASON)
            )
        except PhoneNumberAlreadyExists:
            return False
        return True

    await asyncio.gather(take(first, second.phone_number), take(second, first.phone_number))
    async with stores.database.transaction() as db:
        for person in (first, second):
            number = (await users.get(db, person.user_id)).phone_number
            assert await directory.phone_owner(db, number) == (OwnerKind.USER, person.user_id)


async def test_a_blocked_or_closed_account_keeps_its_number(stores: Stores, user: User) -> None:
    run, number = stores.database.run, factories.new_phone()
    await run(lambda db: lifecycle.block(db, user.user_id, by=user.user_id, reason=REASON))
    with pytest.raises(UserNotActive) as blocked:
        await run(lambda db: contacts.change_phone_number(db, user.user_id, number, reason=REASON))
    assert "blocked" in blocked.value.detail
    closed = await run(factories.make_user)
    await run(
        lambda db: lifecycle.archive(
            db, (), closed.user_id, by=closed.user_id, reason=REASON, payout=False, keep_days=30
        )
    )
    with pytest.raises(UserAlreadyArchived):
        await run(lambda db: contacts.change_phone_number(db, closed.user_id, number, reason=REASON))
    with pytest.raises(UserAlreadyArchived):
        await run(
            lambda db: contacts.replace_email(
                db, closed.user_id, new_email(), reason=REASON, instead_of=closed.email
            )
        )
    assert await run(lambda db: directory.phone_owner(db, number)) is None


async def approve(http: httpx.AsyncClient, stores: Stores, waiting: httpx.Response) -> httpx.Response:
    """A decision of another admin."""
    second = factories.headers_for(stores.settings, await stores.database.run(factories.make_admin))
    path = f"/v1/approvals/{waiting.json()['approval_id']}/approve"
    return await http.post(path, json={"note": "was checked"}, headers=second)


async def test_two_admins_change_both_over_http_with_a_step_up_only(
    http: httpx.AsyncClient, stores: Stores, user: User, user_headers: Headers, boss: Headers
) -> None:
    path, admin = f"/v1/users/{user.user_id}", await stores.database.run(factories.make_admin)
    stale = factories.headers_for(stores.settings, admin, second_factor_at=0)
    email, number = new_email(), factories.new_phone()
    before = (await http.get(path, headers=boss)).json()
    for part, body in (("email", {"email": email}), ("phone-number", {"phone_number": number})):
        refused = await http.put(f"{path}/{part}", headers=stale, json={**body, "reason": REASON})
        assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
        assert (await http.put(f"{path}/{part}", headers=boss, json=body)).status_code == 422
        field = next(iter(body))
        same = {field: before[field], "reason": REASON}
        assert (await http.put(f"{path}/{part}", headers=boss, json=same)).status_code == 200
        waiting = await http.put(f"{path}/{part}", headers=boss, json={**body, "reason": REASON})
        assert waiting.status_code == 202, waiting.text
        assert body[field] not in waiting.text
        assert (await http.get(path, headers=boss)).json()[field] == before[field]
        decided = f"/v1/approvals/{waiting.json()['approval_id']}/approve"
        own = await http.post(decided, json={"note": "was checked"}, headers=boss)
        assert own.json()["code"] == "approval_second_admin_required"
        assert (await approve(http, stores, waiting)).status_code == 200
    answer = await http.get(path, headers=boss)
    assert (answer.json()["email"], answer.json()["phone_number"]) == (email, number)
    assert answer.json()["email_confirmed"] is False
    assert answer.json()["email_usable_from"]
    gone = await http.get("/v1/users/me", headers=user_headers)
    assert (gone.status_code, gone.json()["code"]) == (401, "session_ended")


async def test_a_request_for_a_number_that_the_customer_has_changed_since_is_refused(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers
) -> None:
    path, own = f"/v1/users/{user.user_id}", factories.new_phone()
    body = {"phone_number": factories.new_phone(), "reason": REASON}
    waiting = await http.put(f"{path}/phone-number", headers=boss, json=body)
    await stores.database.run(
        lambda db: contacts.change_phone_number(db, user.user_id, own, reason="proved both")
    )
    refused = await approve(http, stores, waiting)
    assert (refused.status_code, refused.json()["code"]) == (412, "resource_changed")
    assert (await http.get(path, headers=boss)).json()["phone_number"] == own


async def test_a_number_or_address_that_is_taken_is_refused_before_a_second_admin_is_asked(
    http: httpx.AsyncClient, stores: Stores, user: User, boss: Headers
) -> None:
    other = await stores.database.run(factories.make_user)
    for part, field in (("email", "email"), ("phone-number", "phone_number")):
        body = {field: getattr(other, field), "reason": REASON}
        refused = await http.put(f"/v1/users/{user.user_id}/{part}", headers=boss, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, f"{field}_already_exists")
