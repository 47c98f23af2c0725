"""Authenticator apps and recovery codes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from gencharge.auth.totp import Sealer
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from tests.make.auth import Staff, code_of, middle_of_a_step


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with middle_of_a_step():
        yield


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 200), (0, 200), (1, 200), (2, 403)])
async def test_a_clock_may_be_one_step_off(ravi: Staff, steps: int, status: int) -> None:
    await ravi.enroll()
    with clock.later(minutes=5):
        await ravi.refresh()
        assert (await ravi.verify(code=code_of(ravi.secret, steps=steps))).status_code == status


async def test_a_sealed_secret_is_bound_to_its_admin(settings: Settings) -> None:
    sealer, mine, other = Sealer(settings), uuid4(), uuid4()
    sealed = sealer.seal(mine, "JBSWY3DPEHPK3PXP")
    assert sealer.open(mine, sealed) == ("JBSWY3DPEHPK3PXP", False)
    assert sealer.open(other, sealed) is None
    assert sealer.seal(mine, "JBSWY3DPEHPK3PXP") != sealed
