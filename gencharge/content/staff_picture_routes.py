"""`/content/admin/images`: pictures, for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request

from gencharge.content import picture_service
from gencharge.content.errors import PictureInUse, PictureInvalid, PictureNotFound, PictureTooLarge
from gencharge.content.models import Picture
from gencharge.content.picture_links import links_of
from gencharge.content.picture_service import Gallery
from gencharge.content.staff_schemas import PICTURE_BODY, PictureOut
from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, TooLarge, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, Page, PageParams
from gencharge.core.http.uploads import read_upload
from gencharge.core.http.web import PREFIX, errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

_MAX_BYTES: Final = 5_000_000
LARGE_BODIES: Final = {f"{PREFIX}/content/admin/images": _MAX_BYTES}
_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)
Reader = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.READ))]
Writer = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.WRITE))]
Deleter = Annotated[Principal, Depends(Requires(Resource.CONTENT, Action.DELETE))]
router = web.router("content")


def _shown(request: Request, picture: Picture) -> PictureOut:
    links = links_of(picture, request.app.state.settings.cdn_base_url)
    return PictureOut(
        **vars(links),
        size_bytes=picture.size_bytes,
        created_at=picture.created_at,
        created_by=picture.created_by,
    )


@router.post(
    "/admin/images",
    summary="Upload a picture (staff)",
    status_code=201,
    response_model=PictureOut,
    openapi_extra=PICTURE_BODY,
    responses=errors(*_ALWAYS, TooLarge, PictureInvalid, PictureTooLarge, StorageUnavailable),
)
async def staff_upload_image(
    admin: Writer,
    db: Db,
    documents: Documents,
    request: Request,
    alt: Annotated[str, Query(max_length=200, description="What is to be seen, for those who can't.")] = "",
) -> PictureOut:
    """A JPEG, PNG, WebP or GIF of at most 5 MB and 25 million pixels. It is drawn again in three sizes, without what else the
    file carried, such as where it was taken. Of an animation the first picture is kept."""
    file = await read_upload(request, PictureInvalid)
    picture = await picture_service.upload(
        db, documents, Gallery.of(request.app), admin.user_id, file, alt.strip()
    )
    return _shown(request, picture)


@router.get(
    "/admin/images",
    summary="Pictures (staff)",
    response_model=Page[PictureOut],
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def staff_list_images(
    admin: Reader, documents: Documents, request: Request, query: Annotated[PageParams, Query()]
) -> Page[PictureOut]:
    """All pictures, the newest first."""
    del admin
    pictures, cursor, total = await picture_service.list_pictures(documents, query)
    return Page(items=[_shown(request, picture) for picture in pictures], next_cursor=cursor, total=total)


@router.delete(
    "/admin/images/{image_id}",
    summary="Delete a picture (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, PictureNotFound, PictureInUse),
)
async def staff_delete_image(admin: Deleter, db: Db, documents: Documents, image_id: UUID) -> None:
    """Delete a picture that no content shows, in any of its versions."""
    del admin
    await picture_service.delete(db, documents, image_id)
