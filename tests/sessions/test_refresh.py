"""Refresh tokens: parsing, hashing, printing."""

from __future__ import annotations

from gencharge.core.values.ids import new_id
from gencharge.sessions.refresh import Refresh


async def test_a_token_shows_no_secret_when_it_is_printed() -> None:
    token = Refresh.new(new_id())
    assert str(token).partition(".")[2] not in repr(token)
