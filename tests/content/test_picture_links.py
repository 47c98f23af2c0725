"""Where browsers get pictures."""

from __future__ import annotations

import pytest

from gencharge.content import picture_links
from gencharge.content.models import Picture
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id


@pytest.mark.parametrize(
    ("cdn", "begin"),
    [("", "/v1/content/images/"), ("https://cdn.example.in/", "https://cdn.example.in/pictures/")],
)
def test_a_picture_is_at_the_api_or_at_the_cdn(cdn: str, begin: str) -> None:
    image_id = new_id()
    links = picture_links.links_of(Picture(image_id, "png", 10, 20, 100, "", clock.now(), new_id()), cdn)
    assert links.url == f"{begin}{image_id}/whole.png"
    assert links.thumbnail_url == f"{begin}{image_id}/thumbnail.webp"
