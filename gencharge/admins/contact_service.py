"""Another admin's name, number and e-mail address. Codes go to the last two, so they are changed by two admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service
from gencharge.admins.hierarchy_service import lock_other
from gencharge.admins.staff_schemas import AdminOut
from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.events.events import changes
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.email import masked_email
from gencharge.core.values.phone import masked
from gencharge.core.wording import worded
from gencharge.directory import service as directory
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Action, Resource, permission

# How long no code goes to an address that a colleague set.
EMAIL_HOLD: Final = timedelta(days=1)
# Where an admin's codes go.
_SIGNS_IN_WITH: Final = frozenset({"phone_number", "email"})
_FIELDS: Final = {
    "name": worded("name"),
    "email": worded("email"),
    "phone_number": worded("phone number"),
}


async def update(
    db: AsyncSession,
    actor_id: UUID,
    admin_id: UUID,
    *,
    name: str | None = None,
    email: str | None = None,
    phone_number: str | None = None,
    reason: str = "",
    if_match: str | None = None,
) -> AdminOut | ApprovalOut:
    """Change another admin's account. A new number or e-mail address waits for a second admin: who could change where the codes
    go, and remove the second factor, could sign in as that admin.

    Raises OwnAccount, AdminNotFound, AdminAlreadyArchived, ResourceChanged, RankTooLow, PhoneNumberAlreadyExists,
    EmailAlreadyExists, ApprovalAlreadyPending.
    """
    staff, admin = await lock_other(db, actor_id, admin_id, if_match)
    fields = {"name": name, "email": email, "phone_number": phone_number}
    before = service.contact(admin)
    changed = changes(before, before | {field: value for field, value in fields.items() if value is not None})
    if not changed.keys() & _SIGNS_IN_WITH:
        await service.rewrite(db, admin, name=name)
        role = staff.role_of(admin)
        return AdminOut(**service.fields(admin, role.name if role is not None else None))
    if "phone_number" in changed:
        await check_number_free(db, str(phone_number))
    if "email" in changed:
        await check_email_free(db, str(email), except_admin_id=admin_id)
    after = {
        "name": name,
        "email": masked_email(email),
        "phone_number": phone_number and masked(phone_number),
    }
    new = [worded("{field} {value}", field=_FIELDS[field], value=after[field]) for field in changed]
    proposal = approvals.Proposal(
        act=CHANGE_CONTACT,
        target=f"admin:{admin_id}",
        summary=worded("Change the account of the admin {name}: {new}.", name=admin.name, new=new),
        reason=reason,
        payload={
            "admin_id": str(admin_id),
            "fields": {field: fields[field] for field in changed},
            "if_match": f'"{admin.etag}"',
        },
    )
    return (await approvals.request(db, actor_id, proposal)).answer


async def _change_contact_approved(db: AsyncSession, approved: Approved) -> None:
    """The change itself. A new number ends the admin's sessions: it is what they sign in with. No code goes to a new
    address for a day."""
    payload = approved.payload
    admin_id = UUID(payload["admin_id"])
    for actor_id in (approved.requested_by, approved.approved_by):
        _, admin = await lock_other(db, actor_id, admin_id, payload["if_match"])
    changed = await service.rewrite(db, admin, **payload["fields"])
    if "email" in changed:
        admin.email_usable_from = clock.now() + EMAIL_HOLD
        await db.flush()
    if "phone_number" in changed:
        await sessions.revoke(db, admin_id, reason="phone_changed")


async def check_number_free(db: AsyncSession, phone_number: str) -> None:
    """Raises PhoneNumberAlreadyExists if anybody has the number (E.164)."""
    if await directory.phone_owner(db, phone_number) is not None:
        raise PhoneNumberAlreadyExists


async def check_email_free(db: AsyncSession, email: str, *, except_admin_id: UUID | None = None) -> None:
    """Raises EmailAlreadyExists if anybody else has the address."""
    owner = await directory.email_owner(db, email)
    if owner is not None and owner[1] != except_admin_id:
        raise EmailAlreadyExists


CHANGE_CONTACT: Final = Act(
    name="change_admin_contact",
    permission=permission(Resource.ADMINS, Action.EDIT),
    run=_change_contact_approved,
)
