"""The velocity rules of top-ups: at the bound and one above, raced, replayed, given back, and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import topups_service as topups
from gencharge.payments.context import PaymentContext
from gencharge.payments.schemas import TopUp
from gencharge.velocity.errors import VelocityLimitExceeded
from tests.make.factories import headers_for
from tests.make.payments import make_payer, top_up
from tests.make.recharge import run_sql
from tests.make.velocity import allow, be_cautious, list_held_back

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
Pay = Callable[..., Awaitable[Any]]


@pytest.fixture
def pay(context: PaymentContext) -> Pay:
    """Begin a top-up of Rs 100 under the settings named."""

    async def begin(user: UUID, rupees: float = 100, key: str | None = None, **settings: int) -> Any:
        context.settings = context.settings.model_copy(
            update={"velocity_topups_per_hour": 0, "velocity_topup_rupees_per_day": 0, **settings}
        )
        command = TopUp.model_validate({"amount": rupees, "payment_method": "upi"})
        return await topups.top_up(context, user, command, key=key or str(uuid4()), session_id=user)

    return begin


async def test_top_ups_are_counted_in_an_hour(pay: Pay, stores: Stores) -> None:
    user = await make_payer(stores)
    with clock.at(START):
        for _ in range(2):
            await pay(user, velocity_topups_per_hour=2)
    with clock.at(START + timedelta(seconds=3599)):
        with pytest.raises(VelocityLimitExceeded) as refused:
            await pay(user, velocity_topups_per_hour=2)
        assert refused.value.extra == {"rule": "topups_in_an_hour", "bound": 2}
        assert refused.value.headers["Retry-After"] == "1"
    with clock.at(START + timedelta(hours=1)):
        await pay(user, velocity_topups_per_hour=2)
    [row] = await list_held_back(stores, user)
    assert (row.kind, row.amount, row.phone_number, row.session_id) == ("topup", 10_000, None, user)


async def test_the_sum_of_a_day_counts_to_the_paisa(pay: Pay, stores: Stores) -> None:
    user = await make_payer(stores)
    with clock.at(START):
        await pay(user, 100)
    with clock.at(START + timedelta(hours=1)):
        with pytest.raises(VelocityLimitExceeded) as refused:
            await pay(user, 100.01, velocity_topup_rupees_per_day=200)
        assert refused.value.extra == {"rule": "topup_sum_in_a_day", "bound": Money.rupees(200)}
        assert refused.value.headers["Retry-After"] == str(23 * 3600)
        await pay(user, 100, velocity_topup_rupees_per_day=200)
        with pytest.raises(VelocityLimitExceeded) as refused:
            await pay(user, 200.01, velocity_topup_rupees_per_day=200)
        assert "Retry-After" not in refused.value.headers
    with clock.at(START + timedelta(hours=24)):
        await pay(user, 100, velocity_topup_rupees_per_day=200)


async def test_twenty_at_once_pass_a_rule_of_ten_ten_times(pay: Pay, stores: Stores) -> None:
    user = await make_payer(stores)
    results = await asyncio.gather(
        *(pay(user, velocity_topups_per_hour=10) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, VelocityLimitExceeded) for result in results) == 10, results
    [row] = await list_held_back(stores, user)
    assert row.attempts == 10


async def test_a_replay_counts_nothing_and_a_top_up_that_failed_is_given_back(
    pay: Pay, stores: Stores
) -> None:
    user = await make_payer(stores)
    first = await pay(user, key="k", velocity_topups_per_hour=1)
    again = await pay(user, key="k", velocity_topups_per_hour=1)
    assert again.replayed
    assert again.answer == first.answer
    with pytest.raises(VelocityLimitExceeded):
        await pay(user, velocity_topups_per_hour=1)
    await run_sql(
        stores,
        "UPDATE payments SET status = 'failed', failure_reason = 'declined' WHERE user_id = :user_id",
        user_id=user,
    )
    await pay(user, velocity_topups_per_hour=1)


async def test_an_allowance_multiplies_both_bounds(pay: Pay, stores: Stores) -> None:
    user = await make_payer(stores)
    await allow(stores, f"user:{user}", factor=2)
    for _ in range(2):
        await pay(user, velocity_topups_per_hour=1, velocity_topup_rupees_per_day=100)
    with pytest.raises(VelocityLimitExceeded):
        await pay(user, velocity_topup_rupees_per_day=100)


async def test_over_http_it_is_a_problem_document_with_the_rule_and_when_to_try_again(
    api: httpx.AsyncClient, context: PaymentContext, stores: Stores, settings: Settings
) -> None:
    context.settings = settings.model_copy(update={"velocity_topups_per_hour": 1})
    headers = headers_for(settings, await make_payer(stores))
    assert (await top_up(api, headers)).status_code == 201
    refused = await top_up(api, headers)
    assert refused.status_code == 429
    problem = refused.json()
    assert (problem["code"], problem["rule"], problem["bound"]) == (
        "velocity_limit_exceeded",
        "topups_in_an_hour",
        1,
    )
    assert problem["detail"].startswith("You can start one top-up in an hour. Nothing was charged.")
    assert 3590 <= int(refused.headers["Retry-After"]) <= 3600


async def test_a_newcomer_too_many_at_one_address_tops_nothing_up(pay: Pay, stores: Stores) -> None:
    users = [await make_payer(stores) for _ in range(3)]
    for user in users:
        await be_cautious(stores, user)
    telemetry.set_context(telemetry.RequestContext("r", "203.0.113.60"))
    try:
        for user in (users[0], users[1], users[0]):
            await pay(user, velocity_payers_of_address_per_day=2)
        with pytest.raises(VelocityLimitExceeded) as refused:
            await pay(users[2], velocity_payers_of_address_per_day=2)
    finally:
        telemetry.set_context(telemetry.RequestContext(""))
    assert refused.value.extra == {"rule": "payers_of_address_in_a_day"}
    [row] = await list_held_back(stores, users[2])
    assert (row.kind, row.subject) == ("topup", "203.0.113.60")
