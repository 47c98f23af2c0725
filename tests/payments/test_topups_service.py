"""Top-ups: the limits of the KYC tier to the paisa, month and financial year in India."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments.context import PaymentContext
from gencharge.users.models import User
from gencharge.wallet.models import Code
from tests.make.factories import headers_for
from tests.make.payments import (
    fund,
    make_payer,
    spend,
    top_up,
)


@pytest.mark.parametrize(
    ("before", "code", "fits", "limit"),
    [(600_000, Code.OPENING, 400_000, "balance"), (600_000, Code.TOPUP, 400_000, "balance")],
)
async def test_the_balance_limit_counts_to_the_paisa(
    before: int, code: Code, fits: int, limit: str, api: httpx.AsyncClient, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    await fund(stores, user_id, before, code)
    headers = headers_for(stores.settings, user_id)
    refused = await top_up(api, headers, str(Money(fits + 1)))
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["limit"], problem["possible"]) == (
        "topup_limit_exceeded",
        limit,
        fits / 100,
    )
    assert (await top_up(api, headers, str(Money(fits)))).status_code == 201


async def test_what_was_loaded_this_month_and_this_financial_year_counts_though_it_was_spent(
    api: httpx.AsyncClient, stores: Stores
) -> None:
    user_id = await make_payer(stores)

    async def load(paise: int, when: datetime) -> None:
        with clock.at(when):
            await fund(stores, user_id, paise, Code.TOPUP)
            await spend(stores, user_id, paise)

    # 31 March and 1 April 2026, each the last and the first second in India.
    await load(900_000, datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC))
    for month in range(4, 12):
        await load(1_000_000, datetime(2026, month, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2026, 12, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2027, 1, 2, tzinfo=UTC))
    await load(1_000_000, datetime(2027, 2, 2, tzinfo=UTC))
    await load(600_000, datetime(2027, 2, 28, 18, 30, tzinfo=UTC))  # 1 March in India

    async def refusal(when: datetime, paise: int) -> dict[str, Any]:
        with clock.at(when):
            fresh = headers_for(stores.settings, user_id)
            answer = await top_up(api, fresh, str(Money(paise)))
            return answer.json() | {"status": answer.status_code}

    in_february = await refusal(datetime(2027, 2, 28, 18, 29, 59, tzinfo=UTC), 1)
    assert in_february["status"] == 422  # less than a rupee
    february = await refusal(datetime(2027, 2, 28, 18, 29, 59, tzinfo=UTC), 100)
    assert (february["status"], february["limit"], february["possible"]) == (409, "monthly_load", 0)
    march = await refusal(datetime(2027, 3, 5, tzinfo=UTC), 400_001)
    assert (march["status"], march["limit"], march["possible"]) == (409, "monthly_load", 4_000)
    assert (await refusal(datetime(2027, 3, 5, tzinfo=UTC), 400_000))["status"] == 201
    await load(400_000, datetime(2027, 3, 6, tzinfo=UTC))
    year_over = await refusal(datetime(2027, 3, 31, 18, 29, 59, tzinfo=UTC), 100)
    assert (year_over["status"], year_over["possible"]) == (409, 0)
    assert (await refusal(datetime(2027, 3, 31, 18, 30, tzinfo=UTC), 1_000_000))["status"] == 201


async def test_the_yearly_limit_is_named_where_it_is_the_tightest(
    api: httpx.AsyncClient, stores: Stores, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    context.settings = context.settings.model_copy(update={"wallet_small_yearly_load_limit": 2_000})
    answer = await top_up(api, headers_for(stores.settings, user_id), 2000.01)
    assert (answer.status_code, answer.json()["limit"], answer.json()["possible"]) == (
        409,
        "yearly_load",
        2_000,
    )


async def test_a_full_kyc_has_its_own_limit(
    api: httpx.AsyncClient, stores: Stores, context: PaymentContext
) -> None:
    user_id = await make_payer(stores)
    context.settings = context.settings.model_copy(update={"velocity_topup_rupees_per_day": 0})

    async def full(db: AsyncSession) -> None:
        await db.execute(update(User).where(User.user_id == user_id).values(kyc_tier="full"))

    await stores.database.run(full)
    headers = headers_for(stores.settings, user_id)
    assert (await top_up(api, headers, 200_000)).status_code == 201
    assert (await top_up(api, headers, 200_000.01)).json()["limit"] == "balance"
