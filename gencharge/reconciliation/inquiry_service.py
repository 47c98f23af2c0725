"""Asking a counterparty once more what became of a reference. Its answer counts as any other answer of theirs.

Where that ends the matter, the difference is resolved; otherwise it stays open, with the answer and a better proposal.
"""

from __future__ import annotations

from typing import Any
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
    ReconciliationDifference,
)
from gencharge.reconciliation.resolutions_service import announce, state_of
from gencharge.reconciliation.runs_service import Sources


async def ask(sources: Sources, run_id: UUID, difference_id: UUID) -> None:
    """Ask about a difference that is open. Raises GatewayUnavailable, CounterpartyInvalid."""
    database = sources.database
    found = await database.run(lambda db: crud.get_difference(db, run_id, difference_id))
    if found is None or found.status not in crud.UNSETTLED or found.user_id is None:
        return
    if found.counterparty == GATEWAY:
        if found.payment_id is None:
            return
        status = await payments.ask_gateway(sources.desk, found.user_id, found.payment_id)
        captured = status not in {PaymentStatus.CREATED, PaymentStatus.AUTHORIZED, PaymentStatus.FAILED}
        ended = captured and found.kind == DifferenceKind.MISSING_AT_OURS and found.refund_id is None
        said = {"answer": status.value}
        await database.run(lambda db: _note(db, run_id, difference_id, said, ended=ended, proposed=None))
        return
    answer = await sources.client.status(await sources.channel(found.counterparty), found.reference)
    await database.run(lambda db: _apply(db, found, answer))


async def _apply(db: AsyncSession, found: ReconciliationDifference, answer: Answer) -> None:
    said = {"answer": answer.verdict.value, "answer_reason": answer.reason}
    await delivery.apply_answer(db, found.reference, answer)
    await db.flush()
    row = TheirRow(found.reference, 0, 0, clock.now())
    now_is = (await books_crud.find_references(db, found.counterparty, [row])).get(found.reference)
    was_under_way = found.detail.get("state") == "under_way"
    ended = was_under_way and now_is is not None and now_is.state != "under_way"
    proposed: DifferenceResolution | None = None
    if found.kind == DifferenceKind.MISSING_AT_THEIRS:
        if answer.verdict is Verdict.DELIVERED:
            proposed = DifferenceResolution.NONE
        elif answer.verdict in {Verdict.REFUSED, Verdict.NOT_KNOWN}:
            proposed = DifferenceResolution.REFUND_CUSTOMER
    await _note(db, found.run_id, found.difference_id, said, ended=ended, proposed=proposed)


async def _note(
    db: AsyncSession,
    run_id: UUID,
    difference_id: UUID,
    said: dict[str, Any],
    *,
    ended: bool,
    proposed: DifferenceResolution | None,
) -> None:
    found = await crud.lock_difference(db, run_id, difference_id)
    if found is None or found.status not in crud.UNSETTLED:
        return
    before = state_of(found)
    found.detail = {**found.detail, **said}
    if proposed is not None:
        found.proposed_resolution = proposed.value
    if ended:
        found.status = DifferenceStatus.RESOLVED.value
        found.resolution = DifferenceResolution.ASK_OPERATOR_AGAIN.value
        found.note = f"they said: {said['answer']}"
        found.resolved_by, found.resolved_at = SYSTEM_USER_ID, clock.now()
        await announce(db, found, before, abs(found.theirs_paise or 0))
