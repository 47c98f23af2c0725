"""Markdown as HTML. HTML in the source is text, and a link leads to https, mailto, tel or a path of the same site."""

from __future__ import annotations

import re
from typing import Final

from markdown_it import MarkdownIt

_LINK: Final = re.compile(r"(https://|mailto:|tel:|/(?!/)|#)[^\s\x00-\x1f]*", re.IGNORECASE)


class _Renderer(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the name that the library calls
        return is_link(url)


# Pictures in a text would be loaded from wherever its writer says, and tell that place who reads it.
_RENDERER: Final = _Renderer("commonmark", {"html": False}).enable("table").disable("image")


def is_link(url: str) -> bool:
    """Whether content may lead there."""
    return _LINK.fullmatch(url) is not None


def html_of(source: str) -> str:
    """The source as HTML that can be shown as it is."""
    rendered: str = _RENDERER.render(source)
    return rendered
