"""The directory: one owner for each number and each address."""

from __future__ import annotations

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists
from gencharge.directory.models import OwnerKind
from tests import factories


async def test_an_address_is_found_however_it_is_written(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    assert user.email is not None
    async with stores.database.transaction() as db:
        assert await directory.email_owner(db, user.email.upper()) == (OwnerKind.USER, user.user_id)
        assert await directory.email_owner(db, "nobody@example.com") is None


async def test_claiming_ones_own_address_again_changes_nothing(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    email = str(user.email)
    async with stores.database.transaction() as db:
        await directory.claim_email(db, email.upper(), kind=OwnerKind.USER, owner_id=user.user_id)
    with pytest.raises(EmailAlreadyExists):
        await stores.database.run(
            lambda db: directory.claim_email(db, email, kind=OwnerKind.ADMIN, owner_id=new_id())
        )
