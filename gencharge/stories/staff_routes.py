"""`/recharge/admin/.../story`: all that is known of a recharge, in one answer (staff)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import language, web
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource, allows
from gencharge.stories import service
from gencharge.stories.staff_schemas import StoryOut, StoryPart

router = web.router("recharge")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
# Whose own routes show a part: who may not read there does not read it here, either. The second value: whether those
# routes admit an admin who is limited to some operators.
_PARTS: Final = {
    StoryPart.PAYMENT: (Resource.PAYMENTS, False),
    StoryPart.LEDGER: (Resource.WALLET, True),
    StoryPart.AUDIT: (Resource.AUDIT_LOGS, False),
}


@router.get(
    "/admin/{user_id}/{recharge_id}/story",
    summary="All that is known of a recharge (staff)",
    response_model=StoryOut,
    responses=web.errors(RechargeNotFound, ValidationFailed, DatabaseUnavailable, *SCOPED_ERRORS),
)
async def staff_get_story(admin: Reader, request: Request, user_id: UUID, recharge_id: UUID) -> Response:
    """Terms, payment, ledger, submissions to the operator, refunds, notices and audit entries of one recharge.

    What the role does not show elsewhere is withheld here, too.
    """
    withheld = frozenset(
        part
        for part, (resource, takes_scoped) in _PARTS.items()
        if not allows(request, admin, resource, Action.READ) or (admin.operator_scope and not takes_scoped)
    )
    story = await service.story(request.app.state.stores, admin, user_id, recharge_id, withheld=withheld)
    return web.reply(story, headers=language.HEADERS[language.spoken()])
