"""`/messages`: parked messages and costs, for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query
from starlette.status import HTTP_202_ACCEPTED

from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.messages import staff_service as service
from gencharge.messages.errors import MessageNotFound
from gencharge.messages.staff_schemas import (
    MessageCostQuery,
    MessageCosts,
    ParkedMessageOut,
    ParkedMessageQuery,
    ResendMessages,
    ResendOut,
)
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

router = web.router("messages")
Reader = Annotated[Principal, Depends(Requires(Resource.NOTIFICATIONS, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.NOTIFICATIONS, Action.EDIT))]
_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)


@router.get(
    "/parked",
    summary="Parked messages (staff)",
    response_model=Page[ParkedMessageOut],
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def list_parked_messages(
    admin: Reader, db: Db, documents: Documents, query: Annotated[ParkedMessageQuery, Query()]
) -> Page[ParkedMessageOut]:
    """Messages that failed too often, or with `reason=no_provider` those whose channel has no provider, the newest first.

    What they say is not shown.
    """
    del admin
    items, cursor, total = await service.list_parked(db, documents, query)
    return Page(items=items, next_cursor=cursor, total=total)


@router.post(
    "/parked/{message_id}/resend",
    summary="Send a parked message again (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=ResendOut,
    responses=errors(*_ALWAYS, MessageNotFound),
)
async def resend_message(admin: Editor, db: Db, documents: Documents, message_id: UUID) -> ResendOut:
    """It is due within seconds, with all its attempts before it."""
    del admin
    await service.resend(db, documents, message_id)
    return ResendOut(count=1)


@router.post(
    "/parked/resend",
    summary="Send parked messages again (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=ResendOut,
    responses=errors(*_ALWAYS, MalformedJson),
)
async def resend_all_messages(
    admin: Editor, db: Db, documents: Documents, command: ResendMessages
) -> ResendOut:
    """All that are parked now, or those of a channel or a kind."""
    del admin
    return ResendOut(count=await service.resend_all(db, documents, command))


@router.get(
    "/costs",
    summary="What messages cost (staff)",
    response_model=MessageCosts,
    responses=errors(*_ALWAYS),
)
async def get_message_costs(
    admin: Reader, documents: Documents, query: Annotated[MessageCostQuery, Query()]
) -> MessageCosts:
    """By business day and channel, at the prices of the settings when they were sent."""
    del admin
    return await service.costs(documents, query)
