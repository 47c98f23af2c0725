"""What this room holds about a customer. Recharges are books and stay; what made them is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import crud, topups_crud, views
from gencharge.autopay import ending_service as ending
from gencharge.autopay import topups_service as topups
from gencharge.autopay.models import Autopay, AutopayAttempt
from gencharge.autopay.schemas import AutopayAttemptOut, AutopayOut
from gencharge.autopay.topups_schemas import AutoTopupChargeOut
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores

_PAGE: Final = 100


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, object]:
    """Every autopay and every try, newest first."""

    async def pages(cursor: str | None) -> tuple[Sequence[AutopayOut], str | None]:
        order = Order(column_of(Autopay.created_at), column_of(Autopay.autopay_id))
        page = PageQuery(limit=_PAGE, cursor=cursor)
        rows, after, _ = await stores.database.run(
            lambda db: fetch_page(db, crud.select_every(user_id), order, page)
        )
        return [views.autopay_out(row) for row in rows], after

    async def tries(cursor: str | None) -> tuple[Sequence[AutopayAttemptOut], str | None]:
        order = Order(column_of(AutopayAttempt.attempted_at), column_of(AutopayAttempt.attempt_id))
        page = PageQuery(limit=_PAGE, cursor=cursor)
        rows, after, _ = await stores.database.run(
            lambda db: fetch_page(db, crud.select_attempts(user_id), order, page)
        )
        return [views.attempt_out(row) for row in rows], after

    async def charges(cursor: str | None) -> tuple[Sequence[AutoTopupChargeOut], str | None]:
        page = PageQuery(limit=_PAGE, cursor=cursor)
        answer = await stores.database.run(lambda db: topups.list_charges(db, user_id, page))
        return answer.items, answer.next_cursor

    topup = await stores.database.run(lambda db: topups_crud.get(db, user_id))
    return {
        "autopays": await all_of(pages),
        "attempts": await all_of(tries),
        "auto_topup": None if topup is None else views.auto_topup_out(topup),
        "auto_topup_charges": await all_of(charges),
    }


async def _close(db: AsyncSession, user_id: UUID, payout: bool) -> None:
    """Nothing is bought for a closed account."""
    del payout
    await ending.close(db, user_id)
    await topups.close(db, user_id)


async def _erase(stores: Stores, user_id: UUID) -> None:
    async def unit(db: AsyncSession) -> None:
        await crud.delete_all(db, user_id)
        await topups_crud.delete_all(db, user_id)

    await stores.database.run(unit)


PART: Final = PersonalData(name="autopay", export=_export, close=_close, erase=_erase)
