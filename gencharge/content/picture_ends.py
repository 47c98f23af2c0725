"""Where the picture in a file ends, by the structure of the file alone. Nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA
# Markers without a length: TEM, RST0 to RST7, SOI.
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_GIF_EXTENSION: Final = 0x21
_GIF_IMAGE: Final = 0x2C
_GIF_END: Final = 0x3B


def end_of(content: bytes, kind: str) -> int | None:
    """The position behind the last byte of the picture; None if the file ends before it. `kind`: JPEG, PNG, WEBP or GIF."""
    try:
        return _ENDS[kind](content)
    except IndexError:
        return None


def _end_of_png(content: bytes) -> int | None:
    position = 8
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4])
        name = content[position + 4 : position + 8]
        position += 12 + length
        if name == b"IEND":
            return position if position <= len(content) else None
    return None


def _end_of_webp(content: bytes) -> int | None:
    end = 8 + int.from_bytes(content[4:8], "little")
    return end if 12 <= end <= len(content) else None


def _end_of_jpeg(content: bytes) -> int | None:
    position = 2
    while True:
        if content[position] != 0xFF:
            return None
        while content[position] == 0xFF:  # padding before a marker
            position += 1
        marker = content[position]
        position += 1
        if marker == _JPEG_END:
            return position
        if marker in _JPEG_BARE:
            continue
        position += int.from_bytes(content[position : position + 2])
        if marker == _JPEG_SCAN:
            position = _end_of_scan(content, position)


def _end_of_scan(content: bytes, position: int) -> int:
    """The next marker that is no part of the coded pixels. Raises IndexError."""
    while True:
        position = content.find(b"\xff", position)
        if position < 0:
            raise IndexError
        following = content[position + 1]
        if following not in {0x00, 0xFF} and following not in _JPEG_BARE:
            return position
        position += 1


def _end_of_gif(content: bytes) -> int | None:
    position = 13 + _colours(content[10])
    while True:
        block = content[position]
        position += 1
        if block == _GIF_END:
            return position
        if block == _GIF_IMAGE:
            position += 9 + _colours(content[position + 8]) + 1
        elif block == _GIF_EXTENSION:
            position += 1
        else:
            return None
        while content[position]:
            position += content[position] + 1
        position += 1


def _colours(flags: int) -> int:
    """The bytes of a table of colours."""
    return 3 << ((flags & 0x07) + 1) if flags & 0x80 else 0


_ENDS: Final[Mapping[str, Callable[[bytes], int | None]]] = MappingProxyType(
    {"JPEG": _end_of_jpeg, "PNG": _end_of_png, "WEBP": _end_of_webp, "GIF": _end_of_gif}
)
