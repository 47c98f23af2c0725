"""Proving a new e-mail address or phone number before it counts.

A change waits in `contact_changes` until the codes come back: for an address the code that was sent to it, for a number
the codes that were sent to the old number and to the new one. The answer to who asks is the same whether somebody has the
address or the number already; then it is the owner who is told, and no code leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.auth import contact_messages as messages
from gencharge.auth import crud, sending_service
from gencharge.auth.challenges import Issued, Purpose, Verdict
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import (
    ContactChangeLimitExceeded,
    ContactChangeNotFound,
    ContactCodeInvalid,
    MailUnavailable,
    PhoneNumberUnchanged,
    SmsUnavailable,
)
from gencharge.auth.events import ContactChangeRequested
from gencharge.auth.models import ContactChange, ContactKind
from gencharge.auth.sources import Source
from gencharge.core.events.events import emit
from gencharge.core.message import Message
from gencharge.core.messenger import reaches_mail, reaches_phones
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.vault.columns import NOTHING
from gencharge.core.vault.vault import Vault
from gencharge.directory import service as directory
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Principal
from gencharge.users import service as users
from gencharge.users.errors import FreshSignInRequired
from gencharge.velocity import service as velocity
from gencharge.velocity.models import CautionReason

# A change begun is a message sent to a place that its sender chose.
CHANGES_A_DAY: Final = 10
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Pending:
    """What is to be proved, and which codes came back already."""

    value: str
    new_proved: bool
    old_proved: bool


async def begin_email(context: AuthContext, principal: Principal, email: str) -> Issued:
    """Send a code to a new address of the caller's own: the headers that say what is left of the limits.

    Raises FreshSignInRequired (customers), MailUnavailable, ContactChangeLimitExceeded, OtpTooSoon, OtpLimitExceeded,
    SignInUnavailable.
    """
    if not reaches_mail(context.settings):
        raise MailUnavailable
    await context.database.run(lambda db: _begin(context, db, principal, ContactKind.EMAIL, email))
    issued = await _issue(context, Purpose.CHANGE_EMAIL, email, _claiming(principal))

    async def message() -> Message:
        owner = await context.database.run(lambda db: directory.email_owner(db, email))
        if owner is not None and owner[1] != principal.user_id:
            return messages.taken_email(email)
        return messages.email_code(context.settings, email, issued.code)

    context.courier.soon(message())
    return issued


async def confirm_email(context: AuthContext, principal: Principal, otp: str) -> None:
    """Make the address that the code was sent to the caller's own.

    Raises ContactChangeNotFound, ContactCodeInvalid, EmailAlreadyExists (another account proved it first),
    SignInUnavailable, and what `users.confirm_email` and `admins.confirm_email` do.
    """
    change = await context.database.run(lambda db: _pending(db, principal, ContactKind.EMAIL))
    email = change.value
    if not await _is_right(context, Purpose.CHANGE_EMAIL, email, _claiming(principal), otp):
        raise ContactCodeInvalid("body.otp")

    async def unit(db: AsyncSession) -> None:
        await _finish(db, principal, ContactKind.EMAIL, email)
        if principal.kind == "user":
            await users.confirm_email(db, principal.user_id, email)
        else:
            await admins.confirm_email(db, principal.user_id, email)

    await context.database.run(unit)


async def begin_phone_number(context: AuthContext, principal: Principal, phone_number: str) -> Issued:
    """Send a code to a customer's number, and one to the number that is to replace it.

    Raises FreshSignInRequired, PhoneNumberUnchanged, SmsUnavailable, ContactChangeLimitExceeded, OtpTooSoon,
    OtpLimitExceeded, SignInUnavailable, UserNotFound.
    """
    if not reaches_phones(context.settings):
        raise SmsUnavailable

    async def unit(db: AsyncSession) -> str:
        present = (await users.get(db, principal.user_id)).phone_number
        if present == phone_number:
            raise PhoneNumberUnchanged
        await _begin(context, db, principal, ContactKind.PHONE_NUMBER, phone_number)
        return present

    present = await context.database.run(unit)
    issued = await _issue(context, Purpose.CHANGE_TO_NUMBER, phone_number, _claiming(principal))
    issued_to_present = await _issue(context, Purpose.CHANGE_FROM_NUMBER, present, _owning(principal))

    async def message() -> Message:
        owner = await context.database.run(lambda db: directory.phone_owner(db, phone_number))
        if owner is not None:
            return messages.taken_number(context.settings, phone_number)
        return messages.number_code(context.settings, phone_number, issued.code)

    async def message_to_present() -> Message:
        return messages.number_code(context.settings, present, issued_to_present.code)

    sources = _claiming(principal), _owning(principal)
    context.courier.soon(sending_service.within_budget(context, message(), phone_number, sources[0]))
    context.courier.soon(sending_service.within_budget(context, message_to_present(), present, sources[1]))
    # Both codes are sent again together, so that the longer pause counts.
    pause_seconds = max(issued.resend_after_seconds, issued_to_present.resend_after_seconds)
    return replace(issued, resend_after_seconds=pause_seconds)


async def confirm_phone_number(context: AuthContext, principal: Principal, *, otp: str, old_otp: str) -> None:
    """Replace a customer's number, once both numbers gave their codes; ends all of their sessions.

    A right code is remembered when the other one is wrong. Raises ContactChangeNotFound, ContactCodeInvalid,
    PhoneNumberAlreadyExists (another account proved it first), SignInUnavailable, and what `users.change_phone_number` does.
    """

    async def read(db: AsyncSession) -> tuple[_Pending, str]:
        change = await _pending(db, principal, ContactKind.PHONE_NUMBER)
        return change, (await users.get(db, principal.user_id)).phone_number

    change, present = await context.database.run(read)
    new_proved = change.new_proved or await _is_right(
        context, Purpose.CHANGE_TO_NUMBER, change.value, _claiming(principal), otp
    )
    old_proved = change.old_proved or await _is_right(
        context, Purpose.CHANGE_FROM_NUMBER, present, _owning(principal), old_otp
    )
    if not (new_proved and old_proved):
        await context.database.run(
            lambda db: _remember(db, principal, change.value, new_proved=new_proved, old_proved=old_proved)
        )
        raise ContactCodeInvalid(
            *(["body.otp"] if not new_proved else []), *(["body.old_otp"] if not old_proved else [])
        )

    async def unit(db: AsyncSession) -> None:
        await _finish(db, principal, ContactKind.PHONE_NUMBER, change.value)
        await users.change_phone_number(
            db, principal.user_id, change.value, reason="confirmed by the owner", instead_of=present
        )
        await velocity.be_cautious(db, context.settings, principal.user_id, CautionReason.NUMBER_CHANGED)
        # A proved number starts with no wrong codes, and so does the old one for its next owner.
        for number in (present, change.value):
            await crud.delete_failures(db, number)

    await context.database.run(unit)


async def forget_old(db: AsyncSession) -> int:
    """Delete addresses and numbers of a day ago and longer that nobody proved, and the counts of messages."""
    return await crud.delete_old_contact_changes(db, before=clock.now() - _DAY)


async def _begin(
    context: AuthContext, db: AsyncSession, principal: Principal, kind: ContactKind, value: str
) -> None:
    """Store what is to be proved, in place of what was to be proved before."""
    now = clock.now()
    if principal.kind == "user":
        await _require_fresh_sign_in(context, db, principal)
    change = await crud.lock_contact_change(db, principal.user_id, kind)
    sends, since = (change.sends, change.sends_since) if change is not None else (0, now)
    if since + _DAY <= now:
        sends, since = 0, now
    if sends >= CHANGES_A_DAY:
        raise ContactChangeLimitExceeded(retry_after_seconds=int((since + _DAY - now).total_seconds()) + 1)
    await crud.put_contact_change(
        db,
        user_id=principal.user_id,
        kind=kind,
        new_value=await Vault.of(db).seal(ContactChange.new_value, (principal.user_id, kind.value), value),
        sends=sends + 1,
        sends_since=since,
        expires_at=now + timedelta(minutes=context.settings.otp_expire_minutes),
    )
    await emit(
        db,
        ContactChangeRequested(
            user_id=str(principal.user_id if principal.kind == "user" else SYSTEM_USER_ID),
            owner_id=str(principal.user_id),
            kind=principal.kind,
            field=kind.value,
            masked_value=messages.masked_contact(kind, value),
        ),
    )


async def _require_fresh_sign_in(context: AuthContext, db: AsyncSession, principal: Principal) -> None:
    minutes = context.settings.step_up_minutes
    if not await sessions.is_fresh(db, principal.user_id, principal.session_id, minutes=minutes):
        raise FreshSignInRequired


async def _pending(db: AsyncSession, principal: Principal, kind: ContactKind) -> _Pending:
    change = await crud.lock_contact_change(db, principal.user_id, kind)
    if change is None or not change.new_value or change.expires_at <= clock.now():
        raise ContactChangeNotFound
    return _Pending(await _value_of(db, change), change.new_proved, change.old_proved)


async def _value_of(db: AsyncSession, change: ContactChange) -> str:
    return await Vault.of(db).show(change, ContactChange.new_value)


async def _remember(
    db: AsyncSession, principal: Principal, value: str, *, new_proved: bool, old_proved: bool
) -> None:
    """Store which code was right, so that only the other one is asked for again."""
    change = await crud.lock_contact_change(db, principal.user_id, ContactKind.PHONE_NUMBER)
    if change is not None and await _value_of(db, change) == value:
        change.new_proved, change.old_proved = new_proved, old_proved
        await db.flush()


async def _finish(db: AsyncSession, principal: Principal, kind: ContactKind, value: str) -> None:
    """Take a change off. Raises ContactChangeNotFound if it was done or replaced by another one since."""
    change = await crud.lock_contact_change(db, principal.user_id, kind)
    if change is None or await _value_of(db, change) != value:
        raise ContactChangeNotFound
    # The row stays without the value, for it counts what was sent.
    change.new_value, change.new_proved, change.old_proved = NOTHING, False, False
    await db.flush()


async def list_unproved(db: AsyncSession, user_id: UUID) -> list[dict[str, object]]:
    """What a customer asked to change to and has not proved yet: kind, value, until when the code counts."""
    changes = [await crud.lock_contact_change(db, user_id, kind) for kind in ContactKind]
    return [
        {"kind": change.kind, "new_value": await _value_of(db, change), "expires_at": change.expires_at}
        for change in changes
        if change is not None and change.new_value
    ]


# The session stands in for a challenge's id here: its token is needed to begin a change and to give the code.


def _claiming(principal: Principal) -> Source:
    """The source of codes to what may be somebody else's: limited as strangers are."""
    return Source.of_account(principal.session_id)


def _owning(principal: Principal) -> Source:
    """The source of codes to the caller's own number."""
    return Source.of_session(principal.session_id)


async def _issue(context: AuthContext, purpose: Purpose, recipient: str, source: Source) -> Issued:
    return await sending_service.issue(context, purpose, recipient, source=source)


async def _is_right(context: AuthContext, purpose: Purpose, recipient: str, source: Source, otp: str) -> bool:
    waiting = await context.challenges.last_of(purpose, recipient, source)
    if waiting is None:
        return False
    return await context.challenges.redeem(purpose, recipient, waiting, otp) is Verdict.RIGHT
