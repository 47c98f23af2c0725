"""Sending payouts to the gateway, and asking what became of them.

A payout's id and round are its reference and its idempotency key there, so sending it twice pays once. A claim counts as an attempt:
after a crash, the next attempt looks for the reference before it sends anything. Only the bank's reference (UTR) proves that money arrived,
and for LOOKS the gateway is asked whether the bank sent it back. A webhook is a reason to ask at once, never an answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.payments.service import CallFailed, CallRefused, GatewayPayout, RazorpayPayouts, refusals
from gencharge.payouts import crud
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.events import PayoutNeedsPayee, PayoutPaid
from gencharge.payouts.models import PayeeKind, Payout, PayoutStatus

# How long after its arrival the gateway is asked again. The bank of a closed account may take days to send money back.
LOOKS: Final = tuple(timedelta(days=days) for days in (1, 3, 7, 14))
# How soon after a look that got no answer.
_AFTER_SILENCE: Final = timedelta(hours=1)
NARRATION: Final = "GenCharge wallet balance"
_BACK: Final = frozenset({"reversed", "rejected", "cancelled", "failed"})
_LONGEST_REASON: Final = 100
log = telemetry.get_logger(__name__)


def reference_of(payout: Payout) -> str:
    """The payout's name at the gateway: at most 40 characters, another one for each payee."""
    return f"{payout.payout_id.hex}-{payout.round}"


async def advance(context: PayoutContext, payout: Payout) -> None:
    """Send a claimed payout, or ask about it, and apply the gateway's answer."""
    gateway = context.gateway
    if payout.status == PayoutStatus.PAID:
        await _look_again(context, gateway, payout)
        return
    if gateway is None:
        await _later(context, payout, reason=payout.reason)
        return
    try:
        answer = await _find(gateway, payout)
        await faultpoints.point("payout.begun")
        if answer is None:
            answer = await _send(context, gateway, payout)
    except CallRefused as error:
        await _refused(context, gateway, payout, error.reason)
    except CallFailed as error:
        log.warning("payout_unclear", payout_id=str(payout.payout_id), reason=error.reason)
        await _later(context, payout, reason=payout.reason)
    else:
        await faultpoints.point("payout.come")
        await _apply(context, payout, answer)


async def _send(context: PayoutContext, gateway: RazorpayPayouts, payout: Payout) -> GatewayPayout:
    async def read(db: AsyncSession) -> str:
        return await Vault.of(db).show(payout, Payout.fund_account)

    return await gateway.pay_out(
        user_id=str(payout.user_id),
        reference=reference_of(payout),
        fund_account=await context.database.run(read),
        amount=payout.amount,
        mode="UPI" if payout.kind == PayeeKind.UPI else "IMPS",
        narration=NARRATION,
    )


async def _look_again(context: PayoutContext, gateway: RazorpayPayouts | None, payout: Payout) -> None:
    """Whether money that arrived was sent back. Nothing but the gateway's own answer says so."""
    next_look = _next_look(payout)
    try:
        if gateway is not None:
            answer = await gateway.fetch_payout(payout.gateway_payout_id or "")
            await faultpoints.point("payout.come")
            if answer.reference == reference_of(payout) and answer.status in _BACK:
                await _give_back(context, payout, answer.reason or answer.status, answer.gateway_payout_id)
                return
    except CallFailed as error:
        log.warning("payout_unclear", payout_id=str(payout.payout_id), reason=error.reason)
        # Asked until there is an answer, also after the last look: a webhook may have said that it came back.
        next_look = clock.now() + _AFTER_SILENCE
    await context.database.run(lambda db: crud.set_next_look(db, payout, at=next_look))


def _next_look(payout: Payout) -> datetime | None:
    assert payout.paid_at is not None, "it is paid"
    return next((look for each in LOOKS if (look := payout.paid_at + each) > clock.now()), None)


async def _find(gateway: RazorpayPayouts, payout: Payout) -> GatewayPayout | None:
    """The gateway's payout under our reference, or None. Before the first attempt there is none."""
    if payout.gateway_payout_id is not None:
        return await gateway.fetch_payout(payout.gateway_payout_id)
    return None if payout.attempts <= 1 else await gateway.find_payout(reference_of(payout))


