"""The document in its parts (`api.parts`), `/docs` (Swagger UI) and `/redoc` (our own page): no internet needed, none asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from string import Template
from typing import Final

import orjson
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from gencharge.api import reading
from gencharge.api.documents import Document
from gencharge.api.parts import EARLIER, PARTS, Json
from gencharge.core.settings import Settings

Show = Callable[[Request], Awaitable[Response]]
_STATIC: Final = Path(__file__).parent / "static"
_SAMPLE_NUMBER: Final = "9000001001"
_READING_POLICY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
}
# Swagger UI draws its icons from `data:` addresses, and sets styles on its elements.
_TRYING_POLICY: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'"
}


def install(app: FastAPI, settings: Settings) -> None:
    """Add the document, the two pages and their assets to `app`."""
    app.mount("/static/docs", StaticFiles(directory=_STATIC / "docs"), name="docs-assets")
    trying = _render_trying(settings)
    # Parts and page are made from the whole document. Its making is one document's, so that only one thread builds it.
    whole = Document(lambda: orjson.dumps(app.openapi()["info"]), media_type="application/json")
    read = Document(
        lambda: reading.page(app.openapi()).encode(), media_type="text/html", headers=_READING_POLICY
    )

    def shown(document: Document) -> Show:
        async def show(request: Request) -> Response:
            await whole.respond(request)
            return await document.respond(request)

        return show

    async def show_trying(_request: Request) -> Response:
        return HTMLResponse(trying, headers=_TRYING_POLICY)

    parts = {
        path: shown(Document(_writer(app, take), media_type="application/json"))
        for path, take in PARTS.items()
    }
    parts |= {path: parts[now] for path, now in EARLIER.items()}
    for path, page in (parts | {"/docs": show_trying, "/redoc": shown(read)}).items():
        app.add_route(path, page, include_in_schema=False)


def _writer(app: FastAPI, take: Callable[[Json], Json]) -> Callable[[], bytes]:
    return lambda: orjson.dumps(take(app.openapi()))


def _render_trying(settings: Settings) -> str:
    """The page of `/docs`; where sample numbers have a fixed code, its form is filled in already."""
    sample = bool(settings.dev_fixed_otp)
    template = Template((_STATIC / "docs.html").read_text(encoding="utf-8"))
    return template.substitute(
        phone_number=_SAMPLE_NUMBER if sample else "",
        otp=escape(settings.dev_fixed_otp),
        hint="A sample customer; an admin is 9000000001."
        if sample
        else "Leave the code empty to be sent one.",
    )
