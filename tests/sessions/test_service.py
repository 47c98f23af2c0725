"""Sessions: they start, go on, end, and a stolen refresh token ends them."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, text

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions import service as sessions
from gencharge.sessions.errors import SessionEnded, SessionNotFound
from gencharge.sessions.models import RefreshToken, Session
from gencharge.sessions.refresh import Refresh
from gencharge.sessions.service import IssuedSession
from tests.make.sessions import start_session


async def _rotate(stores: Stores, token: str, settings: Settings | None = None) -> IssuedSession | None:
    return await stores.database.run(lambda db: sessions.rotate(db, settings or stores.settings, token))


async def _topics(stores: Stores, started: IssuedSession) -> list[str]:
    """What was announced about the owner and waits for delivery or was left there."""
    async with stores.database.transaction() as db:
        rows = await db.execute(text("SELECT topic FROM events WHERE user_id = :id"), {"id": started.user_id})
        return [row.topic for row in rows]


async def test_a_refresh_token_gives_a_new_one_each_time(stores: Stores) -> None:
    tokens = [(await start_session(stores)).refresh_token]
    for _ in range(5):
        following = await _rotate(stores, tokens[-1])
        assert following is not None
        tokens.append(following.refresh_token)
    assert len(set(tokens)) == 6


async def test_only_hashes_of_refresh_tokens_are_kept(stores: Stores) -> None:
    started = await start_session(stores)
    following = await _rotate(stores, started.refresh_token)
    assert following is not None
    async with stores.database.transaction() as db:
        rows = (await db.scalars(select(RefreshToken).where(RefreshToken.user_id == started.user_id))).all()
        dump = str((await db.execute(text("SELECT refresh_tokens::text FROM refresh_tokens"))).all())
    assert len(rows) == 2
    for token in (started.refresh_token, following.refresh_token):
        parsed = Refresh.parse(token)
        assert parsed is not None
        assert token.partition(".")[2] not in dump
        assert parsed.secret.hex() not in dump
        assert hashlib.sha256(parsed.user_id.bytes + parsed.secret).digest() in [
            row.token_hash for row in rows
        ]


async def test_a_lost_answer_can_be_asked_for_again_within_ten_seconds(stores: Stores) -> None:
    started = await start_session(stores)
    now = clock.now()
    with clock.at(now):
        first = await _rotate(stores, started.refresh_token)
        with clock.later(seconds=9.9):
            again = await _rotate(stores, started.refresh_token)
    assert first is not None
    assert again is not None
    assert again.refresh_token == first.refresh_token
    assert await _rotate(stores, first.refresh_token) is not None


async def test_two_refreshes_at_once_stay_one_family(stores: Stores) -> None:
    started = await start_session(stores)
    answers = await asyncio.gather(*(_rotate(stores, started.refresh_token) for _ in range(10)))
    assert all(answers)
    assert len({answer.refresh_token for answer in answers if answer}) == 1
    async with stores.database.transaction() as db:
        tokens = await db.scalars(select(RefreshToken).where(RefreshToken.user_id == started.user_id))
        assert len(tokens.all()) == 2


async def test_a_used_up_token_that_comes_back_later_ends_the_session_and_is_announced(
    stores: Stores,
) -> None:
    started = await start_session(stores)
    with clock.at(clock.now()):
        thief = await _rotate(stores, started.refresh_token)
        assert thief is not None
        following = await _rotate(stores, thief.refresh_token)
        assert following is not None
        with clock.later(seconds=11):
            assert await _rotate(stores, started.refresh_token) is None
            assert await _rotate(stores, following.refresh_token) is None
    async with stores.database.transaction() as db:
        session = await db.get(Session, (started.user_id, started.session_id))
    assert session is not None
    assert session.revoked_reason == "refresh_token_reused"
    assert {"RefreshTokenReused", "SessionRevoked"} <= set(await _topics(stores, started))


async def test_reuse_ends_that_session_and_no_other_of_the_same_owner(stores: Stores) -> None:
    first = await start_session(stores)
    second = await start_session(stores, user_id=first.user_id)
    with clock.at(clock.now()):
        successor = await _rotate(stores, first.refresh_token)
        assert successor is not None
        await _rotate(stores, successor.refresh_token)
        with clock.later(minutes=1):
            assert await _rotate(stores, first.refresh_token) is None
            assert await _rotate(stores, second.refresh_token) is not None


async def _rotate_at_once(stores: Stores, tokens: list[str]) -> list[IssuedSession | None]:
    """The answers that came; on a busy machine some wait too long for a connection, and are told to come again."""
    answers = await asyncio.gather(*(_rotate(stores, token) for token in tokens), return_exceptions=True)
    arrived = []
    for answer in answers:
        if isinstance(answer, BaseException):
            assert isinstance(answer, DatabaseUnavailable)
        else:
            arrived.append(answer)
    assert len(arrived) > 1
    return arrived


async def _after_lost_answers(stores: Stores, token: str, *, hours: tuple[float, ...]) -> list[str]:
    """The successors of one token, asked for after each of these pauses."""
    successors = []
    now = clock.now()
    for pause in hours:
        with clock.at(now + timedelta(hours=pause)):
            following = await _rotate(stores, token)
        assert following is not None, pause
        successors.append(following.refresh_token)
    return successors


async def test_a_lost_answer_signs_nobody_out_however_late_it_is_asked_for_again(stores: Stores) -> None:
    started = await start_session(stores)
    lost = await _after_lost_answers(stores, started.refresh_token, hours=(0, 0.01, 3, 40))
    assert len(set(lost)) == 4, "after the grace time each is a new one"
    with clock.later(hours=41):
        assert await _rotate(stores, lost[-1]) is not None
    assert await _topics(stores, started) == []


async def test_a_late_answer_is_as_good_as_the_one_that_was_asked_for_again(stores: Stores) -> None:
    started = await start_session(stores)
    late, _again = await _after_lost_answers(stores, started.refresh_token, hours=(0, 1))
    with clock.later(hours=2):
        assert await _rotate(stores, late) is not None
    assert await _topics(stores, started) == []


@pytest.mark.parametrize("first", [0, 1])
async def test_two_hands_with_a_successor_each_end_the_session(stores: Stores, first: int) -> None:
    """A thief with a token that was used gets a successor; so has the owner. The later one is found out."""
    started = await start_session(stores)
    successors = await _after_lost_answers(stores, started.refresh_token, hours=(0, 1))
    with clock.later(hours=2):
        following = await _rotate(stores, successors[first])
        assert following is not None
    with clock.later(hours=3):
        assert await _rotate(stores, successors[1 - first]) is None
        assert await _rotate(stores, following.refresh_token) is None
    assert "RefreshTokenReused" in await _topics(stores, started)


async def test_a_thief_who_follows_one_step_behind_is_found_out(stores: Stores) -> None:
    started = await start_session(stores)
    owner = thief = started.refresh_token
    steps = 0
    now = clock.now()
    for minute in range(1, 10):
        with clock.at(now + timedelta(minutes=minute)):
            answers = [await _rotate(stores, owner)]
        with clock.at(now + timedelta(minutes=minute, seconds=30)):
            answers.append(await _rotate(stores, thief))
        if None in answers:
            break
        owner, thief = (answer.refresh_token for answer in answers if answer)
        steps += 1
    assert steps <= 1
    assert "RefreshTokenReused" in await _topics(stores, started)


async def test_fifty_that_lost_their_answer_ask_at_once_and_get_one_successor(stores: Stores) -> None:
    started = await start_session(stores)
    await _rotate(stores, started.refresh_token)
    with clock.later(minutes=5):
        answers = await _rotate_at_once(stores, [started.refresh_token] * 50)
        assert None not in answers
        successors = {answer.refresh_token for answer in answers if answer}
        assert len(successors) == 1
        assert await _rotate(stores, successors.pop()) is not None


async def test_fifty_with_two_successors_at_once_leave_no_session(stores: Stores) -> None:
    started = await start_session(stores)
    successors = await _after_lost_answers(stores, started.refresh_token, hours=(0, 1))
    with clock.later(hours=2):
        await _rotate_at_once(stores, successors * 25)
    async with stores.database.transaction() as db:
        session = await db.get(Session, (started.user_id, started.session_id))
    assert session is not None
    assert session.revoked_reason == "refresh_token_reused"
    assert (await _topics(stores, started)).count("RefreshTokenReused") == 1


async def test_a_predecessor_is_good_no_longer_than_it_would_have_been(stores: Stores) -> None:
    started = await start_session(stores)
    await _rotate(stores, started.refresh_token)
    with clock.later(days=2, seconds=1):
        assert await _rotate(stores, started.refresh_token) is None
    assert await _topics(stores, started) == [], "it has expired, which is no theft"


async def test_the_successor_is_found_again_when_the_key_was_rotated_in_between(stores: Stores) -> None:
    started = await start_session(stores)
    first = await _rotate(stores, started.refresh_token)
    rotated = stores.settings.model_copy(
        update={"secret_key": SecretStr("a-new-key" * 6), "previous_secret_key": stores.settings.secret_key}
    )
    again = await _rotate(stores, started.refresh_token, rotated)
    assert first is not None
    assert again is not None
    assert again.refresh_token == first.refresh_token
    without = stores.settings.model_copy(update={"secret_key": SecretStr("a-new-key" * 6)})
    assert await _rotate(stores, started.refresh_token, without) is None


async def test_a_session_ends_when_it_is_idle_for_two_days(stores: Stores) -> None:
    started = await start_session(stores)
    with clock.later(days=1.99):
        following = await _rotate(stores, started.refresh_token)
    assert following is not None
    with clock.later(days=4):
        assert await _rotate(stores, following.refresh_token) is None


async def test_a_session_ends_after_thirty_days_however_often_it_is_used(stores: Stores) -> None:
    token = (await start_session(stores)).refresh_token
    for day in range(1, 30):
        with clock.later(days=day):
            following = await _rotate(stores, token)
        assert following is not None, day
        token = following.refresh_token
    with clock.later(days=30, seconds=1):
        assert await _rotate(stores, token) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "." * 76,
        "0" * 32 + "." + "A" * 43,
        "0" * 32 + "." + "!" * 43,
        "g" * 32 + "." + "A" * 43,
        "0" * 32 + "." + "٣" * 43,
        "\x00" * 76,
        "A" * 10_000,
    ],
)
async def test_what_is_no_refresh_token_gives_nothing(stores: Stores, token: str) -> None:
    assert await _rotate(stores, token) is None


async def test_anothers_id_before_the_secret_gives_nothing(stores: Stores) -> None:
    started = await start_session(stores)
    other = await start_session(stores)
    forged = f"{other.user_id.hex}.{started.refresh_token.partition('.')[2]}"
    assert await _rotate(stores, forged) is None
    assert await _rotate(stores, started.refresh_token.upper()) is None


async def test_ending_all_but_one_leaves_that_one(stores: Stores) -> None:
    owner = new_id()
    keep, *others = [await start_session(stores, user_id=owner) for _ in range(4)]
    stranger = await start_session(stores)
    ended = await stores.database.run(
        lambda db: sessions.revoke(db, owner, reason="test", except_session_id=keep.session_id)
    )
    assert ended == 3
    assert await _rotate(stores, keep.refresh_token) is not None
    assert await _rotate(stores, stranger.refresh_token) is not None
    assert [await _rotate(stores, other.refresh_token) for other in others] == [None, None, None]
    assert await stores.database.run(lambda db: sessions.revoke(db, owner, reason="test")) == 1


async def test_nobody_ends_anothers_session(stores: Stores) -> None:
    started = await start_session(stores)
    with pytest.raises(SessionNotFound):
        await stores.database.run(
            lambda db: sessions.end_one(db, new_id(), started.session_id, reason="test")
        )
    assert await _rotate(stores, started.refresh_token) is not None


async def test_a_devices_name_is_cut_and_cleaned(app: FastAPI, stores: Stores) -> None:
    started = await start_session(stores, device="Phone\r\n\x00" + "x" * 500)
    assert started.device == ("Phone" + "x" * 500)[:200]


async def test_the_origins_of_an_owner_are_those_of_the_latest_five_sign_ins(
    stores: Stores, settings: Settings
) -> None:
    owner = new_id()
    for number in range(6):
        address = "" if number == 5 else f"203.0.113.{number}"
        with clock.later(minutes=number):
            session = await stores.database.run(
                lambda db, device=f"phone {number}", address=address: sessions.start(  # type: ignore[misc]
                    db, settings, user_id=owner, kind="user", device=device, address=address
                )
            )
    await stores.database.run(lambda db: sessions.revoke(db, owner, reason="signed_out"))
    assert session.session_id
    origins = await stores.database.run(lambda db: sessions.latest_origins(db, owner))
    assert [(origin.device, origin.address) for origin in origins] == [
        (f"phone {number}", f"203.0.113.{number}") for number in (4, 3, 2, 1, 0)
    ]
    assert await stores.database.run(lambda db: sessions.latest_origins(db, new_id())) == []


async def test_a_session_remembers_its_second_factor_over_refreshes(
    stores: Stores, settings: Settings
) -> None:
    owner = new_id()
    started = await stores.database.run(lambda db: sessions.start(db, settings, user_id=owner, kind="admin"))
    assert started.second_factor_at is None
    instant = clock.now()
    await stores.database.run(
        lambda db: sessions.give_second_factor(db, owner, started.session_id, at=instant)
    )
    token = started.refresh_token
    for _ in range(2):  # rotated, and once more within the grace time
        going_on = await stores.database.run(lambda db: sessions.rotate(db, settings, token))
        assert going_on is not None
        assert going_on.second_factor_at == instant
    await stores.database.run(lambda db: sessions.revoke(db, owner, reason="test"))
    with pytest.raises(SessionEnded):
        await stores.database.run(
            lambda db: sessions.give_second_factor(db, owner, started.session_id, at=instant)
        )


async def test_all_sessions_of_an_owner_end_and_are_named(stores: Stores, settings: Settings) -> None:
    owner = new_id()
    started = [
        await stores.database.run(lambda db: sessions.start(db, settings, user_id=owner, kind="user"))
        for _ in range(2)
    ]
    ended = await stores.database.run(lambda db: sessions.revoke_all(db, owner, reason="test"))
    assert set(ended) == {one.session_id for one in started}
    assert await stores.database.run(lambda db: sessions.revoke_all(db, owner, reason="test")) == []
