"""How a customer's spending is put together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import spending_crud, spending_service
from gencharge.analytics.spending_crud import Spending
from gencharge.core.values import clock

PLAN = uuid4()


def row(month: str, recharges: int = 1, **overrides: Any) -> Spending:
    values = {
        "phone_number": "+919876543210",
        "plan_id": PLAN,
        "plan_name": "Jio 299",
        "operator": "JIO",
        "payment_method": "upi",
        "paid": recharges * 29_900,
        "saved": 0,
    }
    return Spending(month=month, recharges=recharges, **(values | overrides))


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[Spending]:
    """What the tables say."""
    stored: list[Spending] = []

    async def list_spending(db: AsyncSession, user_id: UUID) -> list[Spending]:
        return stored

    monkeypatch.setattr(spending_crud, "list_spending", list_spending)
    return stored


async def show(at: datetime = datetime(2026, 11, 22, tzinfo=UTC)) -> Any:
    with clock.at(at):
        return await spending_service.show(None, uuid4())  # type: ignore[arg-type]


async def test_lists_have_the_ten_with_most_recharges(rows: list[Spending]) -> None:
    rows += [row("2026-11", number, phone_number=f"+9198765432{number}") for number in range(10, 25)]
    spending = await show()
    assert [part.recharges for part in spending.numbers] == list(range(24, 14, -1))
    assert spending.total.recharges == sum(range(10, 25)), "the total has all of them"


async def test_a_plan_is_called_what_it_was_called_last(rows: list[Spending]) -> None:
    rows += [row("2026-11", plan_name="Jio Saver"), row("2026-02", 3, plan_name="Jio 299")]
    assert [(plan.name, plan.recharges) for plan in (await show()).plans] == [("Jio Saver", 4)]


async def test_months_are_twelve_and_years_are_all(rows: list[Spending]) -> None:
    rows += [row("2024-03"), row("2025-11"), row("2025-12"), row("2026-11", saved=2_000)]
    spending = await show()
    assert [part.month for part in spending.monthly] == [
        *(f"2025-{month}" for month in ("12",)),
        *(f"2026-{month:02d}" for month in range(1, 12)),
    ]
    assert sum(part.recharges for part in spending.monthly) == 2
    assert [(part.year, part.recharges) for part in spending.yearly] == [(2026, 1), (2025, 2), (2024, 1)]
    assert spending.this_month.saved.paise == 2_000


async def test_the_month_is_that_of_india(rows: list[Spending]) -> None:
    rows.append(row("2026-12"))
    assert (await show(datetime(2026, 11, 30, 18, 29, tzinfo=UTC))).this_month.recharges == 0
    assert (await show(datetime(2026, 11, 30, 18, 30, tzinfo=UTC))).this_month.recharges == 1
