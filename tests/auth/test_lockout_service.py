"""Wrong second factors are counted and lock it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.auth.conftest import assert_problem
from tests.make.auth import FACTOR, Staff, code_of, middle_of_a_step, topics_of, wrong


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


async def test_the_sixth_try_is_refused_even_with_the_right_code_for_fifteen_minutes(
    ravi: Staff, stores: Stores
) -> None:
    await ravi.enroll()
    with clock.later(minutes=1):
        await ravi.refresh()
        for _ in range(4):
            refused = await ravi.verify(code=wrong(code_of(ravi.secret)))
            assert_problem(refused, 403, "second_factor_invalid")
        fifth = await ravi.verify(recovery_code="aaaa-aaaa-aaaa-aaaa")
        assert_problem(fifth, 429, "second_factor_locked")
        assert 890 <= int(fifth.headers["retry-after"]) <= 901
        assert_problem(await ravi.verify(code=code_of(ravi.secret)), 429, "second_factor_locked")
        refused = await ravi.verify(recovery_code=ravi.recovery_codes[0])
        assert_problem(refused, 429, "second_factor_locked")
        assert (await ravi.get(FACTOR)).json()["locked_until"] is not None
    with clock.later(minutes=16, seconds=5):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret))).status_code == 200
    announced = await topics_of(stores, ravi.admin)
    assert [topic for topic in announced if topic.startswith("SecondFactor")] == [
        "SecondFactorPrepared",
        "SecondFactorSet",
        "SecondFactorVerified",
        *["SecondFactorFailed"] * 5,
        "SecondFactorLocked",
        "SecondFactorVerified",
    ]


async def test_fifty_guesses_at_once_count_five_times(ravi: Staff, stores: Stores) -> None:
    await ravi.enroll()
    guess = wrong(code_of(ravi.secret))
    answers = await asyncio.gather(*(ravi.post(f"{FACTOR}/verify", code=guess) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {403, 429}
    async with stores.database.transaction() as db:
        counted = await db.scalar(
            text("SELECT failures FROM admin_second_factors WHERE admin_id = :id"),
            {"id": ravi.admin.admin_id},
        )
    assert counted == 5
