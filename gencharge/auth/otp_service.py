"""Sending codes and redeeming them, and what wrong ones lead to.

A code is redeemed in three steps, and no transaction is open during the second: is the source locked (PostgreSQL), is
the code right (Redis, which uses it up), then the session or the failure is stored (PostgreSQL).

Wrong codes are counted by source (`sources`), so that a stranger never locks a known device out. All strangers together
have a ceiling for each number; where it is reached, only known devices sign in, until a right code or an admin opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.auth import contact_messages, crud, sending_service
from gencharge.auth.challenges import Purpose, Verdict, Waiting
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import OtpInvalid, OtpLocked, SignInSuspended
from gencharge.auth.events import SignInFailed, SignInLocked
from gencharge.auth.sources import NEWCOMERS, STRANGERS, Source
from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.events.events import emit
from gencharge.core.message import Message
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.phone import masked
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.sessions import service as sessions
from gencharge.users import service as users

# NIST SP 800-63B-4 section 3.2.2: no more than 100 failures in a row, however far apart.
SUSPENDED_AFTER: Final = 100
# Signing up is closed for a day instead: a number without an account has no device that we know, and nobody to open it.
SIGN_UP_PAUSE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """The challenge that the code answers, and what is left of the limits (`RateLimit` headers)."""

    challenge_id: str
    headers: Mapping[str, str]
    resend_after_seconds: int


async def send_code(
    context: AuthContext,
    purpose: Purpose,
    phone_number: str,
    *,
    refresh_token: str | None = None,
    source: Source | None = None,
) -> Sent:
    """Send a code to a number. `refresh_token`: what the client got last, if anything; `source`: if it is known already.

    The answer never reveals whether the number is known: the same queries run either way, and the recipient is
    looked up after the answer. Raises OtpTooSoon, OtpLimitExceeded, SendingSuspended, OtpLocked, SignInSuspended, SignInUnavailable.
    """
    address = telemetry.context().address

    async def unit(db: AsyncSession) -> Source:
        client = source
        if client is None and purpose is Purpose.SIGN_UP:
            # Signing up is for strangers: what is known of an account's devices must not show here.
            client = Source.of_address(context.challenges.name_of("address", address), known=False)
        if client is None:
            client = await _source_of(context, db, phone_number, refresh_token, address)
        await _refuse_locked(db, purpose, phone_number, client)
        return client

    client = await context.database.run(unit)
    issued = await sending_service.issue(context, purpose, phone_number, source=client)
    message = _message(context, purpose, phone_number, issued.code)
    context.courier.soon(sending_service.within_budget(context, message, phone_number, client))
    return Sent(issued.challenge_id, issued.headers, issued.resend_after_seconds)


async def _source_of(
    context: AuthContext, db: AsyncSession, phone_number: str, refresh_token: str | None, address: str
) -> Source:
    owner = await directory.phone_owner(db, phone_number)
    # For a number without an owner the same queries run, and find nothing.
    owner_id = owner[1] if owner else SYSTEM_USER_ID
    session_id = await sessions.session_of_token(db, owner_id, refresh_token or "")
    known = await sessions.has_signed_in_from(db, owner_id, address)
    if session_id is not None:
        return Source.of_session(session_id)
    return Source.of_address(context.challenges.name_of("address", address), known=known)


async def _message(context: AuthContext, purpose: Purpose, phone_number: str, code: str) -> Message | None:
    """What to send; None for a sign-in with a number that has no account."""

    async def email_of_owner(db: AsyncSession) -> str | None:
        owner = await directory.phone_owner(db, phone_number)
        if owner is None:
            return "" if purpose is Purpose.SIGN_UP else None
        kind, owner_id = owner
        email = await (
            users.email_of(db, owner_id) if kind is OwnerKind.USER else admins.email_of(db, owner_id)
        )
        return email or ""

    email = await context.database.run(email_of_owner)
    if email is None:
        return None
    return contact_messages.number_code(context.settings, phone_number, code, email=email)


async def redeem(
    context: AuthContext, purpose: Purpose, phone_number: str, challenge_id: str, code: str
) -> Source:
    """Redeem the code of a challenge; returns who had asked for it.

    Raises OtpInvalid, OtpLocked, SignInSuspended, SignInUnavailable.
    """
    waiting = await context.challenges.find(purpose, phone_number, challenge_id)
    return await _redeem(context, purpose, phone_number, waiting, code)


async def redeem_last(context: AuthContext, purpose: Purpose, phone_number: str, code: str) -> Source:
    """Redeem the code that the client's address asked for last: for the password form, which has no place for a
    challenge's id. Returns and raises what `redeem` does."""
    name = context.challenges.name_of("address", telemetry.context().address)
    waiting = None
    for known in (True, False):
        waiting = waiting or await context.challenges.last_of(
            purpose, phone_number, Source.of_address(name, known=known)
        )
    return await _redeem(context, purpose, phone_number, waiting, code)


