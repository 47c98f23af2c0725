"""Looking a text up wherever an index leads to it: a few statements, none of which looks at many rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.channels.models import OperatorAttempt, OperatorReference
from gencharge.complaints import service as complaints
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.payments import service as payments
from gencharge.payments.models import Payment
from gencharge.payouts import service as payouts
from gencharge.payouts.models import Payout
from gencharge.receipts import service as receipts
from gencharge.receipts.models import Receipt
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import Recharge
from gencharge.search.staff_schemas import HitKind, Matched, SearchHit, SearchOut
from gencharge.search.terms import Term, term_of
from gencharge.sessions.guards import Principal
from gencharge.users import service as users

# Of one phone number, or one reference.
_RECHARGES: Final = 20


async def search(
    db: AsyncSession, admin: Principal, text: str, *, with_payments: bool, with_customers: bool
) -> SearchOut:
    """What the text belongs to, as far as the admin may see it. An unknown text finds nothing."""
    term = term_of(text)
    found_recharges = await _recharges(db, admin, term)
    found_payments: list[tuple[Payment, Matched]] = []
    if with_payments:
        found_payments = await _payments(db, term)
    customer, by = await _customer(db, term) if with_customers else (None, Matched.USER_ID)
    found_payouts = await payouts.find(db, term.text, term.id) if with_payments else []
    owners = [row.user_id for row, _ in found_recharges] + [row.user_id for row, _ in found_payments]
    owners += [row.user_id for row, _ in found_payouts]
    briefs = await users.briefs(db, [*owners, *([customer] if customer else [])])
    hits = [_recharge_hit(row, reason) for row, reason in found_recharges]
    hits += [_payment_hit(row, reason) for row, reason in found_payments]
    hits += [_payout_hit(row, is_outside=is_outside) for row, is_outside in found_payouts]
    if customer is not None and customer in briefs:
        hits.insert(0, _customer_hit(customer, by))
    return SearchOut(hits=[hit.model_copy(update={"user": briefs.get(hit.user_id)}) for hit in hits])


async def _recharges(db: AsyncSession, admin: Principal, term: Term) -> list[tuple[Recharge, Matched]]:
    rows, matched = await _recharges_by_our_names(db, admin, term)
    hits = {row.id: (row, matched) for row in rows}
    for row, reason in await _recharges_of_others(db, admin, term):
        hits.setdefault(row.id, (row, reason))
    for row in await recharges.list_by_reference(db, admin, term.text, limit=_RECHARGES):
        hits.setdefault(row.id, (row, Matched.REFERENCE))
    return list(hits.values())


async def _recharges_of_others(
    db: AsyncSession, admin: Principal, term: Term
) -> list[tuple[Recharge, Matched]]:
    """The recharges that a refund, a complaint or a bill is about."""
    by = Matched.REFUND_ID if term.id is not None else Matched.BILL_REFERENCE
    keys = list(await recharges.keys_of_other(db, term.text, term.id))
    if not keys and term.id is not None:
        complaint = await complaints.find_recharge(db, term.id)
        keys, by = ([complaint] if complaint is not None else []), Matched.COMPLAINT_ID
    rows = [await _in_scope(db, admin, *key) for key in keys]
    return [(row, by) for row in rows if row is not None]


async def _in_scope(db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID) -> Recharge | None:
    try:
        return await recharges.get_in_scope(db, admin, user_id, recharge_id)
    except RechargeNotFound:  # another operator's
        return None


async def _recharges_by_our_names(
    db: AsyncSession, admin: Principal, term: Term
) -> tuple[Sequence[Recharge], Matched]:
    if term.phone_number is not None:
        rows = await recharges.list_of_number(db, admin, term.phone_number, limit=_RECHARGES)
        return rows, Matched.PHONE_NUMBER
    if term.id is not None:
        recharge = await recharges.find_in_scope(db, admin, term.id)
        if recharge is not None:
            return [recharge], Matched.RECHARGE_ID
    owned, matched = await _by_others_names(db, term)
    if owned is None:
        return [], matched
    row = await _in_scope(db, admin, owned.user_id, owned.recharge_id)
    return ([] if row is None else [row]), matched


async def _by_others_names(
    db: AsyncSession, term: Term
) -> tuple[OperatorReference | OperatorAttempt | Receipt | None, Matched]:
    """What an operator or a receipt calls a recharge."""
    # Some of them have the form of an id.
    reference = await channels.find_reference(db, str(term.id or term.text))
    if reference is not None:
        return reference, Matched.SUBMISSION
    attempt = await channels.find_by_operator_reference(db, term.text)
    if attempt is not None:
        return attempt, Matched.OPERATOR_REFERENCE
    return await receipts.find_by_number(db, term.text), Matched.RECEIPT_NUMBER


async def _payments(db: AsyncSession, term: Term) -> list[tuple[Payment, Matched]]:
    hits: list[tuple[Payment, Matched]] = []
    if term.phone_number is None:
        if term.id is not None:
            payment, matched = await payments.find(db, term.id), Matched.PAYMENT_ID
            hits += [(row, Matched.REFUND_ID) for row in await payments.list_refunded(db, term.id)]
        else:
            payment, matched = await payments.find_by_order(db, term.text), Matched.ORDER_ID
        hits += [] if payment is None else [(payment, matched)]
    # Also if it looks like a phone number: a bank's reference may be twelve digits that begin with 91.
    paid = await payments.list_by_gateway(db, term.text, limit=_RECHARGES)
    hits += [(row, Matched.GATEWAY_REFERENCE) for row in paid]
    known = {row.payment_id for row, _ in hits}
    named = await payments.list_by_reference(db, term.text, limit=_RECHARGES)
    return hits + [(row, Matched.REFERENCE) for row in named if row.payment_id not in known]


async def _customer(db: AsyncSession, term: Term) -> tuple[UUID | None, Matched]:
    if term.phone_number is None:
        return term.id, Matched.USER_ID
    owner = await directory.phone_owner(db, term.phone_number)
    is_customer = owner is not None and owner[0] is OwnerKind.USER
    return owner[1] if owner is not None and is_customer else None, Matched.PHONE_NUMBER


def _recharge_hit(row: Recharge, matched: Matched) -> SearchHit:
    return SearchHit(
        kind=HitKind.RECHARGE,
        matched=matched,
        user_id=row.user_id,
        user=None,
        recharge_id=row.id,
        payment_id=row.payment_id,
        operator=row.operator,
        status=row.status,
        created_at=row.created_at,
        path=f"/v1/recharge/admin/{row.user_id}/{row.id}/story",
    )


def _payment_hit(row: Payment, matched: Matched) -> SearchHit:
    return SearchHit(
        kind=HitKind.PAYMENT,
        matched=matched,
        user_id=row.user_id,
        user=None,
        # Of a top-up there is none.
        recharge_id=row.reference_id,
        payment_id=row.payment_id,
        operator=row.operator,
        status=row.status,
        created_at=row.created_at,
        path=f"/v1/payments/admin/{row.user_id}/{row.payment_id}",
    )


def _payout_hit(row: Payout, *, is_outside: bool) -> SearchHit:
    return SearchHit(
        kind=HitKind.PAYOUT,
        matched=Matched.GATEWAY_REFERENCE if is_outside else Matched.PAYOUT_ID,
        user_id=row.user_id,
        user=None,
        recharge_id=None,
        payment_id=None,
        payout_id=row.payout_id,
        operator=None,
        status=row.status,
        created_at=row.created_at,
        path=f"/v1/payouts/admin?user_id={row.user_id}",
    )


def _customer_hit(user_id: UUID, matched: Matched) -> SearchHit:
    return SearchHit(
        kind=HitKind.CUSTOMER,
        matched=matched,
        user_id=user_id,
        user=None,
        recharge_id=None,
        payment_id=None,
        operator=None,
        status=None,
        created_at=None,
        path=f"/v1/users/{user_id}",
    )
