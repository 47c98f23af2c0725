"""What all pages of the sandbox share: one look, no script, nothing from outside."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from starlette.responses import HTMLResponse, Response

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@cache
def _read(name: str) -> str:
    return (files("sandbox") / "html" / name).read_text(encoding="utf-8")


def page(name: str, status: int = 200, **values: str) -> Response:
    """Fill a page in; each value must be safe HTML already."""
    text = Template(_read(name)).substitute(values, style=_read("style.css"))
    return HTMLResponse(text, status, _HEADERS)


def icon() -> Response:
    """The icon, which browsers ask for by themselves."""
    return Response(
        _read("favicon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
    )
