"""What a customer and the staff read of a wallet's history: one row for each business event (docs/decisions/0015)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, cast
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page, fetch_page
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.wallet import history_crud as crud
from gencharge.wallet.errors import TransactionNotFound
from gencharge.wallet.history import BusinessEvent, Legs, event_of
from gencharge.wallet.models import Transfer
from gencharge.wallet.schemas import TransactionOut, TransactionPage, TransactionQuery
from gencharge.wallet.staff_schemas import StaffTransactionOut, StaffTransactionPage, StaffTransactionQuery
from gencharge.wallet.views import staff_transaction_out, transaction_out

Names = Mapping[str, str]
_NO_NAMES: Final[Names] = {}


async def list_transactions(
    db: AsyncSession, user_id: UUID, query: TransactionQuery, names: Names = _NO_NAMES
) -> TransactionPage:
    """A page of the customer's history. `names`: the operators' names by code; where one is missing, its code is shown."""
    statement = crud.select_events(user_id, query).where(*_matches(Transfer, query))
    rows, cursor, total = await fetch_page(db, statement, order_of(query), query)
    items = [transaction_out(event, names) for event in await _events(db, rows)]
    return TransactionPage(items=items, next_cursor=cursor, total=total)


async def get_transaction(
    db: AsyncSession, user_id: UUID, transaction_id: UUID, names: Names = _NO_NAMES
) -> TransactionOut:
    """One row of the customer's history. Raises TransactionNotFound, also for another customer's."""
    first = await crud.get_first(db, user_id=user_id, transfer_id=transaction_id)
    if first is None:
        raise TransactionNotFound
    (event,) = await _events(db, [first])
    return transaction_out(event, names)


async def list_all_transactions(
    db: AsyncSession, admin: Principal, query: StaffTransactionQuery, names: Names = _NO_NAMES
) -> StaffTransactionPage:
    """A page of all customers' histories; for an admin limited to some operators, what concerns them."""

    def matches(entity: type[Transfer]) -> Sequence[ColumnElement[bool]]:
        return [*_matches(entity, query), within(admin, column_of(entity.operator))]

    rows, cursor = await fetch_bounded_page(
        db, crud.select_all_events(query), matches, order_of(query), query
    )
    events = await _events(db, rows)
    briefs = await users.briefs(db, (row.user_id for row in rows))
    items = [staff_transaction_out(event, names, briefs.get(event.first.user_id)) for event in events]
    return StaffTransactionPage(items=items, next_cursor=cursor)


async def get_transaction_in_scope(
    db: AsyncSession, admin: Principal, user_id: UUID, transaction_id: UUID, names: Names = _NO_NAMES
) -> StaffTransactionOut:
    """One row of a customer's history. Raises TransactionNotFound, also if it is out of the admin's scope."""
    scope = within(admin, column_of(Transfer.operator))
    first = await crud.get_first(db, user_id=user_id, transfer_id=transaction_id, scope=scope)
    if first is None:
        raise TransactionNotFound
    (event,) = await _events(db, [first])
    return staff_transaction_out(event, names, (await users.briefs(db, [user_id])).get(user_id))


def order_of(query: TransactionQuery | StaffTransactionQuery) -> Order:
    """By the instant at which an event began, which never changes, or by its amount."""
    if query.sort.endswith("amount"):
        amount = cast(crud.amount_of(Transfer), BigInteger)
        return Order(amount, column_of(Transfer.id), query.sort == "-amount")
    return Order(column_of(Transfer.created_at), column_of(Transfer.id), query.sort == "-created_at")


def _matches(
    entity: type[Transfer], query: TransactionQuery | StaffTransactionQuery
) -> list[ColumnElement[bool]]:
    conditions = crud.match_events(entity, query)
    if query.min_amount is None and query.max_amount is None:
        return conditions
    return [*conditions, *query.within(crud.amount_of(entity), column_of(entity.created_at))]


async def _events(db: AsyncSession, firsts: Sequence[Transfer]) -> list[BusinessEvent]:
    legs = Legs(await crud.list_legs(db, firsts))
    return [event_of(first, legs) for first in firsts]
