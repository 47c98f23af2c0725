"""Refresh tokens: parsing, hashing, printing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.sessions.refresh import Refresh, keys_of, new_seed


async def test_a_token_shows_no_secret_when_it_is_printed() -> None:
    token = Refresh.new(new_id())
    assert str(token).partition(".")[2] not in repr(token)


@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_printed_token_is_parsed_into_the_same_parts(user_id: UUID, secret: bytes) -> None:
    token = Refresh(user_id, secret)
    assert Refresh.parse(str(token)) == token
    assert len(str(token)) == 76


@given(st.text(max_size=80))
def test_no_other_text_is_taken_for_a_token(text: str) -> None:
    parsed = Refresh.parse(text)
    assert parsed is None or str(parsed) == text


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.upper(),
        lambda token: token + "=",
        lambda token: token[:-1],
        lambda token: token.replace(".", "-", 1),
        lambda token: token[:33] + "é" + token[34:],
        lambda token: token[:-1] + ("/" if token[-1] != "/" else "+"),
        lambda token: "g" + token[1:],
    ],
)
def test_a_token_has_one_way_to_be_written(change: Callable[[str], str]) -> None:
    assert Refresh.parse(change(str(Refresh(UUID(int=10), b"\xab" * 32)))) is None


def test_the_hash_depends_on_the_owner_and_the_secret() -> None:
    secret = bytes(32)
    hashes = {Refresh(UUID(int=number), secret).hash for number in range(3)}
    assert len(hashes | {Refresh(UUID(int=0), b"\x01" * 32).hash}) == 4


def test_a_successor_needs_the_old_token_the_seed_and_the_key() -> None:
    owner, seed = new_id(), new_seed()
    token = Refresh.new(owner)
    successor = token.successor(b"key", seed)
    assert successor == token.successor(b"key", seed)
    assert successor.user_id == owner
    others = [
        token.successor(b"other key", seed),
        token.successor(b"key", new_seed()),
        Refresh.new(owner).successor(b"key", seed),
    ]
    assert successor not in others


def test_successors_are_made_with_the_present_key_first(settings: Settings) -> None:
    assert len(keys_of(settings)) == 1
    rotated = settings.model_copy(update={"previous_secret_key": SecretStr("the one before")})
    assert keys_of(rotated) == [keys_of(settings)[0], b"the one before"]
