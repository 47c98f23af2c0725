"""SQL of the customer's history: the transfers that begin an event, and those that belong to them. Decides nothing.

The conditions say in SQL what `history` says in Python. They look other transfers of the same event up by scalar
subqueries on `uq_transfers_key`, never by EXISTS, which PostgreSQL may answer by reading the whole ledger into a hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gencharge.core.http.paging import column_of
from gencharge.wallet.history import CONTINUING, GROUPED, SINGLE
from gencharge.wallet.models import EVERYDAY, Account, Code, Transfer
from gencharge.wallet.schemas import (
    TransactionCategory,
    TransactionFilters,
    TransactionQuery,
    TransactionStatus,
    TransactionType,
)
from gencharge.wallet.staff_schemas import StaffTransactionQuery

# The categories whose rows are of one code; the others are put together from several.
_CODE_OF: Final[Mapping[TransactionCategory, Code]] = {
    category: code for code, category in SINGLE.items() if category is not TransactionCategory.RECHARGE
}
Entity = type[Transfer]
# Of a room above: which plan a recharge had is not in the ledger.
_RECHARGES: Final = table("recharges", column("user_id", Uuid), column("id", Uuid), column("plan_id", Uuid))


def select_events(user_id: UUID, query: TransactionQuery) -> Select[Transfer]:
    """The customer's transfers in the period that is asked for, all or those of recharges with a plan."""
    statement = select(Transfer).where(
        Transfer.user_id == user_id, *query.between(column_of(Transfer.created_at))
    )
    if query.plan_id is None:
        return statement
    sold = select(_RECHARGES.c.id).where(
        _RECHARGES.c.user_id == user_id, _RECHARGES.c.plan_id == query.plan_id
    )
    return statement.where(Transfer.reference_id.in_(sold))


def select_all_events(query: StaffTransactionQuery) -> Select[Transfer]:
    """All customers' transfers, narrowed by the most selective filter that has an index in the list's order."""
    statement = select(Transfer)
    code = None if query.category is None else _CODE_OF.get(query.category)
    if query.user_id is not None:
        statement = statement.where(Transfer.user_id == query.user_id)
    elif query.reference_id is not None:
        statement = statement.where(Transfer.reference_id == query.reference_id)
    elif query.phone_number is not None:
        statement = statement.where(Transfer.phone_number == query.phone_number)
    elif code is not None and code not in EVERYDAY:
        # The index is partial: the planner has to see the code.
        statement = statement.where(Transfer.code == literal_column(str(int(code))))
    return statement.where(*query.between(column_of(Transfer.created_at)))


async def get_first(
    db: AsyncSession, *, user_id: UUID, transfer_id: UUID, scope: ColumnElement[bool] | None = None
) -> Transfer | None:
    """The transfer of this id if it begins an event and is in scope."""
    query = select(Transfer).where(
        Transfer.user_id == user_id, Transfer.id == transfer_id, begins_event(Transfer)
    )
    transfer: Transfer | None = await db.scalar(query if scope is None else query.where(scope))
    return transfer


async def list_legs(db: AsyncSession, firsts: Sequence[Transfer]) -> Sequence[Transfer]:
    """The transfers of the events that begin with `firsts`, these among them. No query if each is one transfer."""
    grouped = [first for first in firsts if first.code in GROUPED]
    if not grouped:
        return firsts
    references = {first.reference_id for first in grouped if first.reference_id is not None}
    keys = {first.key for first in grouped} | {str(reference) for reference in references}
    query = select(Transfer).where(
        Transfer.user_id.in_({first.user_id for first in grouped}),
        or_(Transfer.key.in_(keys), Transfer.reference_id.in_(references)),
        Transfer.code.in_((*GROUPED, *CONTINUING)),
    )
    return (await db.scalars(query)).all()


def begins_event(entity: Entity) -> ColumnElement[bool]:
    """Whether a transfer is the first of an event of the customer's."""
    code = _code(entity)
    of_refund = and_(entity.service_type.is_(None), _leg(entity, Code.REFUND, entity.key).is_not(None))
    return or_(
        code.in_(tuple(SINGLE)),
        code == Code.REFUND,
        and_(code == Code.HOLD, not_(of_refund)),
        and_(
            code == Code.PAYMENT,
            entity.credit == Account.HELD,
            _leg(entity, Code.HOLD, _reference(entity)).is_(None),
        ),
        and_(
            code == Code.RELEASE,
            entity.amount > func.coalesce(_leg(entity, Code.HOLD, entity.key), 0),
        ),
    )


