"""Where a picture ends in its file, whatever follows."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gencharge.content.picture_ends import end_of
from tests.make.content import picture

KINDS = ("JPEG", "PNG", "WEBP", "GIF")


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_is_that_of_the_file(kind: str) -> None:
    content = picture(kind)
    assert end_of(content, kind) == len(content)
    assert end_of(content + b"PK\x03\x04 a whole archive", kind) == len(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_breaks_off_has_no_end(kind: str) -> None:
    content = picture(kind)
    ends = [end_of(content[:length], kind) for length in range(12, len(content))]
    assert set(ends) == {None}


def test_progressive_pictures_animations_and_comments_have_one_end() -> None:
    progressive = picture("JPEG", (200, 200), progressive=True, comment=b"\xff\xd9 is no end here")
    assert end_of(progressive + b"<?php", "JPEG") == len(progressive)
    file = io.BytesIO()
    frames = [Image.new("P", (30, 30), colour) for colour in (1, 2, 3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], comment=b"; 3B", loop=0)
    assert end_of(file.getvalue() + b";", "GIF") == len(file.getvalue())


@given(kind=st.sampled_from(KINDS), content=st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_have_an_end_within_them_or_none(kind: str, content: bytes) -> None:
    begin = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF", "GIF": b"GIF89a"}[kind]
    end = end_of(begin + content, kind)
    assert end is None or 0 < end <= len(begin + content)
