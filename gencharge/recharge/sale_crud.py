"""The SQL functions that sell a recharge. See `recharge/sql`. Amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge.models import SaleOutcome
from gencharge.velocity.service import Limits

_TERMS: Final = """
    SELECT outcome, known, (plan).status, (plan).valid_from, (plan).valid_until, (plan).plan_id, (plan).plan_name,
           (plan).operator, (plan).plan_type, price,
           CASE WHEN $7::jsonb ? 'amount' THEN talktime_of(p_plan => $3, p_amount => price) END AS talktime, (running).recharge_id AS running_id,
           (running).plan_name AS running_name, (running).valid_until AS running_until, available,
           (running).user_id IS NOT DISTINCT FROM $1
               OR EXISTS (SELECT FROM users AS u WHERE u.user_id = $1 AND u.phone_number = $2) AS may_see_plan
    FROM quote_recharge(
        p_user => $1, p_phone => $2, p_plan => $3, p_hint => $4, p_replace => $5, p_pinned => $6, p_stated => $7)
"""
# The hot path: the whole recharge in one round trip.
_SALE: Final = """
    SELECT outcome, known, (sale).id, (sale).plan_id, (sale).sold_status, (sale).phone_number, (sale).plan_name,
           (sale).operator, (sale).plan_type, (sale).category, (sale).price, (sale).discount, (sale).wallet_amount,
           (sale).gateway_amount, (sale).payment_method, (sale).source, (sale).sold_valid_from,
           (sale).sold_valid_until, (sale).replaced_plan_name, (sale).replaced_valid_until, (sale).balance_after,
           (sale).created_at, (sale).offer_id, (sale).cashback, (sale).talktime
"""
_FROM_WALLET: Final = f"""{_SALE}
    FROM recharge_from_wallet(
        p_user => $1, p_id => $2, p_key => $3, p_hash => $4, p_phone => $5, p_plan => $6, p_hint => $7,
        p_source => $8, p_replace => $9, p_confirmed => $10, p_window_seconds => $11, p_transfer => $12,
        p_event => $13, p_context => $14, p_pinned => $15, p_expected_price => $16,
        p_bounds => $17::text::bigint[], p_session => $18, p_careful => $19, p_offers => $20,
        p_reference => $21, p_metadata => $22, p_stated => $23)
"""
# What `add_recharge` raises if a velocity bound may be met.
_LOOK_CLOSER: Final = "GC001"
_REFERENCE: Final = "uq_recharges_caller_reference"
_WITH_PAYMENT: Final = f"""{_SALE}
    FROM recharge_with_payment(
        p_user => $1, p_id => $2, p_key => $3, p_hash => $4, p_phone => $5, p_plan => $6, p_hint => $7,
        p_source => $8, p_replace => $9, p_confirmed => $10, p_window_seconds => $11, p_method => $12,
        p_wallet_amount => $13, p_gateway_amount => $14, p_payment => $15, p_context => $16, p_pinned => $17,
        p_bounds => $18::text::bigint[], p_session => $19, p_offers => $20,
        p_reference => $21, p_metadata => $22, p_stated => $23)
"""


_HOLD_BACK: Final = """
    SELECT hold_recharge_back(
        p_user => $1, p_phone => $2, p_price => $3, p_bounds => $4::text::bigint[], p_session => $5, p_context => $6,
        p_at => statement_time($7))::text
"""


@dataclass(frozen=True, slots=True)
class TermsRow:
    """What `quote_recharge` answers. The plan's fields are None if there is no such plan."""

    outcome: SaleOutcome | None
    known: str | None
    status: str
    valid_from: datetime | None
    valid_until: datetime | None
    plan_id: UUID
    plan_name: str
    operator: str
    plan_type: str
    price: int
    talktime: int | None
    running_id: UUID | None
    running_name: str | None
    running_until: datetime | None
    available: int | None
    # The number is the customer's own, or they bought the plan that is active on it.
    may_see_plan: bool


class SaleRequest(NamedTuple):
    """What a sale is asked for, in the order of the first arguments of both functions that sell."""

    user_id: UUID
    recharge_id: UUID
    key: str
    request_hash: bytes
    phone_number: str
    plan_id: UUID
    hint: str | None
    source: str
    replace: bool
    confirmed: bool
    window_seconds: int


class Noted(NamedTuple):
    """What the caller calls a recharge, and what they noted: encrypted for its row."""

    reference: str | None = None
    metadata: str | None = None


NOTHING_NOTED: Final = Noted()


class SaleRow(NamedTuple):
    """The recharge that a sale made or that its key had made before, as it was sold."""

    id: UUID
    plan_id: UUID
    sold_status: str
    phone_number: str
    plan_name: str
    operator: str
    plan_type: str
    category: str
    price: int
    discount: int
    wallet_amount: int
    gateway_amount: int
    payment_method: str
    source: str
    sold_valid_from: datetime | None
    sold_valid_until: datetime | None
    replaced_plan_name: str | None
    replaced_valid_until: datetime | None
    balance_after: int
    created_at: datetime
    offer_id: UUID | None
    cashback: int
    talktime: int | None


