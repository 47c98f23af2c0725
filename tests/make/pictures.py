"""Pictures of pages for the documentation: taken by tests, so that they show what a page looks like today."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageStat
from playwright.async_api import Page

FOLDER: Final = Path(__file__).parent.parent.parent / "docs" / "images"
# Ids and times differ in each run: that much of the brightness of all points. A page of another look is far above it.
ALLOWED_DIFFERENCE: Final = 0.01
_TAKE_AGAIN: Final = "TAKE_PICTURES"


async def check_picture(page: Page, name: str, *, width: int = 1280, height: int = 800) -> None:
    """Fail if the page no longer looks like `docs/images/NAME.png`. With `TAKE_PICTURES` set, take the picture again.

    Colours are few on a page, so a palette of them halves the file.
    """
    await page.set_viewport_size({"width": width, "height": height})
    image = Image.open(BytesIO(await page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    path = FOLDER / f"{name}.png"
    if os.environ.get(_TAKE_AGAIN):
        image.quantize(256).save(path, optimize=True)
    stored = Image.open(path).convert("RGB")
    assert stored.size == image.size, (
        f"{path.name} is {stored.size}, the page {image.size}: run `make pictures`"
    )
    share = difference(stored, image)
    assert share <= ALLOWED_DIFFERENCE, (
        f"{path.name} shows the page as it was ({share:.1%} differ): run `make pictures`"
    )


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far the brightness of the points of two pictures of a size lies apart, on average: 0 to 1."""
    apart = ImageChops.difference(one.convert("L"), other.convert("L"))
    return float(ImageStat.Stat(apart).mean[0]) / 255
