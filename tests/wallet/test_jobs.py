"""The hourly job that closes adjustments which nobody decided on."""

from __future__ import annotations

from uuid import uuid4

from gencharge.core.values import clock
from gencharge.wallet import jobs
from tests.factories import headers_for
from tests.make.wallet import AdjustmentCase


async def test_what_nobody_decides_on_in_a_week_expires_and_can_no_longer_be_approved(
    case: AdjustmentCase,
) -> None:
    path = await case.requested()
    with clock.later(days=7, seconds=1):
        later = headers_for(
            case.settings,
            uuid4(),
            kind="admin",
            role="Manager",
            second_factor_at=int(clock.now().timestamp()),
        )
        refused = await case.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_expired")
        await jobs.expire_adjustments(case.stores)
        await jobs.expire_adjustments(case.stores)  # again: changes nothing
        refused = await case.decide(path, "approve", later)
        assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_already_decided")
    shown = (await case.client.get(path, headers=case.requester)).json()
    assert (shown["status"], shown["decided_by"]) == ("expired", None)
    assert await case.topics() == ["AdjustmentRequested", "AdjustmentExpired"]
    assert await case.rupees() == "1000.00"
