"""Asking a number-portability registry."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.operators.models import ServiceType
from tests.make.factories import new_phone


@pytest.fixture(autouse=True)
async def seeded(app: FastAPI, stores: Stores) -> None:
    """The operators are there and this process knows them, whichever test of this database came first."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)


async def test_what_a_registry_answers_is_kept_for_everyone(stores: Stores) -> None:
    class Registry:
        async def find(self, phone_number: str) -> operators.RegistryEntry | None:
            return (
                operators.RegistryEntry("BSNL", None, ServiceType.PREPAID) if phone_number == phone else None
            )

    phone = new_phone()
    assert await operators.ask_registry(stores.database, operators.NoRegistry(), phone) is None
    assert await operators.ask_registry(stores.database, Registry(), phone) is not None
    connection = await stores.database.run(lambda db: operators.lookup(db, phone))
    assert connection == operators.Connection("BSNL", None, ServiceType.PREPAID, "registry")
