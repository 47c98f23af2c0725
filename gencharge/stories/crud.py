"""What PostgreSQL knows of a recharge, from the tables of all rooms, in one statement.

A story was put together by eight statements one after the other, each with its own way to the database and back. One sees a single
instant, too: a payment that is captured between two statements can't make a story contradict itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import DateTime, LargeBinary, TypeDecorator, Uuid, inspect
from sqlalchemy.dialects import postgresql

from gencharge.channels.models import OperatorAttempt
from gencharge.complaints.models import Complaint
from gencharge.core.postgres.database import Base, Database
from gencharge.payments.models import Payment, Refund
from gencharge.recharge.models import ActivePlan, Recharge, RechargeRefund
from gencharge.wallet.models import Transfer

# $1 the customer, $2 the recharge, $3 the operators that the reader may see; none: all.
_READ: Final = """
    SELECT to_jsonb(r) AS recharge,
        (SELECT to_jsonb(p) FROM active_plans p
            WHERE p.phone_number = r.phone_number AND p.recharge_id = r.id) AS plan,
        (SELECT to_jsonb(p) FROM payments p
            WHERE p.user_id = $1 AND p.payment_id = r.payment_id) AS payment,
        (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.attempt) FROM operator_attempts a
            WHERE a.user_id = $1 AND a.recharge_id = $2) AS attempts,
        (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.created_at, f.refund_id) FROM recharge_refunds f
            WHERE f.user_id = $1 AND f.recharge_id = $2) AS refunds,
        (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.created_at, c.complaint_id) FROM complaints c
            WHERE c.user_id = $1 AND c.recharge_id = $2) AS complaints,
        (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.created_at, f.refund_id) FROM refunds f
            WHERE f.user_id = $1 AND f.payment_id = r.payment_id) AS refunds_to_source,
        (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.created_at, t.id) FROM transfers t
            WHERE t.user_id = $1 AND t.reference_id IN (r.id, r.payment_id)) AS transfers
    FROM recharges r
    WHERE r.user_id = $1 AND r.id = $2 AND (cardinality($3::text[]) = 0 OR r.operator = ANY ($3))
"""
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Books:
    """The rows about a recharge. They belong to no session: nothing that is done to them is written."""

    recharge: Recharge
    plan: ActivePlan | None
    payment: Payment | None
    attempts: Sequence[OperatorAttempt]
    refunds: Sequence[RechargeRefund]
    complaints: Sequence[Complaint]
    refunds_to_source: Sequence[Refund]
    transfers: Sequence[Transfer]


async def find_books(
    database: Database, user_id: UUID, recharge_id: UUID, operators: Sequence[str] = ()
) -> Books | None:
    """The rows about a recharge of the customer's. `operators`: None if it is of another one; none: it may be of any."""
    row = await database.fetch_row(_READ, user_id, recharge_id, list(operators))
    if row is None:
        return None
    values: dict[str, Any] = {
        name: None if part is None else orjson.loads(part) for name, part in row.items()
    }
    return Books(
        recharge=_row(Recharge, values["recharge"]),
        plan=_row(ActivePlan, values["plan"]) if values["plan"] else None,
        payment=_row(Payment, values["payment"]) if values["payment"] else None,
        attempts=_rows(OperatorAttempt, values["attempts"]),
        refunds=_rows(RechargeRefund, values["refunds"]),
        complaints=_rows(Complaint, values["complaints"]),
        refunds_to_source=_rows(Refund, values["refunds_to_source"]),
        transfers=_rows(Transfer, values["transfers"]),
    )


def _rows(model: type[Row], rows: Sequence[Mapping[str, Any]] | None) -> list[Row]:
    return [_row(model, values) for values in rows or ()]


def _row(model: type[Row], values: Mapping[str, Any]) -> Row:
    """A row out of its JSON. Columns of bytes, which a story does not show, are left out."""
    attributes = {
        key: None if values[name] is None else read(values[name]) for name, key, read in _columns(model)
    }
    return model(**attributes)


@lru_cache
def _columns(model: type[Base]) -> tuple[tuple[str, str, Any], ...]:
    """Of each column: its name, the name of its attribute, and what makes a value of its JSON."""
    mapper = inspect(model)
    return tuple(
        (column.name, mapper.get_property_by_column(column).key, _reader(column.type))
        for column in mapper.local_table.columns
        if not isinstance(column.type, LargeBinary)
    )


def _reader(kind: Any) -> Any:
    if isinstance(kind, TypeDecorator):
        return lambda stored: kind.process_result_value(stored, _DIALECT)
    if isinstance(kind, Uuid):
        return UUID
    if isinstance(kind, DateTime):
        return _instant
    return _as_it_is


def _instant(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def _as_it_is(value: Any) -> Any:
    return value
