"""The state of a mandate, by asking the gateway; and telling it that one was revoked here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.mandates import crud, service
from gencharge.mandates.events import MandateActivated
from gencharge.mandates.models import EndReason, Mandate, MandateStatus
from gencharge.payments import service as payments
from gencharge.payments.errors import GatewayTimeout
from gencharge.payments.models import GatewayMethod
from gencharge.payments.service import MandateReport, PaymentContext

# How long nobody has to approve a mandate until it is not waited for any more.
APPROVED_WITHIN: Final = timedelta(hours=24)
# How often an active mandate is looked at although no webhook came.
LOOK_AGAIN: Final = timedelta(days=7)
_PAUSES: Final = (30.0, 120.0, 600.0, 1800.0, 3600.0)
log = telemetry.get_logger(__name__)


async def check(context: PaymentContext, mandate: Mandate) -> None:
    """Do what is to be done about a claimed mandate. Not inside a transaction. Raises DatabaseUnavailable."""
    customer_id, token_id = await context.database.run(lambda db: _ids(db, mandate))
    try:
        if mandate.end_reason in {EndReason.CUSTOMER, EndReason.ACCOUNT_CLOSED} and token_id is not None:
            await payments.cancel_mandate(context, customer_id=customer_id, token_id=token_id)
            await context.database.run(lambda db: crud.set_values(db, mandate, {"next_check_at": None}))
            return
        report = await payments.find_mandate(
            context, customer_id=customer_id, token_id=token_id, order_id=mandate.order_id
        )
    except GatewayTimeout:
        log.warning("mandate_check_unanswered", mandate_id=str(mandate.mandate_id))
        await context.database.run(lambda db: crud.set_values(db, mandate, _later(mandate)))
        return
    await context.database.run(lambda db: _apply(db, mandate, report))


async def _ids(db: AsyncSession, mandate: Mandate) -> tuple[str, str | None]:
    vault = Vault.of(db)
    customer = await vault.show(mandate, Mandate.customer)
    return customer, await vault.show(mandate, Mandate.token) or None


async def _apply(db: AsyncSession, claimed: Mandate, report: MandateReport | None) -> None:
    mandate = await crud.lock_mandate(db, claimed.user_id, claimed.mandate_id)
    if mandate is None:
        return  # erased since
    now = clock.now()
    if mandate.status == MandateStatus.ACTIVE:
        if report is not None and report.is_ended:
            await service.end(db, mandate, EndReason.BANK)
        elif mandate.expires_at <= now:
            await service.end(db, mandate, EndReason.EXPIRED)
        else:
            await crud.set_values(db, mandate, {"next_check_at": _next_look(mandate.expires_at, now)})
        return
    if report is not None and report.is_confirmed:
        await _approved(db, mandate, report)
    elif mandate.status == MandateStatus.ENDED:
        await crud.set_values(
            db, mandate, _later(mandate) if _is_young(mandate, now) else {"next_check_at": None}
        )
    elif report is not None and report.is_ended:
        await service.end(db, mandate, EndReason.BANK)
    elif _is_young(mandate, now):
        await crud.set_values(db, mandate, _later(mandate))
    else:
        await service.end(db, mandate, EndReason.NOT_APPROVED, {"next_check_at": None})


async def _approved(db: AsyncSession, mandate: Mandate, report: MandateReport) -> None:
    """The customer approved it. If it was revoked here in the meantime, the gateway is told next."""
    now = clock.now()
    token = await Vault.of(db).seal(Mandate.token, (mandate.user_id, mandate.mandate_id), report.token_id)
    token_hash = payments.token_hash(report.token_id)
    await crud.add_token(db, mandate, token_hash)
    if mandate.end_reason in {EndReason.CUSTOMER, EndReason.ACCOUNT_CLOSED}:
        await crud.set_values(db, mandate, {"token": token, "token_hash": token_hash, "next_check_at": now})
        return
    # Never more than the customer asked for here, whatever the gateway has made of it.
    max_amount = min(mandate.max_amount, report.max_amount)
    expires_at = mandate.expires_at
    if report.expires_at is not None:
        expires_at = min(expires_at, datetime.fromtimestamp(report.expires_at, UTC))
    # In the checkout the customer may have chosen another method than here.
    method = report.method if report.method in set(GatewayMethod) else mandate.method
    values: dict[str, Any] = {
        "method": method,
        "status": MandateStatus.ACTIVE.value,
        "end_reason": None,
        "token": token,
        "token_hash": token_hash,
        "max_amount": max_amount,
        "expires_at": expires_at,
        "checks": 0,
        "next_check_at": _next_look(expires_at, now),
        "updated_at": now,
    }
    await crud.set_values(db, mandate, values)
    activated = MandateActivated(
        user_id=str(mandate.user_id),
        mandate_id=str(mandate.mandate_id),
        payment_method=method,
        max_amount_paise=max_amount,
        expires_at=expires_at.isoformat(),
    )
    await emit(db, activated)


def _is_young(mandate: Mandate, now: datetime) -> bool:
    return now - mandate.created_at < APPROVED_WITHIN


def _next_look(expires_at: datetime, now: datetime) -> datetime:
    return min(expires_at, now + LOOK_AGAIN)


def _later(mandate: Mandate) -> dict[str, Any]:
    pause = _PAUSES[min(mandate.checks, len(_PAUSES) - 1)]
    return {
        "checks": min(mandate.checks + 1, 30_000),
        "next_check_at": clock.now() + timedelta(seconds=pause),
    }
