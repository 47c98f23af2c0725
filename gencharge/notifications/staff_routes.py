"""`/notifications/admin/templates`: what notices say, for the staff."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request

from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.core.values.language import Language
from gencharge.notifications import staff_service
from gencharge.notifications.errors import NoticeEditionNotFound, NoticeTemplateNotFound
from gencharge.notifications.staff_schemas import (
    NoticeTemplateQuery,
    PublishTemplate,
    StaffNoticeTemplateDetail,
    StaffNoticeTemplateOut,
    TemplatePreview,
    TemplateTexts,
)
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)
_ONE: Final = (*_ALWAYS, NoticeTemplateNotFound)
_CHANGE: Final = (*_ONE, ResourceChanged)
_PATH: Final = "/admin/templates/{kind}/{language}"
Reader = Annotated[Principal, Depends(Requires(Resource.NOTIFICATIONS, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.NOTIFICATIONS, Action.EDIT))]
Publisher = Annotated[Principal, Depends(Requires(Resource.NOTIFICATIONS, Action.EDIT, step_up=True))]
KindName = Annotated[str, Path(pattern=r"^[a-z_]{1,60}$", examples=["plan_recharged"])]
Number = Annotated[int, Path(ge=0, le=1_000_000, description="0: what ships with the product.", examples=[0])]
router = web.router("notifications")


@router.get(
    "/admin/templates",
    summary="What notices say (staff)",
    response_model=Page[StaffNoticeTemplateOut],
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def staff_list_templates(
    admin: Reader, documents: Documents, query: Annotated[NoticeTemplateQuery, Query()]
) -> Page[StaffNoticeTemplateOut]:
    """The texts of all kinds of notices, by kind and language."""
    del admin
    items, cursor, total = await staff_service.list_templates(documents, query)
    return Page(items=items, next_cursor=cursor, total=total)


@router.get(
    _PATH,
    summary="What a notice says (staff)",
    response_model=StaffNoticeTemplateDetail,
    responses=errors(*_ONE),
)
async def staff_get_template(
    admin: Reader, documents: Documents, kind: KindName, language: Language
) -> StaffNoticeTemplateDetail:
    """The texts of a kind of notice in a language, its variables and its editions."""
    del admin
    return staff_service.detail(await staff_service.get(documents, kind, language))


@router.get(
    f"{_PATH}/editions/{{edition}}/preview",
    summary="Preview an edition (staff)",
    response_model=TemplatePreview,
    responses=errors(*_ONE, NoticeEditionNotFound),
)
async def staff_get_template_preview(
    admin: Reader, documents: Documents, kind: KindName, language: Language, edition: Number
) -> TemplatePreview:
    """What an edition says over each channel, with sample values."""
    del admin
    return staff_service.preview(await staff_service.get(documents, kind, language), edition)


@router.post(
    f"{_PATH}/editions",
    summary="Write an edition (staff)",
    response_model=StaffNoticeTemplateDetail,
    responses=errors(*_CHANGE, MalformedJson),
)
async def staff_create_template_edition(
    admin: Editor,
    db: Db,
    documents: Documents,
    kind: KindName,
    language: Language,
    command: TemplateTexts,
    if_match: IfMatch = None,
) -> StaffNoticeTemplateDetail:
    """New texts, which are not sent before they are published. A variable that is unknown, or required and missing, is refused."""
    template = await staff_service.get(documents, kind, language)
    staff_service.check(template, if_match)
    return staff_service.detail(await staff_service.write(db, documents, admin.user_id, template, command))


@router.post(
    f"{_PATH}/editions/{{edition}}/restore",
    summary="Restore an edition (staff)",
    response_model=StaffNoticeTemplateDetail,
    responses=errors(*_CHANGE, NoticeEditionNotFound),
)
async def staff_restore_template_edition(
    admin: Editor,
    db: Db,
    documents: Documents,
    kind: KindName,
    language: Language,
    edition: Number,
    if_match: IfMatch = None,
) -> StaffNoticeTemplateDetail:
    """A new edition that says what an earlier one said, or what ships (0). It is not published by that."""
    template = await staff_service.get(documents, kind, language)
    staff_service.check(template, if_match)
    return staff_service.detail(await staff_service.restore(db, documents, admin.user_id, template, edition))


@router.post(
    f"{_PATH}/editions/{{edition}}/test",
    summary="Send an edition to myself (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_ONE, NoticeEditionNotFound),
)
async def staff_send_template_test(
    admin: Editor, db: Db, request: Request, kind: KindName, language: Language, edition: Number
) -> None:
    """Send an edition with sample values to my own inbox, number, address and devices."""
    stores = request.app.state.stores
    template = await staff_service.get(stores.documents, kind, language)
    await staff_service.send_test(db, stores, admin.user_id, template, edition)


@router.post(
    f"{_PATH}/publish",
    summary="Publish an edition (staff)",
    response_model=StaffNoticeTemplateDetail,
    responses=errors(*_CHANGE, StepUpRequired, MalformedJson, NoticeEditionNotFound),
)
async def staff_publish_template(
    admin: Publisher,
    db: Db,
    documents: Documents,
    kind: KindName,
    language: Language,
    command: PublishTemplate,
    if_match: IfMatch = None,
) -> StaffNoticeTemplateDetail:
    """Notices say what an edition says, from now on. Edition 0 goes back to what ships. Needs step-up."""
    del admin
    template = await staff_service.get(documents, kind, language)
    staff_service.check(template, if_match)
    return staff_service.detail(await staff_service.publish(db, documents, template, command))
