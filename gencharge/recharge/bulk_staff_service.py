"""Refunds of many recharges, each in a transaction of its own: one that is refused stops no other.

A repeat with the same key repeats what was done and goes on with what was not: each recharge has a key made of the request's and its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from gencharge.approvals.service import ApprovalOut
from gencharge.core.errors import IdempotencyKeyReused, Problem, ValidationFailed, field_problem
from gencharge.core.postgres.database import Database
from gencharge.core.values.money import Money
from gencharge.recharge import service, staff_service
from gencharge.recharge.bulk_schemas import (
    BulkOutcome,
    BulkRefundOut,
    BulkRefundsOut,
    RechargeKey,
    RefundRecharges,
)
from gencharge.recharge.errors import RechargeNotRefundable
from gencharge.recharge.models import PaymentState
from gencharge.recharge.staff_schemas import RefundRecharge
from gencharge.sessions.guards import Principal


async def refund(
    database: Database, admin: Principal, command: RefundRecharges, *, key: str, alone_limit: int
) -> BulkRefundsOut:
    """Refund what is left of each recharge to its wallet, or say what that would be. Raises ValidationFailed, and IdempotencyKeyReused if a recharge was
    refunded under this key for another reason.

    `alone_limit`: from how many rupees of one recharge on it takes a second admin.
    """
    _check_each_once(command.recharges)
    rows = []
    for one in command.recharges:
        if command.is_dry_run:
            rows.append(await _preview(database, admin, one, alone_limit))
        else:
            own_key = f"{key}:{one.recharge_id}"
            rows.append(await _refund(database, admin, one, command.reason, own_key, alone_limit))
    alone = {BulkOutcome.WOULD_REFUND, BulkOutcome.REFUNDED}
    total = sum(row.amount.paise for row in rows if row.outcome in alone and row.amount is not None)
    return BulkRefundsOut(is_dry_run=command.is_dry_run, total=Money(total), recharges=rows)


def _check_each_once(recharges: Sequence[RechargeKey]) -> None:
    seen: set[UUID] = set()
    for number, one in enumerate(recharges):
        if one.recharge_id in seen:
            problem = field_problem(f"body.recharges.{number}", "Each recharge once", "recharge_repeated")
            raise ValidationFailed(errors=[problem])
        seen.add(one.recharge_id)


async def _preview(database: Database, admin: Principal, one: RechargeKey, alone_limit: int) -> BulkRefundOut:
    try:
        recharge = await database.run(
            lambda db: service.get_in_scope(db, admin, one.user_id, one.recharge_id)
        )
        paid = recharge.wallet_amount + recharge.gateway_amount
        left = paid - recharge.refunded_amount
        if recharge.status != PaymentState.DELIVERED or left == 0:
            raise RechargeNotRefundable
    except Problem as problem:
        return _refused(one, problem)
    alone = paid <= alone_limit * 100
    outcome = BulkOutcome.WOULD_REFUND if alone else BulkOutcome.WOULD_NEED_APPROVAL
    return _row(one, outcome, Money(left))


async def _refund(
    database: Database, admin: Principal, one: RechargeKey, reason: str, key: str, alone_limit: int
) -> BulkRefundOut:
    command = RefundRecharge(reason=reason)
    try:
        answered = await database.run(
            lambda db: staff_service.refund(
                db, admin, one.user_id, one.recharge_id, command, key=key, alone_limit=alone_limit
            )
        )
        if isinstance(answered.answer, ApprovalOut):
            recharge = await database.run(lambda db: service.get(db, one.user_id, one.recharge_id))
            left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
            return _row(one, BulkOutcome.NEEDS_APPROVAL, Money(left))
        return _row(one, BulkOutcome.REFUNDED, answered.answer.amount)
    except IdempotencyKeyReused:
        # The key was one of another request, which all of this one has to be told.
        raise
    except Problem as problem:
        return _refused(one, problem)


def _refused(one: RechargeKey, problem: Problem) -> BulkRefundOut:
    return _row(one, BulkOutcome.REFUSED, None, problem.code())


def _row(
    one: RechargeKey, outcome: BulkOutcome, amount: Money | None, refusal_code: str | None = None
) -> BulkRefundOut:
    return BulkRefundOut(
        user_id=one.user_id,
        recharge_id=one.recharge_id,
        outcome=outcome,
        amount=amount,
        refusal_code=refusal_code,
    )
