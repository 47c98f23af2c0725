"""What the staff see of mandates."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.mandates import crud, views
from gencharge.mandates.models import Mandate
from gencharge.mandates.staff_schemas import StaffMandateOut, StaffMandatePage, StaffMandateQuery
from gencharge.users import service as users


async def list_mandates(db: AsyncSession, query: StaffMandateQuery) -> StaffMandatePage:
    """A page of all customers' mandates."""
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all(query),
        lambda entity: crud.match(entity, query),
        Order(column_of(Mandate.created_at), column_of(Mandate.mandate_id), query.sort == "-created_at"),
        query,
    )
    owners = await users.briefs(db, (row.user_id for row in rows))
    items = [
        StaffMandateOut(**vars(views.mandate_out(row)), user_id=row.user_id, user=owners.get(row.user_id))
        for row in rows
    ]
    return StaffMandatePage(items=items, next_cursor=cursor)
