"""Public content over HTTP, served from a cache with an ETag."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import Response

from gencharge.content import picture_service, service
from gencharge.content.errors import ContentNotFound, PictureNotFound
from gencharge.content.schemas import ContentOut, ContentQuery
from gencharge.content.snapshot import PublicContent
from gencharge.core.errors import DatabaseUnavailable, DocumentsUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.cached import NOT_MODIFIED, CachedRoute, ResponseCache
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.stores.storage import StorageUnavailable, type_of
from gencharge.core.values import clock
from gencharge.core.values.language import Language

_PUBLIC: Final = "gencharge.public_content"
_IMAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The picture.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
    }
}
_FILES: Final = re.compile(r"whole\.(jpg|png)|(large|thumbnail)\.webp")
_IMAGE_HEADERS: Final = {
    # Under an address there is always the same picture.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class ContentRoute(CachedRoute):
    """Caches responses until content changes, or a publication begins or ends."""

    @staticmethod
    def current_cache(app: FastAPI) -> ResponseCache | None:
        """The responses made from what is public now."""
        snapshot = service.Contents.of(app).snapshot
        return snapshot.at(clock.now()).responses if snapshot is not None else None

    @staticmethod
    async def cache_for(request: Request) -> ResponseCache:
        """The same; leaves what is public in the scope, so that the response is made from it."""
        public = (await service.Contents.for_request(request)).at(clock.now())
        request.scope[_PUBLIC] = public
        return public.responses


async def _public(request: Request) -> PublicContent:
    return cast(PublicContent, request.scope[_PUBLIC])


Public = Annotated[PublicContent, Depends(_public)]
router = web.router("content", route_class=ContentRoute)
images = web.router("content")


@router.get(
    "",
    summary="Public content",
    response_model=Page[ContentOut],
    responses=NOT_MODIFIED
    | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable, DocumentsUnavailable),
)
async def list_content(
    request: Request, public: Public, query: Annotated[ContentQuery, Query()]
) -> Page[ContentOut]:
    """Banners, questions and answers, and pages that are public now, by kind and position.

    The answer may be cached: it has an `ETag`, and `If-None-Match` is answered with 304.
    """
    return service.page_of(public, query, request.app.state.settings.cdn_base_url)


@router.get(
    "/{slug}",
    summary="One page",
    response_model=ContentOut,
    responses=NOT_MODIFIED
    | errors(ContentNotFound, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable),
)
async def get_content(
    request: Request,
    public: Public,
    slug: Annotated[str, Path(max_length=80)],
    language: Annotated[
        Language, Query(description="The language of the texts; English where a text has no other.")
    ] = Language.ENGLISH,
) -> ContentOut:
    """Content by its slug, while it is public."""
    return service.shown_as(public.get(slug), language, request.app.state.settings.cdn_base_url)


@images.get(
    "/images/{image_id}/{file}",
    summary="A picture",
    response_class=Response,
    responses=_IMAGE | errors(PictureNotFound, ValidationFailed, StorageUnavailable),
)
async def get_image(
    request: Request, image_id: UUID, file: Annotated[str, Path(max_length=40, examples=["large.webp"])]
) -> Response:
    """A form of a picture, as the content names it. It never changes."""
    if not _FILES.fullmatch(file):
        raise PictureNotFound
    content = await picture_service.read(picture_service.Gallery.of(request.app), image_id, file)
    return Response(content, media_type=type_of(file), headers=_IMAGE_HEADERS)
