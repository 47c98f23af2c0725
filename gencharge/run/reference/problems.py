"""The page of the errors, from their classes: code, status, meaning, what to do, and which routes answer so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gencharge.core import errors as core
from gencharge.core.errors import Problem
from gencharge.core.http import openapi
from gencharge.core.http.error_advice import BY_STATUS, own_advice
from gencharge.run.reference import markdown
from gencharge.run.reference.api import METHODS

_INTRODUCTION = """
Every error is a problem document (RFC 9457, `application/problem+json`). `code` is stable and is what a program looks at;
`detail` is written for people and may name a number or a time; `errors` has an entry for each wrong field; `request_id` is in
our log, too. `type` is the address of a page about the error
(`/errors/insufficient-balance`, at the host that answered): what it means, whether to repeat the request, what to tell the customer.

```json
{"type": "/errors/insufficient-balance", "title": "The wallet balance does not cover this amount.",
 "status": 409, "detail": "The wallet balance does not cover this amount.", "code": "insufficient_balance",
 "request_id": "..."}
```

A request that ended without an answer (a time-out, a lost connection) may have had its effect. Send it again with the same
`Idempotency-Key`: the answer is then the first one's.
""".strip()
# So many routes are listed; an error of more routes is called one of many.
_SHOWN_ROUTES: Final = 6


def page(document: dict[str, Any]) -> Iterator[str]:
    """Every error by its status."""
    yield markdown.title("Errors")
    yield _INTRODUCTION + "\n"
    routes = _routes_by_code(document)
    # What no route answers and no address in general is internal, such as what a worker says to itself.
    errors = sorted(
        {
            error
            for error in openapi.kinds_of(Problem)
            if error.code() in routes or error.__module__ == core.__name__
        },
        key=lambda error: (error.status, error.code()),
    )
    for status in sorted({error.status for error in errors}):
        heading, advice = BY_STATUS[status]
        yield f"## {status} {heading}\n\n{advice}\n"
        yield from markdown.table(
            ("code", "meaning", "answered by"),
            (
                (f"`{error.code()}`", _meaning(error), _where(routes.get(error.code(), [])))
                for error in errors
                if error.status == status
            ),
        )


def _meaning(error: type[Problem]) -> str:
    """What it says, and what to do about it if that is not what the status says."""
    message = " ".join((error.__doc__ or "").split())
    advice = own_advice(error.code())
    return f"{message} *{advice}*" if advice else message


def _where(routes: list[str]) -> str:
    if len(routes) > _SHOWN_ROUTES:
        return f"{len(routes)} routes"
    return markdown.codes(routes) or "any address"


def _routes_by_code(document: dict[str, Any]) -> dict[str, list[str]]:
    routes: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            for code in _codes(operations.get(method, {}), document):
                routes.setdefault(code, []).append(f"{method.upper()} {path}")
    return routes


def _codes(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    for response in operation.get("responses", {}).values():
        content = openapi.resolved(document, response).get("content", {})
        yield from content.get("application/problem+json", {}).get("examples", {})
