"""What an upload becomes: pixels alone, in three forms."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gencharge.content.errors import PictureInvalid, PictureTooLarge
from gencharge.content.pictures import convert
from tests.make.content import picture


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_kept_whole_large_and_small(kind: str) -> None:
    forms = convert(picture(kind, (3000, 1500)))
    assert (forms.form, forms.width, forms.height) == ("jpg", 2400, 1200)
    sizes = {name: opened(content).size for name, content in forms.files.items()}
    assert sizes == {"whole.jpg": (2400, 1200), "large.webp": (1280, 640), "thumbnail.webp": (320, 160)}


def test_a_small_picture_is_not_blown_up_and_transparency_stays() -> None:
    forms = convert(picture("PNG", (10, 20), "RGBA"))
    assert {opened(content).size for content in forms.files.values()} == {(10, 20)}
    assert (forms.form, opened(forms.files["whole.png"]).mode) == ("png", "RGBA")


def test_nothing_but_pixels_goes_on() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif[0x0112] = 6  # lies on its side
    text = PngInfo()
    text.add_text("Comment", "SECRET CAMERA")
    uploads = (
        picture("JPEG", (40, 20), exif=exif, comment=b"SECRET CAMERA", icc_profile=b"SECRET CAMERA"),
        picture("PNG", (40, 20), exif=exif, pnginfo=text),
        picture("WEBP", (40, 20), exif=exif, xmp=b"SECRET CAMERA"),
    )
    for upload in uploads:
        assert b"SECRET CAMERA" in upload
        forms = convert(upload)
        assert (forms.width, forms.height) == (20, 40)  # stood upright
        for content in forms.files.values():
            assert b"SECRET CAMERA" not in content
            assert not opened(content).getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("behind", [b"<?php system(1); ?>", b"PK\x03\x04zip", b"<script>alert(1)</script>"])
def test_a_file_that_is_two_things_is_refused(kind: str, behind: bytes) -> None:
    with pytest.raises(PictureInvalid, match="goes on after"):
        convert(picture(kind) + behind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_file_that_breaks_off_is_refused(kind: str) -> None:
    content = picture(kind, (300, 300))
    for length in (0, 3, 12, 30, len(content) // 2, len(content) - 1):
        with pytest.raises(PictureInvalid):
            convert(content[:length])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"%PDF-1.7",
        picture("BMP"),
        picture("TIFF"),
        picture("ICO"),
    ],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(PictureInvalid, match="JPEG, PNG, WebP or GIF"):
        convert(content)


def test_damaged_pixels_are_refused() -> None:
    content = bytearray(picture("PNG", (200, 200)))
    middle = content.index(b"IDAT") + 10
    content[middle : middle + 20] = b"\xff" * 20
    with pytest.raises(PictureInvalid):
        convert(bytes(content))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    # 900 million pixels in a file of 100 KB.
    for size in ((30_000, 30_000), (5_001, 5_000), (10_001, 1)):
        with pytest.raises(PictureTooLarge):
            convert(picture("PNG", size, "1"))
