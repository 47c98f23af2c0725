"""Users: one number, one address, one code each."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.directory.models import OwnerKind
from gencharge.users import service as users
from gencharge.users.errors import (
    OwnReferralCode,
    ReferralCodeInvalid,
    UserAlreadyRegistered,
    UserBlocked,
    UserNotFound,
)
from gencharge.users.models import User, UserStatus
from tests.make import factories


async def test_twenty_racing_sign_ups_of_one_number_make_one_user(stores: Stores) -> None:
    phone_number = factories.new_phone()

    async def create() -> User | PhoneNumberAlreadyExists:
        try:
            return await stores.database.run(lambda db: users.create(db, phone_number=phone_number))
        except PhoneNumberAlreadyExists as error:
            return error

    results = await asyncio.gather(*(create() for _ in range(20)))
    assert sum(isinstance(one, User) for one in results) == 1
    async with stores.database.transaction() as db:
        rows = await db.scalars(select(User).where(User.phone_number == phone_number))
        assert len(rows.all()) == 1


async def test_a_number_or_address_that_is_taken_is_named_and_leaves_nothing_behind(stores: Stores) -> None:
    user = await stores.database.run(lambda db: factories.make_user(db, email="Asha.Taken@example.com"))
    with pytest.raises(PhoneNumberAlreadyExists) as phone:
        await stores.database.run(lambda db: users.create(db, phone_number=user.phone_number))
    assert phone.value.errors
    assert phone.value.errors[0]["field"] == "body.phone_number"
    free = factories.new_phone()
    with pytest.raises(EmailAlreadyExists) as email:
        await stores.database.run(
            lambda db: users.create(db, phone_number=free, email="asha.taken@EXAMPLE.com")
        )
    assert email.value.errors
    assert email.value.errors[0]["field"] == "body.email"
    assert await stores.database.run(lambda db: directory.phone_owner(db, free)) is None


async def test_a_number_is_a_users_or_an_admins_and_never_both(stores: Stores) -> None:
    admin = await stores.database.run(factories.make_admin)
    with pytest.raises(PhoneNumberAlreadyExists):
        await stores.database.run(lambda db: users.create(db, phone_number=admin.phone_number))
    user = await stores.database.run(factories.make_user)
    with pytest.raises(PhoneNumberAlreadyExists):
        await stores.database.run(lambda db: factories.make_admin(db, phone_number=user.phone_number))
    with pytest.raises(EmailAlreadyExists):
        await stores.database.run(lambda db: factories.make_admin(db, email=user.email))


async def test_a_released_number_can_be_taken_by_somebody_else(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    await stores.database.run(
        lambda db: directory.release(db, owner_id=new_id(), phone_number=user.phone_number, email=user.email)
    )
    with pytest.raises(PhoneNumberAlreadyExists):  # it was not theirs to release
        await stores.database.run(lambda db: users.create(db, phone_number=user.phone_number))
    await stores.database.run(
        lambda db: directory.release(
            db, owner_id=user.user_id, phone_number=user.phone_number, email=user.email
        )
    )
    other = await stores.database.run(
        lambda db: users.create(db, phone_number=user.phone_number, name="Mira", email=user.email)
    )
    owner = await stores.database.run(lambda db: directory.phone_owner(db, user.phone_number))
    assert owner == (OwnerKind.USER, other.user_id)


async def test_referral_codes_have_no_letters_that_look_like_others(stores: Stores) -> None:
    async with stores.database.transaction() as db:
        customers = [await users.create(db, phone_number=factories.new_phone()) for _ in range(50)]
    codes = {user.referral_code for user in customers}
    assert len(codes) == 50
    assert not set("".join(codes)) & set("01OIL")
    assert {len(code) for code in codes} == {8}


async def test_when_no_code_is_free_nothing_is_made(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    user = await stores.database.run(factories.make_user)
    phone_number = factories.new_phone()
    letters = iter(user.referral_code * 5)
    monkeypatch.setattr("gencharge.users.service.secrets.choice", lambda _alphabet: next(letters))
    with pytest.raises(RuntimeError, match="referral code"):
        await stores.database.run(lambda db: users.create(db, phone_number=phone_number))
    assert await stores.database.run(lambda db: directory.phone_owner(db, phone_number)) is None


async def _bare(stores: Stores) -> User:
    return await stores.database.run(lambda db: users.create(db, phone_number=factories.new_phone()))


async def _register(stores: Stores, user: User, **overrides: Any) -> User:
    values: dict[str, Any] = {
        "name": "Asha Rao",
        "email": f"{user.user_id}@example.com",
        "user_type": "postpaid",
    }
    return await stores.database.run(lambda db: users.register(db, user.user_id, **(values | overrides)))


async def test_registering_is_done_once_even_by_ten_at_a_time(stores: Stores) -> None:
    user = await _bare(stores)
    done = await asyncio.gather(*(_register(stores, user) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, User) for one in done) == 1
    assert sum(isinstance(one, UserAlreadyRegistered) for one in done) == 9


async def test_a_referral_is_written_down_and_announced(stores: Stores) -> None:
    referrer, user = await _bare(stores), await _bare(stores)
    registered = await _register(stores, user, referral_code=referrer.referral_code)
    assert registered.referred_by == referrer.user_id
    async with stores.database.transaction() as db:
        payload = await db.scalar(
            text("SELECT payload FROM events WHERE topic = 'UserRegistered' AND user_id = :id"),
            {"id": user.user_id},
        )
    assert payload["referred_by"] == str(referrer.user_id)


@pytest.mark.parametrize(("code", "error"), [("ZZZZZZZZ", ReferralCodeInvalid), (None, OwnReferralCode)])
async def test_a_wrong_referral_code_is_refused_and_nothing_is_registered(
    stores: Stores, code: str | None, error: type[Exception]
) -> None:
    user = await _bare(stores)
    with pytest.raises(error):
        await _register(stores, user, referral_code=code or user.referral_code)
    assert (await _register(stores, user)).registered_at is not None


async def test_who_is_gone_is_unknown_and_who_is_blocked_gets_no_session(stores: Stores) -> None:
    user = await _bare(stores)
    for status, reactivating, error in [
        (UserStatus.BLOCKED, True, UserBlocked),
        (UserStatus.ARCHIVED, True, UserNotFound),
        (UserStatus.DEACTIVATED, False, UserNotFound),
    ]:
        await _set_status(stores, user, status)
        with pytest.raises(error):
            await stores.database.run(
                lambda db, back=reactivating: users.admit(db, user.user_id, reactivating=back)
            )
    await _set_status(stores, user, UserStatus.ARCHIVED)
    with pytest.raises(UserNotFound):
        await stores.database.run(lambda db: users.get(db, user.user_id))
    with pytest.raises(UserNotFound):
        await _register(stores, user)


async def _set_status(stores: Stores, user: User, status: UserStatus) -> None:
    async with stores.database.transaction() as db:
        await db.execute(
            text("UPDATE users SET status = :status WHERE user_id = :id"),
            {"status": status.value, "id": user.user_id},
        )


async def test_briefs_of_many_users_come_in_one_query(stores: Stores) -> None:
    first = await stores.database.run(factories.make_user)
    second = await stores.database.run(lambda db: factories.make_user(db, name="Ravi Iyer"))
    async with stores.database.transaction() as db:
        briefs = await users.briefs(db, [first.user_id, second.user_id, first.user_id, new_id()])
        assert await users.briefs(db, []) == {}
    assert set(briefs) == {first.user_id, second.user_id}
    assert (briefs[second.user_id].name, briefs[second.user_id].status) == ("Ravi Iyer", "active")
