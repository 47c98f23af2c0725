"""Whether an audience exists and an admin may address it, and whether what is announced suits it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import audience_crud
from gencharge.announcements.models import (
    AnnouncementChannel,
    AnnouncementPurpose,
    AnnouncementText,
    Audience,
    AudienceKind,
)
from gencharge.announcements.staff_schemas import AudienceBody
from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.values.language import Language
from gencharge.operators import service as operators
from gencharge.sessions.guards import Principal, check_scope


async def audience_of(db: AsyncSession, admin: Principal, body: AudienceBody) -> Audience:
    """The audience that is asked for. An admin who is limited to some operators reaches customers of these only.

    Raises OperatorOutOfScope, ValidationFailed.
    """
    if admin.operator_scope:
        check_scope(admin, (body.operator or "").upper())
    problems = [problem async for problem in _problems(db, body)]
    if problems:
        raise ValidationFailed(errors=problems)
    return Audience(
        kind=body.kind,
        user_type=body.user_type,
        operator=body.operator.upper() if body.operator else None,
        circle=body.circle.upper() if body.circle else None,
        campaign_id=body.campaign_id,
        user_id=body.user_id,
    )


async def _problems(db: AsyncSession, body: AudienceBody) -> AsyncIterator[FieldProblem]:
    if body.operator is not None or body.circle is not None:
        known = await operators.load_operators(db)
        for name, codes in (
            ("operator", [operator.code for operator in known.served]),
            ("circle", list(known.circles)),
        ):
            code = getattr(body, name)
            if code is not None and code.upper() not in codes:
                yield _unknown(name, f"Must be one of: {', '.join(codes)}")
    if body.campaign_id is not None and not await audience_crud.is_campaign(db, body.campaign_id):
        yield _unknown("campaign_id", "There is no such campaign")
    if body.user_id is not None and not await audience_crud.is_customer(db, body.user_id):
        yield _unknown("user_id", "There is no such customer")


def _unknown(name: str, message: str) -> FieldProblem:
    return field_problem(f"body.audience.{name}", message, f"{name.removesuffix('_id')}_invalid")


def check(
    audience: Audience,
    purpose: AnnouncementPurpose,
    channels: Sequence[AnnouncementChannel],
    texts: Mapping[Language, AnnouncementText],
) -> None:
    """Whether a changed draft is whole. Raises ValidationFailed."""
    problems = list[FieldProblem]()
    if audience.kind is AudienceKind.ADMINS and purpose is AnnouncementPurpose.PROMOTIONAL:
        problems.append(field_problem("body.purpose", "Admins get no promotions", "purpose_invalid"))
    if audience.kind is AudienceKind.ADMINS and channels:
        problems.append(
            field_problem("body.channels", "Admins read announcements in the app only", "channels_invalid")
        )
    if AnnouncementChannel.SMS in channels and not all(text.sms for text in texts.values()):
        problems.append(field_problem("body.texts", "The SMS needs a text in each language", "sms_missing"))
    if problems:
        raise ValidationFailed(errors=problems)
