"""`gencharge create-first-admin`: the two SuperAdmins that a new installation begins with, who appoint the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import staff_service
from gencharge.admins.roles import SUPER_ADMIN
from gencharge.admins.staff_schemas import AdminCreate
from gencharge.core.errors import Problem
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings

Say = Callable[[str], None]


def create_first(settings: Settings, say: Say, *, phone_number: str, name: str, email: str) -> int:
    """Create the first or the second SuperAdmin; refused if there are two who may sign in. Returns the exit code."""
    try:
        command = AdminCreate(name=name, email=email, phone_number=phone_number, role=SUPER_ADMIN)
    except ValidationError as refused:
        for problem in refused.errors():
            say(f"{problem['loc'][0]}: {problem['msg'].removeprefix('Value error, ')}")
        return 1
    try:
        created = asyncio.run(_create(settings, command))
    except Problem as problem:
        say(problem.detail)
        return 1
    if created:
        say(f"{command.name} is SuperAdmin. Sign in as {command.phone_number} and set up the second factor.")
    else:
        say(
            "There are two SuperAdmins already. One of them creates the others with POST /v1/admins, and the other approves."
        )
    return 0 if created else 1


async def _create(settings: Settings, command: AdminCreate) -> bool:
    database = Database(settings, name="gencharge-admins")

    async def unit(db: AsyncSession) -> bool:
        return await staff_service.appoint_first(
            db, name=command.name, email=command.email, phone_number=command.phone_number
        )

    try:
        return await database.run(unit)
    finally:
        await database.close()
