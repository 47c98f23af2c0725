"""`gencharge open-number`: opens a number that too many wrong codes closed, if nobody else can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gencharge.auth import staff_service
from gencharge.core.errors import Problem
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values.phone import NotAMobileNumber, masked, parse_mobile

Say = Callable[[str], None]


def open_number(settings: Settings, say: Say, *, number: str, reason: str) -> int:
    """Let the owner of a number sign in again, for a reason that the audit trail keeps. Returns the exit code."""
    if not 3 <= len(reason.strip()) <= 300:
        say("--reason: between 3 and 300 characters; the audit trail keeps it")
        return 1
    try:
        phone_number = parse_mobile(number)
        is_known = asyncio.run(_open(settings, phone_number, reason.strip()))
    except NotAMobileNumber as problem:
        say(f"NUMBER: {problem}")
        return 1
    except Problem as problem:
        say(problem.detail)
        return 1
    if not is_known:
        say(f"Nobody signs in with {masked(phone_number)}.")
        return 1
    say(f"{masked(phone_number)} is open again: its owner can ask for a new code.")
    return 0


async def _open(settings: Settings, phone_number: str, reason: str) -> bool:
    database = Database(settings, name="gencharge-auth")
    try:
        return await database.run(lambda db: staff_service.open_number(db, phone_number, reason=reason))
    finally:
        await database.close()
