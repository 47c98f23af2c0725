"""The commands of the second factor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.auth.conftest import assert_problem
from tests.make.auth import Staff, middle_of_a_step


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


async def test_verify_takes_one_of_the_three(ravi: Staff) -> None:
    for body in ({}, {"code": "123456", "otp": "123456"}, {"code": "12345"}, {"recovery_code": "abc"}):
        assert_problem(await ravi.verify(**body), 422, "validation_failed")