async def _redeem(
    context: AuthContext, purpose: Purpose, phone_number: str, waiting: Waiting | None, code: str
) -> Source:
    if waiting is None:
        raise OtpInvalid  # not counted: a client that did not begin a challenge spends no tries
    await context.database.run(lambda db: _refuse_locked(db, purpose, phone_number, waiting.source))
    verdict = await context.challenges.redeem(purpose, phone_number, waiting, code)
    if verdict is Verdict.WRONG:
        # Counted in a transaction of its own, so that the refusal does not roll it back.
        raise await context.database.run(
            lambda db: _count_failure(context, db, purpose, phone_number, waiting.source)
        )
    if verdict is Verdict.NONE:
        raise OtpInvalid
    return waiting.source


async def forget_failures(db: AsyncSession, phone_number: str) -> int:
    """Clear the failures of a number, which opens it for everybody: how many sources had any."""
    return await crud.delete_failures(db, phone_number)


async def forget_old_failures(db: AsyncSession) -> int:
    """Delete the counts of sources that gave no wrong code lately; never the ceiling of a number."""
    now = clock.now()
    forgotten = 0
    for prefix, days in Source.RETENTION_DAYS.items():
        forgotten += await crud.delete_old_failures(db, prefix=prefix, before=now - timedelta(days=days))
    return forgotten


def _ceiling_of(purpose: Purpose, source: Source) -> str:
    """What counts how often a number was guessed at: by a known source, or by all others together."""
    if source.known:
        return source.text
    return NEWCOMERS if purpose is Purpose.SIGN_UP else STRANGERS


async def _refuse_locked(db: AsyncSession, purpose: Purpose, phone_number: str, source: Source) -> None:
    ceiling = _ceiling_of(purpose, source)
    now = clock.now()
    for failure in await crud.list_failures(db, phone_number, {ceiling, source.text}):
        if failure.source == ceiling and failure.consecutive >= SUSPENDED_AFTER:
            raise SignInSuspended
        if failure.locked_until is not None and failure.locked_until > now:
            raise _locked(failure.locked_until, now)


async def _count_failure(
    context: AuthContext, db: AsyncSession, purpose: Purpose, phone_number: str, source: Source
) -> Problem:
    """Count a wrong code, lock its source after too many, and return the problem to answer with."""
    now = clock.now()
    ceiling = _ceiling_of(purpose, source)
    own = await crud.add_failure(db, phone_number, source.text, now=now)
    consecutive = (
        own if ceiling == source.text else await crud.add_failure(db, phone_number, ceiling, now=now)
    )
    kind, user_id = await _owner_of(db, phone_number)
    number = masked(phone_number)
    failed = SignInFailed(
        user_id=user_id, kind=kind, masked_phone_number=number, purpose=purpose.value, consecutive=consecutive
    )
    await emit(db, failed)
    full = consecutive >= SUSPENDED_AFTER
    if own % context.settings.otp_attempts and not full:
        return OtpInvalid()
    suspended = full and purpose is not Purpose.SIGN_UP
    until = now + timedelta(minutes=context.settings.otp_lock_minutes)
    await crud.set_locked(db, phone_number, source.text, until=until)
    if full and not suspended:
        until = now + SIGN_UP_PAUSE
        await crud.set_locked_anew(db, phone_number, ceiling, until=until)
    await emit(db, SignInLocked(user_id=user_id, kind=kind, masked_phone_number=number, suspended=suspended))
    return SignInSuspended() if suspended else _locked(until, now)


async def _owner_of(db: AsyncSession, phone_number: str) -> tuple[str, str]:
    owner: tuple[OwnerKind, UUID] | None = await directory.phone_owner(db, phone_number)
    return (owner[0].value, str(owner[1])) if owner else ("", str(SYSTEM_USER_ID))


def _locked(until: datetime, now: datetime) -> OtpLocked:
    return OtpLocked(retry_after_seconds=int((until - now).total_seconds()) + 1)
