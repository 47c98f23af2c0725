"""Where the forms of a picture are, for browsers and in the storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from gencharge.content.models import Picture
from gencharge.content.schemas import PictureLinks
from gencharge.core.http.web import PREFIX

PATH: Final = f"{PREFIX}/content/images"
Pictures = Mapping[UUID, Picture]


def key_of(image_id: UUID, file: str) -> str:
    """The key of one of its files in the storage."""
    return f"pictures/{image_id}/{file}"


def links_of(picture: Picture, cdn_base_url: str) -> PictureLinks:
    """The addresses of its forms: the CDN's, whose paths are the keys, or the API's."""

    def address(file: str) -> str:
        if cdn_base_url:
            return f"{cdn_base_url.rstrip('/')}/{key_of(picture.image_id, file)}"
        return f"{PATH}/{picture.image_id}/{file}"

    return PictureLinks(
        image_id=picture.image_id,
        alt=picture.alt,
        width=picture.width,
        height=picture.height,
        url=address(f"whole.{picture.form}"),
        large_url=address("large.webp"),
        thumbnail_url=address("thumbnail.webp"),
    )
