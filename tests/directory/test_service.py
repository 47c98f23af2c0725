"""The directory: one owner for each number and each address, for any claimant and any number of concurrent claims."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.directory.models import OwnerKind
from tests.make import factories


async def claim_phone(stores: Stores, phone_number: str, owner_id: UUID) -> None:
    await stores.database.run(
        lambda db: directory.claim_phone(db, phone_number, kind=OwnerKind.USER, owner_id=owner_id)
    )


async def claim_email(stores: Stores, email: str, owner_id: UUID, kind: OwnerKind = OwnerKind.USER) -> None:
    await stores.database.run(lambda db: directory.claim_email(db, email, kind=kind, owner_id=owner_id))


def new_email() -> str:
    return f"{new_id().hex}@example.com"


async def test_an_address_is_found_however_it_is_written(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    assert user.email is not None
    async with stores.database.transaction() as db:
        assert await directory.email_owner(db, user.email.upper()) == (OwnerKind.USER, user.user_id)
        assert await directory.email_owner(db, "nobody@example.com") is None


async def test_claiming_ones_own_address_again_changes_nothing(stores: Stores) -> None:
    email, owner_id = new_email(), new_id()
    await claim_email(stores, email, owner_id)
    await claim_email(stores, email.upper(), owner_id)
    with pytest.raises(EmailAlreadyExists):
        await claim_email(stores, email, new_id(), OwnerKind.ADMIN)
    async with stores.database.transaction() as db:
        assert await directory.email_owner(db, email) == (OwnerKind.USER, owner_id)


async def test_a_number_is_claimed_once_even_by_its_owner(stores: Stores) -> None:
    phone, owner_id = factories.new_phone(), new_id()
    await claim_phone(stores, phone, owner_id)
    for another in (owner_id, new_id()):
        with pytest.raises(PhoneNumberAlreadyExists):
            await claim_phone(stores, phone, another)
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, phone) == (OwnerKind.USER, owner_id)


async def test_an_entry_says_whether_its_owner_is_a_user_or_an_admin(stores: Stores) -> None:
    admin = await stores.database.run(factories.make_admin)
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, admin.phone_number) == (OwnerKind.ADMIN, admin.admin_id)
        assert await directory.email_owner(db, admin.email) == (OwnerKind.ADMIN, admin.admin_id)
        assert await directory.phone_owner(db, "+910000000000") is None


async def test_of_twenty_claims_at_once_one_succeeds(stores: Stores) -> None:
    phone, email = factories.new_phone(), new_email()
    owners = [new_id() for _ in range(20)]
    results = await asyncio.gather(
        *(claim_phone(stores, phone, owner) for owner in owners),
        *(claim_email(stores, email, owner) for owner in owners),
        return_exceptions=True,
    )
    phones, emails = results[:20], results[20:]
    for claims, refusal in ((phones, PhoneNumberAlreadyExists), (emails, EmailAlreadyExists)):
        assert sum(claim is None for claim in claims) == 1
        assert all(claim is None or isinstance(claim, refusal) for claim in claims)
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, phone) == (OwnerKind.USER, owners[phones.index(None)])
        assert await directory.email_owner(db, email) == (OwnerKind.USER, owners[emails.index(None)])


async def test_what_is_released_is_free_for_the_next_owner(stores: Stores) -> None:
    phone, email, old, new = factories.new_phone(), new_email(), new_id(), new_id()
    await claim_phone(stores, phone, old)
    await claim_email(stores, email, old)
    await stores.database.run(
        lambda db: directory.release(db, owner_id=old, phone_number=phone, email=email.upper())
    )
    await claim_phone(stores, phone, new)
    await claim_email(stores, email, new)
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, phone) == (OwnerKind.USER, new)


async def test_only_what_is_named_is_released_and_nothing_of_another_owner(stores: Stores) -> None:
    phone, email, owner_id = factories.new_phone(), new_email(), new_id()
    await claim_phone(stores, phone, owner_id)
    await claim_email(stores, email, owner_id)
    async with stores.database.transaction() as db:
        await directory.release(db, owner_id=new_id(), phone_number=phone, email=email)
        await directory.release(db, owner_id=owner_id, phone_number=None, email=email)
        assert await directory.phone_owner(db, phone) == (OwnerKind.USER, owner_id)
        assert await directory.email_owner(db, email) is None


async def test_a_claim_that_is_rolled_back_leaves_nothing(stores: Stores) -> None:
    phone = factories.new_phone()

    async def claim_and_fail(db: AsyncSession) -> None:
        await directory.claim_phone(db, phone, kind=OwnerKind.USER, owner_id=new_id())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stores.database.run(claim_and_fail)
    async with stores.database.transaction() as db:
        assert await directory.phone_owner(db, phone) is None


def test_a_refusal_names_the_field_of_the_request() -> None:
    for problem, field in (
        (PhoneNumberAlreadyExists(), "body.phone_number"),
        (EmailAlreadyExists("body.contact.email"), "body.contact.email"),
    ):
        [error] = problem.errors
        assert (problem.status, error["field"]) == (409, field)
