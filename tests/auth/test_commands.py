"""`gencharge open-number`."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from gencharge.admins import commands as admins
from gencharge.auth import commands
from gencharge.core.settings import Settings
from tests.conftest import database_of, test_settings

NUMBER = "+919876543210"


@pytest.fixture
def closed(servers: Path, worker_id: str, request: pytest.FixtureRequest) -> Settings:
    """An installation whose only SuperAdmin's number was closed by wrong codes."""
    room = re.sub(r"\W", "", request.node.name)[-20:]
    settings = test_settings(servers, database_of(servers, worker_id, room))
    created = admins.create_first(
        settings, lambda _line: None, phone_number=NUMBER, name="Meera Nair", email="meera@example.in"
    )
    assert created == 0
    with psycopg.connect(settings.postgres_url) as connection:
        connection.execute(
            "INSERT INTO sign_in_failures (phone_number, source, consecutive, updated_at) VALUES (%s, '', 100, now())",
            (NUMBER,),
        )
    return settings


def open_number(
    settings: Settings, number: str = NUMBER, reason: str = "asked for in person"
) -> tuple[int, str]:
    lines: list[str] = []
    code = commands.open_number(settings, lines.append, number=number, reason=reason)
    [line] = lines
    return code, line


def test_the_only_superadmins_number_is_opened_once_and_audited(closed: Settings) -> None:
    code, line = open_number(closed, "9876543210")
    assert (code, "is open again" in line, "9876543210" in line) == (0, True, False)
    with psycopg.connect(closed.postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM sign_in_failures").fetchone() == (0,)
        events = connection.execute(
            "SELECT coalesce(context->>'actor_kind', 'system'), payload->>'reason', payload->>'kind' FROM events WHERE topic = 'SignInOpened'"
        ).fetchall()
    assert events == [("system", "asked for in person", "admin")]
    assert open_number(closed)[0] == 1


@pytest.mark.parametrize(
    ("number", "reason", "words"),
    [
        ("12", "asked for", "NUMBER: "),
        ("9876543211", "asked for", "Nobody signs in with"),
        (NUMBER, "  ", "--reason: between 3 and 300 characters"),
    ],
)
def test_what_is_wrong_is_one_line_and_opens_nothing(
    closed: Settings, number: str, reason: str, words: str
) -> None:
    code, line = open_number(closed, number, reason)
    assert code == 1
    assert line.startswith(words)
    with psycopg.connect(closed.postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM sign_in_failures").fetchone() == (1,)