async def _refused(context: PayoutContext, gateway: RazorpayPayouts, payout: Payout, reason: str) -> None:
    """The gateway refused. If it did so because it has the payout already, that one counts."""
    try:
        is_known = payout.gateway_payout_id is not None
        existing = None if is_known else await gateway.find_payout(reference_of(payout))
    except CallFailed:
        await _later(context, payout, reason=payout.reason)
        return
    if existing is not None:
        await _apply(context, payout, existing)
    elif is_known:
        # The question was refused, not the payout.
        await _later(context, payout, reason=payout.reason)
    elif not refusals.is_proof(payout.attempts, payout.reason):
        await _later(context, payout, reason=refusals.refused_at(payout.attempts))
    else:
        await _give_back(context, payout, reason)


async def _apply(context: PayoutContext, payout: Payout, answer: GatewayPayout) -> None:
    if (answer.reference, answer.amount) != (reference_of(payout), payout.amount):
        log.error(
            "payout_differs",
            payout_id=str(payout.payout_id),
            gateway_payout_id=answer.gateway_payout_id,
        )
        await _later(context, payout, reason="payout_differs")
    elif answer.status == "processed" and answer.utr:
        await context.database.run(lambda db: _paid(db, payout, answer))
    elif answer.status in _BACK:
        await _give_back(context, payout, answer.reason or answer.status, answer.gateway_payout_id)
    else:
        await _later(context, payout, reason=None, gateway_payout_id=answer.gateway_payout_id)


async def _paid(db: AsyncSession, claimed: Payout, answer: GatewayPayout) -> None:
    now = clock.now()
    values = {
        "status": PayoutStatus.PAID.value,
        "gateway_payout_id": answer.gateway_payout_id,
        "utr": answer.utr,
        "paid_at": now,
        "next_attempt_at": now + LOOKS[0],
        "reason": None,
        # Nothing is sent there any more.
        "fund_account": None,
    }
    if await _end_round(db, claimed, values):
        paid = PayoutPaid(
            user_id=str(claimed.user_id),
            payout_id=str(claimed.payout_id),
            amount_paise=claimed.amount,
            utr=answer.utr,
            destination=claimed.destination,
        )
        await emit(db, paid)


async def _give_back(
    context: PayoutContext, claimed: Payout, reason: str, ended_payout_id: str | None = None
) -> None:
    """It did not arrive and never will, or it came back: somebody has to say where else it goes."""
    short = reason[:_LONGEST_REASON]
    values: dict[str, Any] = {
        "status": PayoutStatus.NEEDS_PAYEE.value,
        "round": claimed.round + 1,
        "attempts": 0,
        "gateway_payout_id": None,
        "fund_account": None,
        "utr": None,
        "paid_at": None,
        "reason": short,
    }
    if ended_payout_id is not None:
        values["ended_payout_ids"] = [*claimed.ended_payout_ids, ended_payout_id]

    async def unit(db: AsyncSession) -> None:
        if await _end_round(db, claimed, values):
            waits = PayoutNeedsPayee(
                user_id=str(claimed.user_id),
                payout_id=str(claimed.payout_id),
                amount_paise=claimed.amount,
                reason=short,
                returned_utr=claimed.utr,
            )
            await emit(db, waits)

    await context.database.run(unit)


async def _end_round(db: AsyncSession, claimed: Payout, values: dict[str, Any]) -> bool:
    """Apply what the gateway proved. False if another worker has done so."""
    payout = await crud.lock_payout(db, claimed.user_id, claimed.payout_id)
    if payout is None or (payout.status, payout.round) != (claimed.status, claimed.round):
        return False
    for name, value in {"next_attempt_at": None, "leased_until": None, **values}.items():
        setattr(payout, name, value)
    await db.flush()
    await faultpoints.point("payout.written")
    return True


async def _later(
    context: PayoutContext, payout: Payout, *, reason: str | None, gateway_payout_id: str | None = None
) -> None:
    pauses = context.settings.payment_check_seconds
    pause = pauses[min(payout.attempts, len(pauses)) - 1]
    await context.database.run(
        lambda db: crud.set_later(
            db,
            payout,
            at=clock.now() + timedelta(seconds=pause),
            reason=reason,
            gateway_payout_id=gateway_payout_id or payout.gateway_payout_id,
        )
    )
