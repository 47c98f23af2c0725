"""Builders for the tests of sessions."""

from __future__ import annotations

from typing import Any

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions import service as sessions
from gencharge.sessions.service import IssuedSession
from gencharge.sessions.tokens import Principal

DEAD_REDIS = "unix:///nonexistent/redis.sock"


async def start_session(stores: Stores, **overrides: Any) -> IssuedSession:
    """A new session in the database, of a user of its own unless `overrides` says otherwise."""
    values: dict[str, Any] = {"user_id": new_id(), "kind": "user"}
    return await stores.database.run(lambda db: sessions.start(db, stores.settings, **(values | overrides)))


SECRET = "tests-only-secret-key-0123456789-abcdefghijklmnop"


OTHER_SECRET = "another-secret-key-0123456789-abcdefghijklmnopqr"


def signing_settings(**overrides: Any) -> Settings:
    """Settings that sign with this file's secret."""
    return Settings(_env_file=None, environment="test", secret_key=SECRET, **overrides)  # type: ignore[call-arg]


def make_principal() -> Principal:
    """A manager of two operators."""
    return Principal(new_id(), "admin", new_id(), "Manager", ("jio", "airtel"), 3)
