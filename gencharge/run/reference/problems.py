"""The page of the errors, from their classes: code, status, meaning, what to do, and which routes answer so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gencharge.core import errors as core
from gencharge.core.errors import Problem
from gencharge.core.http import openapi
from gencharge.run.reference import markdown
from gencharge.run.reference.api import METHODS

_INTRODUCTION = """
Every error is a problem document (RFC 9457, `application/problem+json`). `code` is stable and is what a program looks at;
`detail` is written for people and may name a number or a time; `errors` has an entry for each wrong field; `request_id` is in
our log, too. `type` is `https://gencharge.example/errors/` and the code with hyphens: a name, not a page.

```json
{"type": "https://gencharge.example/errors/insufficient-balance", "title": "The wallet balance does not cover this amount.",
 "status": 409, "detail": "The wallet balance does not cover this amount.", "code": "insufficient_balance",
 "request_id": "..."}
```

A request that ended without an answer (a time-out, a lost connection) may have had its effect. Send it again with the same
`Idempotency-Key`: the answer is then the first one's.
""".strip()
# The heading of each status, and what to do about its errors.
_BY_STATUS: Final = {
    400: ("Bad request", "Mend the request; repeating it does not help."),
    401: ("Not signed in", "Refresh the access token (`POST /v1/auth/refresh`), or sign in again; then repeat the request."),
    403: ("Not allowed", "Repeating it does not help: an admin has to grant this, or somebody else has to do it."),
    404: ("Not found", "Look at the id and the address. What belongs to somebody else answers so, too."),
    405: ("Method not allowed", "Use a method that the address has; `Allow` lists them."),
    408: ("Too slow", "Send the request in one go; on a slow network send less at once."),
    409: ("Conflict", "Read the object again: its state does not allow this now. The message says what would be in order."),
    412: ("Changed by someone else", "Read the object again, apply your change to what it is now, and send its new `ETag` as `If-Match`."),
    413: ("Too large", "Send less at once."),
    422: ("Not valid", "Mend the fields that `errors` names; repeating the same request does not help."),
    429: ("Too many requests", "Wait as many seconds as `Retry-After` says, and repeat the request."),
    431: ("Headers too large", "Send fewer or shorter headers, or a shorter address."),
    500: ("Our error", "Repeat it with the same `Idempotency-Key`; if it stays so, give us the `request_id`."),
    503: ("Unavailable", "Wait as many seconds as `Retry-After` says, and repeat the request with the same `Idempotency-Key`."),
}  # fmt: skip
# What differs from the advice for the status, by the code or its end. The first that fits counts.
_BY_CODE: Final = (
    ("idempotency_in_progress", "Wait a moment and send the same request again: you get the first one's answer."),
    ("idempotency_key_reused", "Use a new key for a new request, and the old one only to repeat the very same."),
    ("second_factor_required", "Verify it (`POST /v1/auth/second-factor/verify`) and repeat the request with the new token."),
    ("step_up_required", "Verify it again (`POST /v1/auth/second-factor/verify`) and repeat the request with the new token."),
    ("insufficient_balance", "Top up the wallet, or pay the rest through the gateway (`wallet_amount`)."),
    ("_signature_invalid", "Sign the very bytes that you send with the shared secret, and check your clock."),
    ("otp_invalid", "Let the customer type the newest code, or request another one."),
    ("session_ended", "Refreshing does not help."),
    ("refresh_token_invalid", "Refreshing again does not help."),
    ("_already_exists", "Use the one that exists, or choose another name."),
    ("_in_use", "Detach it first from what uses it, or deactivate it instead."),
)  # fmt: skip
# So many routes are listed; an error of more routes is called one of many.
_SHOWN_ROUTES: Final = 6


def page(document: dict[str, Any]) -> Iterator[str]:
    """Every error by its status."""
    yield markdown.title("Errors")
    yield _INTRODUCTION + "\n"
    routes = _routes_by_code(document)
    # What no route answers and no address in general is internal, such as what a worker says to itself.
    errors = sorted(
        {error for error in _errors(Problem) if error.code() in routes or error.__module__ == core.__name__},
        key=lambda error: (error.status, error.code()),
    )
    for status in sorted({error.status for error in errors}):
        heading, advice = _BY_STATUS[status]
        yield f"## {status} {heading}\n\n{advice}\n"
        yield from markdown.table(
            ("code", "meaning", "answered by"),
            (
                (f"`{error.code()}`", _meaning(error), _where(routes.get(error.code(), [])))
                for error in errors
                if error.status == status
            ),
        )


def _errors(parent: type[Problem]) -> Iterator[type[Problem]]:
    for error in parent.__subclasses__():
        yield error
        yield from _errors(error)


def _meaning(error: type[Problem]) -> str:
    """What it says, and what to do about it if that is not what the status says."""
    message = " ".join((error.__doc__ or "").split())
    advice = next((advice for end, advice in _BY_CODE if error.code().endswith(end)), "")
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
