"""`/openapi.json` (and without the staff's routes, `/openapi/customers.json`), `/docs` (Swagger UI) and `/redoc` (our own page): no internet needed, none asked for."""

from __future__ import annotations

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
from gencharge.core.http.short_document import for_customers, shorten
from gencharge.core.settings import Settings

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
    described = Document(lambda: orjson.dumps(shorten(app.openapi())), media_type="application/json")
    customers = Document(lambda: orjson.dumps(for_customers(app.openapi())), media_type="application/json")
    read = Document(
        lambda: reading.page(app.openapi()).encode(), media_type="text/html", headers=_READING_POLICY
    )

    async def show_document(request: Request) -> Response:
        return await described.respond(request)

    async def show_customers(request: Request) -> Response:
        # One after the other, so that only one thread builds the document that both are made of.
        await described.respond(request)
        return await customers.respond(request)

    async def show_trying(_request: Request) -> Response:
        return HTMLResponse(trying, headers=_TRYING_POLICY)

    async def show_reading(request: Request) -> Response:
        # The page is made from the document: one after the other, so that only one thread builds that.
        await described.respond(request)
        return await read.respond(request)

    for path, page in (
        ("/openapi.json", show_document),
        ("/openapi/customers.json", show_customers),
        ("/docs", show_trying),
        ("/redoc", show_reading),
    ):
        app.add_route(path, page, include_in_schema=False)


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
