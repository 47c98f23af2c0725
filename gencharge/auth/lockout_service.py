"""Wrong second factors are counted in PostgreSQL, and too many of them lock it for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth import events
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import SecondFactorInvalid, SecondFactorLocked
from gencharge.auth.models import SecondFactor
from gencharge.core.errors import Problem
from gencharge.core.events.events import Event, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.sessions.guards import Principal

Method = Literal["totp", "recovery_code", "otp"]


async def failed(
    context: AuthContext,
    db: AsyncSession,
    admin: Principal,
    factor: SecondFactor,
    method: Method,
    *,
    used: bool = False,
) -> Problem:
    """Count a wrong code, lock after too many, and return the problem to answer with.

    A right code that comes twice is refused but not counted: a client that repeats a request must not lock its admin out.
    """
    factor.failures += 0 if used else 1
    happened: list[Event] = [
        events.SecondFactorFailed(
            **about(admin.user_id),
            session_id=str(admin.session_id),
            method=method,
            failures=factor.failures,
            used=used,
        )
    ]
    problem: Problem = SecondFactorInvalid()
    if not used and factor.failures % context.settings.otp_attempts == 0:
        until = clock.now() + timedelta(minutes=context.settings.otp_lock_minutes)
        factor.locked_until = until
        happened.append(events.SecondFactorLocked(**about(admin.user_id), locked_until=until.isoformat()))
        problem = _locked(until)
    await db.flush()
    await emit(db, *happened)
    return problem


def lock_of(factor: SecondFactor | None) -> datetime | None:
    """Until when codes are refused; None if they are not."""
    until = factor.locked_until if factor is not None else None
    return until if until is not None and until > clock.now() else None


def refuse_locked(factor: SecondFactor) -> None:
    """Raises SecondFactorLocked."""
    until = lock_of(factor)
    if until is not None:
        raise _locked(until)


def _locked(until: datetime) -> SecondFactorLocked:
    return SecondFactorLocked(retry_after_seconds=int((until - clock.now()).total_seconds()) + 1)


def about(admin_id: UUID) -> dict[str, str]:
    """The owner fields of an event."""
    return {"user_id": str(SYSTEM_USER_ID), "admin_id": str(admin_id)}
