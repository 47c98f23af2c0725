"""`/console`: the staff's pages in a browser, which `make web` builds from `web/`. One document, files that never change, a strict policy.

The page asks the API for everything, so nothing here is secret and nobody needs to be signed in to load it.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_STATIC: Final = Path(__file__).parent / "static"
PAGES: Final = _STATIC / "console"
_NOT_BUILT: Final = _STATIC / "console-not-built.html"
# Where the build puts the files that have the hash of their content in their names.
_HASHED: Final = "assets/"
# The hash is that of the one inline style of the library of controls (`touch-action` of what can be pressed).
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_NOT_BUILT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOREVER: Final = "public, max-age=31536000, immutable"
# The better one first, with the suffix of the file that the build left beside the original.
_CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


def install(app: FastAPI, pages: Path = PAGES) -> None:
    """Add the console to `app`. It may be built, and built again, while the process runs."""

    async def lead_on(*_: object) -> Response:
        return RedirectResponse("/console/")

    app.add_route("/console", lead_on, include_in_schema=False)
    app.mount("/console", Console(pages), name="console")


class Console(StaticFiles):
    """The files of the console. Any path that is no file is a page of it, which its script shows."""

    def __init__(self, pages: Path) -> None:
        super().__init__(directory=pages, check_dir=False)
        self._pages = pages

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file of the build, its page for any other path, or the page that says how to build it. Raises HTTPException (404, 405)."""
        if not (self._pages / "index.html").is_file():
            return _not_built()
        if path.startswith(_HASHED):
            return await self._file(path, scope, cache=_FOREVER)
        # A build of tomorrow has other files, and an old page would ask for those of today.
        page = await self._file("index.html", scope, cache="no-store")
        page.headers["Content-Security-Policy"] = POLICY
        page.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return page

    async def check_config(self) -> None:
        """Nothing: the folder may be missing, and `get_response` says what to do then."""

    async def _file(self, path: str, scope: Scope, *, cache: str) -> Response:
        """The file, compressed by the build if the client takes that. Raises HTTPException (404, 405)."""
        accepted = _accepted(Headers(scope=scope).get("accept-encoding", ""))
        coding, suffix = next(
            (
                (coding, suffix)
                for coding, suffix in _CODINGS
                if coding in accepted and self.lookup_path(path + suffix)[1] is not None
            ),
            ("", ""),
        )
        response = await super().get_response(path + suffix, scope)
        if coding and isinstance(response, FileResponse):
            plain = FileResponse(path)
            response.headers["Content-Type"] = plain.headers["Content-Type"]
            response.headers["Content-Encoding"] = coding
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = cache
        return response


def _accepted(header: str) -> set[str]:
    """The codings that an Accept-Encoding header takes (RFC 9110, section 12.5.3); `*` is not asked for by browsers."""
    parts = (part.replace(" ", "").lower().partition(";q=") for part in header.split(","))
    return {name for name, _, weight in parts if not weight or weight.strip("0.")}


def _not_built() -> Response:
    body = _NOT_BUILT.read_text(encoding="utf-8")
    return HTMLResponse(
        body,
        status_code=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Content-Security-Policy": _NOT_BUILT_POLICY, "Cache-Control": "no-store"},
    )
