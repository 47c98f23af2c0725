"""What all pages of the sandbox share: one look, nothing from outside, and no script but that of the messages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from starlette.responses import HTMLResponse, Response

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What `messages.js` takes: to be run, and to look again.
_OWN_SCRIPT: Final = "; script-src 'self'; connect-src 'self'"
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@cache
def _read(name: str) -> str:
    return (files("sandbox") / "html" / name).read_text(encoding="utf-8")


def page(name: str, status: int = 200, *, with_script: bool = False, **values: str) -> Response:
    """Fill a page in; each value must be safe HTML already. `with_script`: it runs a script of the sandbox's own."""
    text = Template(_read(name)).substitute(values, style=_read("style.css"), mark=_drawing())
    policy = _POLICY + (_OWN_SCRIPT if with_script else "")
    return HTMLResponse(text, status, {**_HEADERS, "Content-Security-Policy": policy})


def _drawing() -> str:
    """The mark, as a part of a page: beside the name it says nothing more."""
    return _read("favicon.svg").strip().replace("<svg ", '<svg aria-hidden="true" ', 1)


def script(name: str) -> Response:
    """A script of the sandbox's own."""
    return Response(_read(name), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def icon() -> Response:
    """The icon, which browsers ask for by themselves."""
    return Response(
        _read("favicon.svg"), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"}
    )
