"""`/docs` (Swagger UI) and `/redoc`, from assets that ship with the package: no internet needed, none asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_ASSETS: Final = Path(__file__).parent / "static" / "docs"
_TITLE: Final = "GenCharge API"
# Both pages start themselves with an inline script and style themselves inline; ReDoc searches in a blob worker and
# would fetch its maker's logo.
_POLICY: Final = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; worker-src blob:; frame-ancestors 'none'; base-uri 'none'"
}


def install(app: FastAPI) -> None:
    """Add the two pages and their assets to `app`."""
    app.mount("/static/docs", StaticFiles(directory=_ASSETS), name="docs-assets")
    swagger = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=_TITLE,
        swagger_js_url="/static/docs/swagger-ui-bundle.js",
        swagger_css_url="/static/docs/swagger-ui.css",
        swagger_favicon_url="/static/docs/favicon.svg",
        swagger_ui_parameters={"filter": True, "persistAuthorization": True, "displayRequestDuration": True},
    )
    redoc = get_redoc_html(
        openapi_url="/openapi.json",
        title=_TITLE,
        redoc_js_url="/static/docs/redoc.standalone.js",
        redoc_favicon_url="/static/docs/favicon.svg",
        with_google_fonts=False,
    )

    @app.get("/docs", include_in_schema=False)
    async def show_swagger() -> HTMLResponse:
        return HTMLResponse(bytes(swagger.body), headers=_POLICY)

    @app.get("/redoc", include_in_schema=False)
    async def show_redoc() -> HTMLResponse:
        return HTMLResponse(bytes(redoc.body), headers=_POLICY)