def match_events(entity: Entity, query: TransactionFilters) -> list[ColumnElement[bool]]:
    """That a transfer begins an event, and the conditions of all filters but amounts and dates on that event."""
    equal = {
        entity.service_type: query.service_type,
        entity.source: query.source,
        entity.phone_number: query.phone_number,
        entity.reference_id: query.reference_id,
        entity.operator: query.operator,
    }
    conditions: list[ColumnElement[bool]] = [
        column == value for column, value in equal.items() if value is not None
    ]
    if query.category is not None:
        conditions.append(_has_category(entity, query.category))
    if query.txn_type is not None:
        comes_in = column_of(entity.credit) == Account.MAIN
        conditions.append(comes_in if query.txn_type is TransactionType.CREDIT else not_(comes_in))
    if query.payment_method is not None:
        conditions.append(_method_of(entity) == query.payment_method)
    if query.status is not None:
        conditions.append(_has_status(entity, query.status))
    return [*conditions, begins_event(entity)]


def amount_of(entity: Entity) -> ColumnElement[Any]:
    """The amount of the event that begins with a transfer, in paise."""
    paid = _another()
    payments = (
        select(func.coalesce(func.sum(paid.amount), 0)).where(*_is_payment_of(paid, entity)).scalar_subquery()
    )
    return case(
        (and_(_code(entity) == Code.HOLD, entity.service_type.is_not(None)), entity.amount + payments),
        (
            _code(entity) == Code.RELEASE,
            entity.amount - func.coalesce(_leg(entity, Code.HOLD, entity.key), 0),
        ),
        else_=entity.amount,
    )


def _has_category(entity: Entity, category: TransactionCategory) -> ColumnElement[bool]:
    code = _code(entity)
    if category is TransactionCategory.RECHARGE:
        is_sale = and_(code == Code.HOLD, entity.service_type.is_not(None))
        return or_(code.in_((Code.RECHARGE, Code.PAYMENT)), is_sale)
    if category is TransactionCategory.REFUND:
        return code.in_((Code.REFUND, Code.RELEASE))
    if category is TransactionCategory.SOURCE_REFUND:
        return and_(code == Code.HOLD, entity.service_type.is_(None))
    return code == _CODE_OF[category]


def _has_status(entity: Entity, status: TransactionStatus) -> ColumnElement[bool]:
    code, reference = _code(entity), _reference(entity)
    held_first = code.in_((Code.HOLD, Code.PAYMENT))
    released = or_(
        _leg(entity, Code.RELEASE, entity.key).is_not(None),
        _leg(entity, Code.RELEASE, reference).is_not(None),
    )
    taken = or_(
        _leg(entity, Code.CAPTURE, reference).is_not(None),
        _leg(entity, Code.SOURCE_REFUND, entity.key).is_not(None),
    )
    on_its_way = and_(
        code == Code.REFUND,
        _leg(entity, Code.HOLD, entity.key).is_not(None),
        _leg(entity, Code.SOURCE_REFUND, entity.key).is_(None),
        _leg(entity, Code.RELEASE, entity.key).is_(None),
    )
    if status is TransactionStatus.FAILED:
        return and_(held_first, not_(taken), released)
    if status is TransactionStatus.PENDING:
        return or_(and_(held_first, not_(taken), not_(released)), on_its_way)
    return or_(and_(held_first, taken), and_(not_(held_first), not_(on_its_way)))


def _method_of(entity: Entity) -> ColumnElement[Any]:
    """How an event is paid: of what the wallet and a gateway share, the gateway's method."""
    paid = _another()
    method = select(paid.payment_method).where(*_is_payment_of(paid, entity)).limit(1).scalar_subquery()
    return case(
        (_code(entity) == Code.HOLD, func.coalesce(method, entity.payment_method)),
        else_=entity.payment_method,
    )


def _is_payment_of(paid: Entity, entity: Entity) -> list[ColumnElement[bool]]:
    return [
        paid.user_id == entity.user_id,
        paid.reference_id == entity.reference_id,
        _code(paid) == Code.PAYMENT,
        paid.credit == Account.HELD,
    ]


def _leg(entity: Entity, code: Code, key: Any) -> ColumnElement[Any]:
    """The amount of the same customer's transfer of this code and key; NULL if there is none."""
    leg = _another()
    amount = select(leg.amount).where(leg.user_id == entity.user_id, leg.key == key, _code(leg) == int(code))
    return amount.scalar_subquery()


@cache
def _another() -> Entity:
    """Another transfer, for a subquery. All subqueries share one: an alias is slow to make."""
    return aliased(Transfer)


def _reference(entity: Entity) -> ColumnElement[Any]:
    """The key of the holds, captures and releases of the recharge that a transfer belongs to."""
    return func.coalesce(cast(entity.reference_id, Text), entity.key)


def _code(entity: Entity) -> ColumnElement[Any]:
    """The code, in a form that no index matches.

    A bare code would allow the index of the rare codes, over all customers, while there are few of them.
    """
    return column_of(entity.code) + 0
