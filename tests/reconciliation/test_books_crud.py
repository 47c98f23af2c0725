"""Our side of a reference, as the ledger has it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.payments.topups_service import limits_json
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
)
from tests.make.reconciliation import (
    Shop,
    top_up,
)


async def test_the_second_capture_of_an_order_is_known_by_its_own_name(shop: Shop) -> None:
    user_id, opened, _ = await top_up(shop)

    async def again(db: AsyncSession) -> None:
        values = {"u": user_id, "p": opened.payment_id, "limits": limits_json(shop.stores.settings)}
        entries = (
            "SELECT capture_payment(:u, :p, 'pay_Second', 50000, 'INR', CAST(:limits AS jsonb), '{}', NULL)"
        )
        assert await db.scalar(text(entries), values) == "second"

    await shop.stores.database.run(again)
    run = await shop.match(GATEWAY)
    difference = await shop.only(run)
    assert (difference.kind, difference.reference) == (DifferenceKind.MISSING_AT_THEIRS, "pay_Second")
    assert (difference.payment_id, run.matched, run.difference_paise) == (opened.payment_id, 1, -50_000)
