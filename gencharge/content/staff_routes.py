"""`/content/admin`: content, for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from gencharge.content import staff_list_service as views
from gencharge.content import staff_service
from gencharge.content.errors import (
    ContentAlreadyExists,
    ContentEditionNotFound,
    ContentNotFound,
    ContentPictureInvalid,
)
from gencharge.content.models import Content
from gencharge.content.staff_schemas import (
    ContentCreate,
    ContentEditionDetail,
    ContentPublish,
    ContentTexts,
    ContentUpdate,
    StaffContentDetail,
    StaffContentOut,
    StaffContentQuery,
)
from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)
_CHANGE: Final = (*_ALWAYS, ContentNotFound, ResourceChanged)
Reader = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.READ))]
Writer = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.WRITE))]
Editor = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.EDIT))]
Publisher = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.EDIT, step_up=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.DELETE))]
Number = Annotated[int, Path(ge=1, le=1_000_000, examples=[1])]
router = web.router("content")


async def _detail(request: Request, documents: Documents, content: Content) -> StaffContentDetail:
    return await views.detail(documents, content, request.app.state.settings.cdn_base_url)


@router.post(
    "/admin",
    summary="Create content (staff)",
    status_code=201,
    response_model=StaffContentDetail,
    responses=errors(*_ALWAYS, MalformedJson, ContentAlreadyExists, ContentPictureInvalid),
)
async def staff_create_content(
    admin: Writer, db: Db, documents: Documents, request: Request, command: ContentCreate
) -> StaffContentDetail:
    """A draft with its first edition. Nobody else sees it until it is published."""
    content = await staff_service.create(db, documents, admin.user_id, command)
    return await _detail(request, documents, content)


@router.get(
    "/admin",
    summary="All content (staff)",
    response_model=Page[StaffContentOut],
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def staff_list_content(
    admin: Reader, documents: Documents, query: Annotated[StaffContentQuery, Query()]
) -> Page[StaffContentOut]:
    """Content by kind and position, drafts too."""
    del admin
    items, cursor, total = await views.list_contents(documents, query)
    return Page(items=items, next_cursor=cursor, total=total)


@router.get(
    "/admin/{content_id}",
    summary="One piece of content (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_ALWAYS, ContentNotFound),
)
async def staff_get_content(
    admin: Reader, documents: Documents, request: Request, content_id: UUID
) -> StaffContentDetail:
    """Content with its editions, and the texts of the latest."""
    del admin
    return await _detail(request, documents, await staff_service.get(documents, content_id))


@router.patch(
    "/admin/{content_id}",
    summary="Move content (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_CHANGE, MalformedJson, ContentAlreadyExists),
)
async def staff_update_content(
    admin: Editor,
    db: Db,
    documents: Documents,
    request: Request,
    content_id: UUID,
    command: ContentUpdate,
    if_match: IfMatch = None,
) -> StaffContentDetail:
    """Another slug or position, at once."""
    del admin
    content = await staff_service.update(db, documents, content_id, if_match, command)
    return await _detail(request, documents, content)


@router.delete(
    "/admin/{content_id}",
    summary="Delete content (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, ContentNotFound),
)
async def staff_delete_content(admin: Deleter, db: Db, documents: Documents, content_id: UUID) -> None:
    """Delete content with all its editions. It is off the public pages at once."""
    del admin
    await staff_service.delete(db, documents, content_id)


@router.get(
    "/admin/{content_id}/editions/{edition}",
    summary="A edition of content (staff)",
    response_model=ContentEditionDetail,
    responses=errors(*_ALWAYS, ContentNotFound, ContentEditionNotFound),
)
async def staff_get_edition(
    admin: Reader, documents: Documents, request: Request, content_id: UUID, edition: Number
) -> ContentEditionDetail:
    """The texts of a edition, as they were written and as they are shown: a preview."""
    del admin
    content = await staff_service.get(documents, content_id)
    return await views.edition(documents, content, edition, request.app.state.settings.cdn_base_url)


@router.post(
    "/admin/{content_id}/editions",
    summary="Write a edition (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_CHANGE, MalformedJson, ContentPictureInvalid),
)
async def staff_create_edition(
    admin: Editor,
    db: Db,
    documents: Documents,
    request: Request,
    content_id: UUID,
    command: ContentTexts,
    if_match: IfMatch = None,
) -> StaffContentDetail:
    """New texts, which nobody else sees until they are published."""
    content = await staff_service.write(db, documents, admin.user_id, content_id, if_match, command)
    return await _detail(request, documents, content)


@router.post(
    "/admin/{content_id}/editions/{edition}/restore",
    summary="Restore a edition (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_CHANGE, ContentEditionNotFound),
)
async def staff_restore_edition(
    admin: Editor,
    db: Db,
    documents: Documents,
    request: Request,
    content_id: UUID,
    edition: Number,
    if_match: IfMatch = None,
) -> StaffContentDetail:
    """A new edition that says what an earlier one said. It is not published by that."""
    content = await staff_service.restore(db, documents, admin.user_id, content_id, edition, if_match)
    return await _detail(request, documents, content)


@router.post(
    "/admin/{content_id}/publish",
    summary="Publish content (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_CHANGE, StepUpRequired, MalformedJson, ContentEditionNotFound),
)
async def staff_publish_content(
    admin: Publisher,
    db: Db,
    documents: Documents,
    request: Request,
    content_id: UUID,
    command: ContentPublish,
    if_match: IfMatch = None,
) -> StaffContentDetail:
    """Make a edition public, now or later. It takes the place of what is public when its time comes. Needs
    step-up."""
    del admin
    content = await staff_service.publish(db, documents, content_id, if_match, command)
    return await _detail(request, documents, content)


@router.post(
    "/admin/{content_id}/unpublish",
    summary="Take content off (staff)",
    response_model=StaffContentDetail,
    responses=errors(*_CHANGE),
)
async def staff_unpublish_content(
    admin: Editor,
    db: Db,
    documents: Documents,
    request: Request,
    content_id: UUID,
    if_match: IfMatch = None,
) -> StaffContentDetail:
    """Take it off the public pages, with what was scheduled."""
    del admin
    content = await staff_service.unpublish(db, documents, content_id, if_match)
    return await _detail(request, documents, content)
