"""A clock that jumps changes nothing of what the outside world is sent or pays: messages to integrators, and top-ups (decision 0064).

Each row has its control, as in test_clock_jumps.py.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from gencharge.core.errors import IdempotencyInProgress
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments import topups_service as topups
from gencharge.payments.context import PaymentContext
from gencharge.payments.schemas import TopUp
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.webhooks import staff_service
from gencharge.webhooks.loop import WebhookSender
from tests.make.outside import Outside
from tests.make.payments import context_at, make_payer, open_topup
from tests.payments.conftest import context, outside
from tests.test_clock_jumps import HOUR, LATE, machine_jumps, postgresql_is_ahead
from tests.webhooks.conftest import Partners, partners, receiving, sender

__all__ = ["context", "outside", "partners", "receiving", "sender"]  # the fixtures

_NOBODY = "http://127.0.0.1:9"
# What Standard Webhooks lets receivers take: a message whose time is five minutes off is one that somebody kept.
_TOLERANCE = 300


async def test_a_message_is_signed_with_the_true_time(
    partners: Partners, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, true = await partners.join(), time.time

    async def off_by(seconds: int, *, followed: bool) -> float:
        """By how many seconds the time of a message is off, as its receiver sees it, if it is sent after a jump."""
        await partners.happen()
        partners.receiver.received.clear()
        with machine_jumps(monkeypatch, seconds, followed=followed):
            await sender.drain()
        [came] = partners.receiver.received
        assert came.is_signed_by(endpoint.secret)
        return int(came.headers["webhook-timestamp"]) - true()

    for seconds in (-HOUR, HOUR):
        assert abs(await off_by(seconds, followed=False)) < _TOLERANCE
        assert abs(await off_by(seconds, followed=True)) > _TOLERANCE, "the control"


async def test_a_secret_that_ended_signs_no_more_if_the_clock_is_set_back(
    partners: Partners, sender: WebhookSender, shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = await partners.join()
    with clock.at(clock.now() - staff_service.OVERLAP - LATE):
        rotated = await shop.database.run(lambda db: staff_service.rotate_secret(db, endpoint.endpoint_id))

    async def both_sign() -> bool:
        await partners.happen()
        await sender.drain()
        came = partners.receiver.received[-1]
        assert came.is_signed_by(rotated.secret)
        return came.is_signed_by(endpoint.secret)

    assert not await both_sign()
    for seconds in (-HOUR, HOUR):
        with machine_jumps(monkeypatch, seconds, followed=False):
            assert not await both_sign()
    with machine_jumps(monkeypatch, -HOUR, followed=True):
        assert await both_sign(), "the control"


@pytest.mark.parametrize(
    ("rule", "bound", "hours"),
    [("velocity_topups_per_hour", 1, 1), ("velocity_topup_rupees_per_day", 100, 24)],
)
async def test_no_rule_on_top_ups_ends_early(
    context: PaymentContext,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    bound: int,
    hours: int,
) -> None:
    off = {"velocity_topups_per_hour": 0, "velocity_topup_rupees_per_day": 0}
    context.settings = context.settings.model_copy(update=off | {rule: bound})
    user = await make_payer(stores)

    async def tops_up() -> bool:
        command = TopUp.model_validate({"amount": 100, "payment_method": "upi"})
        try:
            await topups.top_up(context, user, command, key=str(uuid4()))
        except VelocityLimitExceeded:
            return False
        return True

    with postgresql_is_ahead(monkeypatch, noticed=True):
        with clock.at(clock.now() - timedelta(hours=hours) + LATE):
            assert await tops_up()
        assert not await tops_up()
    with postgresql_is_ahead(monkeypatch, noticed=False):
        assert await tops_up(), "the control"


async def test_a_key_whose_first_request_is_at_the_gateway_is_taken_over_by_no_other(
    context: PaymentContext, stores: Stores, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begun() -> tuple[UUID, str]:
        """A customer and the key of a top-up for which a process has just begun to ask the gateway."""
        user, key, dying = await make_payer(stores), str(uuid4()), context_at(stores, _NOBODY)

        async def die(**_: object) -> None:
            raise KeyboardInterrupt

        dying.gateway.create_order = die  # type: ignore[method-assign, assignment]
        with pytest.raises(KeyboardInterrupt):
            await open_topup(dying, user, key=key)
        await dying.gateway.close()
        return user, key

    with postgresql_is_ahead(monkeypatch, noticed=True):
        user, key = await begun()
        with pytest.raises(IdempotencyInProgress):
            await open_topup(context, user, key=key)
    with postgresql_is_ahead(monkeypatch, noticed=False):
        assert (await open_topup(context, user, key=key)).status == "created", "the control"