class SaleResult(NamedTuple):
    """How a sale ended; `sale` is None if it was refused. `known` is then what is known of the number, the present
    price in paise, the amounts of the plan, or which velocity rule it broke (`velocity.service.refusal`). `outcome` is None if the caller's reference names
    another recharge: the unique index undid the sale."""

    outcome: SaleOutcome | None
    known: str | None
    sale: SaleRow | None


async def get_terms(
    database: Database,
    *,
    user_id: UUID,
    phone_number: str,
    plan_id: UUID,
    hint: str | None,
    replace: bool,
    stated: str | None = None,
) -> TermsRow:
    """`quote_recharge`: what a recharge costs and when it starts, or why it is refused. `stated`: as of `stated_json`."""
    row = await database.fetch_row(
        _TERMS, user_id, phone_number, plan_id, hint, replace, clock.pinned(), stated
    )
    assert row is not None, "quote_recharge returns one row"
    outcome, *rest = row
    return TermsRow(SaleOutcome(outcome) if outcome is not None else None, *rest)


async def add_from_wallet(
    database: Database,
    request: SaleRequest,
    *,
    transfer_id: UUID,
    event_id: UUID,
    context: str,
    expected_price: int | None,
    limits: Limits,
    offers: str | None = None,
    noted: Noted = NOTHING_NOTED,
    stated: str | None = None,
) -> SaleResult:
    """`recharge_from_wallet`: sell, take the money and start the plan, in one transaction. `offers`: of a `Selection`;
    `stated`: as of `stated_json`.

    A second round trip if a velocity bound may be met: it looks closer, and sells or refuses.
    """
    arguments = (
        *request,
        transfer_id,
        event_id,
        context,
        clock.pinned(),
        expected_price,
        _array(limits.bounds),
        limits.session_id,
    )
    try:
        row = await database.fetch_row(_FROM_WALLET, *arguments, False, offers, *noted, stated)
    except asyncpg.PostgresError as error:
        if error.sqlstate != _LOOK_CLOSER:
            return _taken(error)
        try:
            row = await database.fetch_row(_FROM_WALLET, *arguments, True, offers, *noted, stated)
        except asyncpg.UniqueViolationError as error:
            return _taken(error)
    return _result(row)


async def hold_back(
    database: Database, context: str, limits: Limits, *, user_id: UUID, phone_number: str, price: int
) -> str | None:
    """`hold_recharge_back`, in a transaction of its own: what is to be said about a recharge that breaks a velocity rule."""
    if limits.bounds is None:
        return None
    row = await database.fetch_row(
        _HOLD_BACK,
        user_id,
        phone_number,
        price,
        _array(limits.bounds),
        limits.session_id,
        context,
        clock.pinned(),
    )
    assert row is not None, "the function returns one row"
    held_back: str | None = row[0]
    return held_back


async def add_with_payment(
    database: Database,
    request: SaleRequest,
    *,
    payment_method: str,
    wallet_amount: int,
    gateway_amount: int,
    payment_id: UUID,
    context: str,
    limits: Limits,
    offers: str | None = None,
    noted: Noted = NOTHING_NOTED,
    stated: str | None = None,
) -> SaleResult:
    """`recharge_with_payment`: hold the wallet's part and write the sale, which waits for its payment."""
    arguments = (
        payment_method,
        wallet_amount,
        gateway_amount,
        payment_id,
        context,
        clock.pinned(),
        _array(limits.bounds),
        limits.session_id,
        offers,
    )
    try:
        row = await database.fetch_row(_WITH_PAYMENT, *request, *arguments, *noted, stated)
    except asyncpg.UniqueViolationError as error:
        return _taken(error)
    return _result(row)


def stated_json(connection: Mapping[str, str], amount: Money | None) -> str | None:
    """What a caller states, `operator` and `circle` of the number and the `amount`, as the functions take it; None if nothing."""
    stated = dict[str, str | int](connection)
    if amount is not None:
        stated["amount"] = amount.paise
    return orjson.dumps(stated).decode() if stated else None


@lru_cache(maxsize=64)
def _array(bounds: tuple[int | None, ...] | None) -> str | None:
    """The bounds as PostgreSQL reads an array: asyncpg would look at each of them again in every sale."""
    if bounds is None:
        return None
    return "{" + ",".join("NULL" if bound is None else str(bound) for bound in bounds) + "}"


def _taken(error: asyncpg.PostgresError) -> SaleResult:
    """The refusal, if the error is that the reference names another recharge; raises any other."""
    if getattr(error, "constraint_name", None) != _REFERENCE:
        raise error
    return SaleResult(None, None, None)


def _result(row: Any) -> SaleResult:
    assert row is not None, "a function that sells returns one row"
    outcome, known, *sale = row
    return SaleResult(SaleOutcome(outcome), known, SaleRow(*sale) if sale[0] is not None else None)
