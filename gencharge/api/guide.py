"""`/guide`: the documentation's site, which `make docs-site` builds. Served where `/docs` is, from this server alone."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_STATIC: Final = Path(__file__).parent / "static"
SITE: Final = _STATIC / "guide"
_NOT_BUILT: Final = _STATIC / "guide-not-built.html"
_INLINE_SCRIPT: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_PLAIN_POLICY: Final = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def install(app: FastAPI, site: Path = SITE) -> None:
    """Add the site to `app`. It may be built, and built again, while the process runs."""

    async def lead_on(*_: object) -> Response:
        return RedirectResponse("/guide/")

    app.add_route("/guide", lead_on, include_in_schema=False)
    app.mount("/guide", Guide(site), name="guide")


class Guide(StaticFiles):
    """The files of the site. A page may run the inline scripts that it was built with, and no others.

    Styles may be inline: the site's search sets them on what it finds.
    """

    def __init__(self, site: Path) -> None:
        super().__init__(directory=site, html=True, check_dir=False)
        self._site = site
        # By the page and its ETag, so that a page gets a new one when it is rebuilt.
        self._policies: dict[tuple[Path, str], str] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, the page that says how to build the site, or the site's own page for what is not there."""
        if not (self._site / "index.html").is_file():
            if path == ".":
                body = _NOT_BUILT.read_text(encoding="utf-8")
                return HTMLResponse(body, headers={"Content-Security-Policy": _PLAIN_POLICY})
            raise HTTPException(HTTPStatus.NOT_FOUND)
        response = await super().get_response(path, scope)
        # Asked again each time, and answered with 304: the site may have been rebuilt.
        response.headers["Cache-Control"] = "no-cache"
        if isinstance(response, FileResponse) and response.media_type == "text/html":
            policy = await self._policy(Path(response.path), response.headers["ETag"])
            response.headers["Content-Security-Policy"] = policy
        return response

    async def check_config(self) -> None:
        """Nothing: the folder may be missing, and `get_response` says what to do then."""

    async def _policy(self, page: Path, etag: str) -> str:
        key = page, etag
        if key not in self._policies:
            hashes = await asyncio.to_thread(_hashes, page)
            self._policies[key] = (
                f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
            )
        return self._policies[key]


def _hashes(page: Path) -> str:
    """The page's inline scripts as a policy names them (CSP level 3, section 2.3.1)."""
    scripts = _INLINE_SCRIPT.findall(page.read_bytes())
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
