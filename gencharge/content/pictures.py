"""What an upload becomes: a picture of our own making, in three forms.

The bytes that came are decoded and thrown away, with all that they carried besides the picture: places, cameras, comments, profiles,
whatever was appended. A file that goes on after its picture ends is refused: it is made to be read as something else, too.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from gencharge.content.errors import PictureInvalid, PictureTooLarge
from gencharge.content.picture_ends import end_of

_READ: Final = ("JPEG", "PNG", "WEBP", "GIF")
_MOST_PIXELS: Final = 25_000_000
_LONGEST_SIDE: Final = 10_000
# The longest sides of what is kept.
_WHOLE: Final = 2_400
_LARGE: Final = 1_280
_THUMBNAIL: Final = 320
_QUALITY: Final = 82


@dataclass(frozen=True, slots=True)
class Forms:
    """A picture as it is kept: files by name, and the size of the whole one in pixels."""

    files: dict[str, bytes]
    form: str
    width: int
    height: int


def convert(content: bytes) -> Forms:
    """The forms of an upload: `whole.jpg` or `whole.png`, `large.webp`, `thumbnail.webp`. Of an animation the first picture.

    Raises PictureInvalid, PictureTooLarge.
    """
    image = _decoded(content)
    has_alpha = image.mode == "RGBA"
    form = "png" if has_alpha else "jpg"
    whole = _fitted(image, _WHOLE)
    files = {
        f"whole.{form}": _encoded(whole, "PNG" if has_alpha else "JPEG"),
        "large.webp": _encoded(_fitted(image, _LARGE), "WEBP"),
        "thumbnail.webp": _encoded(_fitted(image, _THUMBNAIL), "WEBP"),
    }
    return Forms(files, form, whole.width, whole.height)


def _decoded(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow's own alarm is of no use: the size is looked at below, before a pixel is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=_READ)
    except Image.DecompressionBombError:
        raise PictureTooLarge from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise PictureInvalid from None
    if image.width * image.height > _MOST_PIXELS or max(image.size) > _LONGEST_SIDE:
        raise PictureTooLarge
    end = end_of(content, str(image.format))
    if end is None:
        raise PictureInvalid("The picture is not whole: its file ends too early.")
    if content[end:].strip(b"\x00"):
        raise PictureInvalid(
            "The file goes on after its picture ends. Save the picture again, and send that."
        )
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, IndexError, EOFError, Image.DecompressionBombError):
        raise PictureInvalid("The picture is damaged: it can't be decoded.") from None
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _fitted(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def _encoded(image: Image.Image, kind: str) -> bytes:
    # `info` may hold what the upload carried: a profile, a comment, EXIF. Pixels alone go on.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    file = io.BytesIO()
    options = {"optimize": True} if kind == "PNG" else {"quality": _QUALITY}
    bare.save(file, kind, **options)
    return file.getvalue()
