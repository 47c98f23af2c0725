"""`/errors/{code}`: the page that the `type` of a problem document points to. `/errors` lists them.

`Accept-Language` decides in which language, as it does for the problem documents. They are there in production, too, where the documentation is not: a client that fails there needs them most, and they say
nothing about the installation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from starlette.requests import Request

from gencharge.core.errors import ERROR_TYPE_BASE, NotFound
from gencharge.core.http import error_advice
from gencharge.core.http.language import HEADERS, spoken
from gencharge.core.http.openapi import resolved
from gencharge.core.settings import Settings
from gencharge.core.values.language import Language
from gencharge.core.wording import in_language, worded

_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
}
# What the pages are drawn with is served beside them, because production serves no other page's assets.
_ASSETS: Final = {"look.css": "text/css", "favicon.svg": "image/svg+xml"}
_STATIC: Final = Path(__file__).parent / "static" / "docs"
_STYLE: Final = '<link rel="icon" href="/errors/favicon.svg"><link rel="stylesheet" href="/errors/look.css">'
_BAR: Final = '<header class="bar"><a class="mark" href="$home"><img src="/errors/favicon.svg" alt="">GenCharge</a></header>\n'
_CODE: Final = re.compile(r"`([^`]+)`")
_SHOWN_ROUTES: Final = 12
Json = dict[str, Any]


def install(app: FastAPI, settings: Settings) -> None:
    """Add the pages to `app`. They are made of its OpenAPI document, when somebody first asks."""
    # The front page is shown where the documentation is.
    home = "/" if settings.shows_docs else "/errors"
    pages: dict[Language, dict[str, str]] = {}

    def answer(code: str) -> HTMLResponse:
        language = spoken()
        if language not in pages:
            pages[language] = pages_of(app.openapi(), language, home=home)
        page = pages[language].get(code)
        if page is None:
            raise NotFound("There is no error of this name. All of them are listed at /errors.")
        return HTMLResponse(page, headers=_HEADERS | HEADERS[language])

    # Plain functions: the document takes a while to build, so Starlette runs them in a thread.
    def show_errors(_request: Request) -> HTMLResponse:
        return answer("")

    def show_error(request: Request) -> HTMLResponse:
        return answer(request.path_params["code"].replace("-", "_"))

    for name, media_type in _ASSETS.items():
        app.add_route(ERROR_TYPE_BASE + name, partial(_show_asset, name, media_type), include_in_schema=False)
    app.add_route(ERROR_TYPE_BASE.rstrip("/"), show_errors, include_in_schema=False)
    app.add_route(ERROR_TYPE_BASE + "{code}", show_error, include_in_schema=False)


def _show_asset(name: str, media_type: str, _request: Request) -> FileResponse:
    return FileResponse(
        _STATIC / name, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"}
    )


def pages_of(document: Json, language: Language = Language.ENGLISH, *, home: str = "/") -> dict[str, str]:
    """A page of HTML for each code, and under the empty name the list of all. `home`: where the mark leads."""
    say = partial(in_language, language=language.value)
    routes = _routes_by_code(document)
    examples: Json = document["components"]["examples"]
    html = partial(_html, home=home, language=language)
    pages = {
        code: html(f"<code>{code}</code>", _page(example["value"], routes.get(code, []), say))
        for code, example in examples.items()
    }
    rows = "\n".join(
        f'<tr><td><a href="{example["value"]["type"]}"><code>{code}</code></a></td>'
        f"<td>{example['value']['status']}</td><td>{escape(say(example['value']['title']))}</td></tr>"
        for code, example in examples.items()
    )
    pages[""] = html(escape(say(worded("Errors"))), f"<table>{rows}</table>")
    return pages


def _page(problem: Json, routes: list[str], say: Callable[[str], str]) -> str:
    status, code = problem["status"], problem["code"]
    meaning = worded("Status {status} ({heading}).", status=status, heading=error_advice.BY_STATUS[status][0])
    parts = (
        (worded("What it means"), f"{say(problem['title'])} {say(meaning)}"),
        (worded("What to do"), say(error_advice.advice(status, code))),
        (worded("Send it again?"), say(error_advice.repeating(status, code))),
        (worded("What to tell the customer"), say(error_advice.for_the_customer(status))),
    )
    shown = "".join(f"<li><code>{escape(route)}</code></li>" for route in routes[:_SHOWN_ROUTES])
    rest = worded("And {count} more.", count=len(routes) - _SHOWN_ROUTES)
    more = f"<p>{say(rest)}</p>" if len(routes) > _SHOWN_ROUTES else ""
    answered = f"<h2>{say(worded('Answered by'))}</h2><ul>{shown}</ul>{more}" if routes else ""
    body = "\n".join(f"<h2>{say(title)}</h2><p>{_inline(text)}</p>" for title, text in parts)
    return f'{body}\n{answered}<p><a href="/errors">{say(worded("All errors"))}</a></p>'


def _html(heading: str, body: str, *, home: str, language: Language) -> str:
    title = heading.removeprefix("<code>").removesuffix("</code>")
    return (
        f'<!doctype html>\n<html lang="{language.value}"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{title}</title>{_STYLE}</head>\n'
        f'<body>{_BAR.replace("$home", home)}<main class="error"><h1>{heading}</h1>\n{body}</main></body></html>\n'
    )


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _routes_by_code(document: Json) -> dict[str, list[str]]:
    routes: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for response in operation["responses"].values():
                content = resolved(document, response).get("content", {})
                for code in content.get("application/problem+json", {}).get("examples", ()):
                    routes.setdefault(code, []).append(f"{method.upper()} {path}")
    return routes
