"""`gencharge create-first-admin`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from gencharge.admins import commands
from gencharge.core.settings import Settings
from tests.conftest import database_of, test_settings


@pytest.fixture
def empty(servers: Path, worker_id: str, request: pytest.FixtureRequest) -> Settings:
    """A database with the schema and nothing else, as after `gencharge migrate`."""
    return test_settings(servers, database_of(servers, worker_id, request.node.name[-20:]))


def create(settings: Settings, lines: list[str], **overrides: str) -> int:
    """Run the command; what it says goes to `lines`."""
    values = {"phone_number": "9876543210", "name": "Meera Nair", "email": "meera@example.in"} | overrides
    return commands.create_first(settings, lines.append, **values)


def count(settings: Settings, query: str) -> int:
    with psycopg.connect(settings.postgres_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    return int(row[0])


def test_two_superadmins_are_created_and_announced_and_no_third(empty: Settings) -> None:
    lines: list[str] = []
    assert create(empty, lines) == 0
    assert lines == ["Meera Nair is SuperAdmin. Sign in as +919876543210 and set up the second factor."]
    assert create(empty, lines, phone_number="9876543211", email="other@example.in") == 0
    assert create(empty, lines, phone_number="9876543212", email="third@example.in") == 1
    assert "There are two SuperAdmins already." in lines[-1]
    assert count(empty, "SELECT count(*) FROM admins WHERE status = 'active'") == 2
    assert count(empty, "SELECT count(*) FROM events WHERE topic = 'AdminCreated'") == 2
    assert count(empty, "SELECT count(*) FROM roles") == 5


def test_four_at_once_create_two(empty: Settings) -> None:
    async def race() -> list[int]:
        numbers = ("9876543210", "9876543211", "9876543212", "9876543213")
        runs = [
            asyncio.to_thread(create, empty, [], phone_number=number, email=f"a{number}@example.in")
            for number in numbers
        ]
        return list(await asyncio.gather(*runs))

    assert sorted(asyncio.run(race())) == [0, 0, 1, 1]
    assert count(empty, "SELECT count(*) FROM admins") == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"phone_number": "12"}, "phone_number"), ({"email": "meera"}, "email"), ({"name": ""}, "name")],
)
def test_what_is_wrong_is_named_and_nothing_is_created(
    empty: Settings, wrong: dict[str, str], field: str
) -> None:
    lines: list[str] = []
    assert create(empty, lines, **wrong) == 1
    assert [line.partition(":")[0] for line in lines] == [field]
    assert count(empty, "SELECT count(*) FROM admins") == 0
