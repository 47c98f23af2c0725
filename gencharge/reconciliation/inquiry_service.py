"""Asks a counterparty again for the outcome of a reference. The answer counts like any other answer of theirs.

If the answer settles the reference, the difference is resolved; otherwise it stays open, with the answer and a new proposal.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.service import Answer, Verdict
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.delivery import service as delivery
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentStatus
from gencharge.reconciliation import books_crud, crud
from gencharge.reconciliation.matching import TheirRow
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceKind,
    DifferenceResolution,
    DifferenceStatus,
    EntryState,
    ReconciliationDifference,
)
from gencharge.reconciliation.resolutions_service import announce, state_of
from gencharge.reconciliation.runs_service import CounterpartyContext


async def ask(context: CounterpartyContext, run_id: UUID, difference_id: UUID) -> None:
    """Ask about an unsettled difference and apply the answer. Raises GatewayUnavailable, CounterpartyInvalid."""
    database = context.database
    difference = await database.run(lambda db: crud.get_difference(db, run_id, difference_id))
    if difference is None or difference.status not in crud.UNSETTLED or difference.user_id is None:
        return
    if difference.counterparty == GATEWAY:
        if difference.payment_id is None:
            return
        status = await payments.ask_gateway(context.payments, difference.user_id, difference.payment_id)
        captured = status not in {PaymentStatus.CREATED, PaymentStatus.AUTHORIZED, PaymentStatus.FAILED}
        ended = (
            captured and difference.kind == DifferenceKind.MISSING_AT_OURS and difference.refund_id is None
        )
        answer = {"answer": status.value}
        await database.run(lambda db: _note(db, run_id, difference_id, answer, ended=ended, proposed=None))
        return
    reply = await context.operators.status(
        await context.channel(difference.counterparty), difference.reference
    )
    await database.run(lambda db: _apply(db, difference, reply))


async def _apply(db: AsyncSession, difference: ReconciliationDifference, reply: Answer) -> None:
    answer = {"answer": reply.verdict.value, "answer_reason": reply.reason}
    await delivery.apply_answer(db, difference.reference, reply)
    await db.flush()
    row = TheirRow(difference.reference, 0, 0, clock.now())
    entry = (await books_crud.find_references(db, difference.counterparty, [row])).get(difference.reference)
    was_under_way = difference.detail.get("state") == EntryState.UNDER_WAY
    ended = was_under_way and entry is not None and entry.state is not EntryState.UNDER_WAY
    proposed: DifferenceResolution | None = None
    if difference.kind == DifferenceKind.MISSING_AT_THEIRS:
        if reply.verdict is Verdict.DELIVERED:
            proposed = DifferenceResolution.NONE
        elif reply.verdict in {Verdict.REFUSED, Verdict.NOT_KNOWN}:
            proposed = DifferenceResolution.REFUND_CUSTOMER
    await _note(db, difference.run_id, difference.difference_id, answer, ended=ended, proposed=proposed)


async def _note(
    db: AsyncSession,
    run_id: UUID,
    difference_id: UUID,
    answer: dict[str, str],
    *,
    ended: bool,
    proposed: DifferenceResolution | None,
) -> None:
    difference = await crud.lock_difference(db, run_id, difference_id)
    if difference is None or difference.status not in crud.UNSETTLED:
        return
    before = state_of(difference)
    difference.detail = {**difference.detail, **answer}
    if proposed is not None:
        difference.proposed_resolution = proposed.value
    if ended:
        difference.status = DifferenceStatus.RESOLVED.value
        difference.resolution = DifferenceResolution.ASK_OPERATOR_AGAIN.value
        difference.note = f"they answered: {answer['answer']}"
        difference.resolved_by, difference.resolved_at = SYSTEM_USER_ID, clock.now()
        await announce(db, difference, before, abs(difference.theirs_paise or 0))
