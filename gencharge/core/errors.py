"""What can go wrong, and how it looks on the wire (RFC 9457, `application/problem+json`).

The class name is the wire code, the docstring is the message, the parent is the status:

    Problem 500
    ├── BadRequest 400
    ├── Unauthorized 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── RequestTimeout 408
    ├── Conflict 409
    ├── PreconditionFailed 412
    ├── TooLarge 413
    ├── Invalid 422
    ├── TooManyRequests 429
    ├── HeadersTooLarge 431
    └── Unavailable 503

Routes never catch these; `core.web` renders them, in the caller's language. The message is in English here; a message with
values is `worded("At most {limit} of them.", limit=5)`, and each has a line in the room's `texts/hi.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

from gencharge.core.wording import ENGLISH, Worded, in_language, translated, worded

# The pages about errors (`api.error_pages`), at the host that answers (RFC 9457, 3.1.1: resolved like a link).
ERROR_TYPE_BASE = "/errors/"


class FieldProblem(TypedDict):
    """One wrong field: where it is (`body.amount`), what would be right, and a stable code."""

    field: str
    message: str
    code: str


class Problem(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[FieldProblem] | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.detail = detail or self.title()
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(self.detail)

    @classmethod
    def code(cls) -> str:
        """`InsufficientBalance` -> `insufficient_balance`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]

    def body(self, request_id: str, trace_id: str = "", language: str = ENGLISH) -> dict[str, Any]:
        """The members of the problem document. `trace_id`: empty if nothing is traced. Codes are the same in each language."""
        document: dict[str, Any] = {
            "type": ERROR_TYPE_BASE + self.code().replace("_", "-"),
            "title": self.title(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code(),
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = self.errors
        if trace_id:
            document["trace_id"] = trace_id
        document |= self.extra
        return document if language == ENGLISH else self._translated(document, language)

    def _translated(self, document: dict[str, Any], language: str) -> dict[str, Any]:
        document["title"] = in_language(self.title(), language)
        document["detail"] = in_language(self.detail, language)
        if self.errors:
            document["errors"] = [
                {**each, "message": in_language(each["message"], language)} for each in self.errors
            ]
        for name, value in self.extra.items():
            document[name] = translated(value, language)
        return document


class BadRequest(Problem):
    """The request is malformed."""

    status = 400


class HostNotAllowed(BadRequest):
    """This server does not answer for this host. The setting ALLOWED_HOSTS names those that it answers for."""


class Unauthorized(Problem):
    """Sign in to continue."""

    status = 401

    def __init__(self, detail: str | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        # RFC 6750 section 3: a protected resource answers 401 with the scheme that it wants.
        self.headers.setdefault("WWW-Authenticate", "Bearer")


class MetricsTokenInvalid(Unauthorized):
    """Send METRICS_TOKEN as the bearer token."""


class Forbidden(Problem):
    """You don't have access to this."""

    status = 403


class DevelopmentOnly(Forbidden):
    """This is a development installation: it answers on this machine only."""


class NotFound(Problem):
    """There is nothing at this address."""

    status = 404


class MethodNotAllowed(Problem):
    """This method is not allowed at this address."""

    status = 405


class RequestTimeout(Problem):
    """The request took too long to arrive."""

    status = 408


class Conflict(Problem):
    """The current state does not allow this."""

    status = 409


class PreconditionFailed(Problem):
    """The object is not in the state that the request names."""

    status = 412


class TooLarge(Problem):
    """The request body is too large."""

    status = 413


class Invalid(Problem):
    """A field is not valid."""

    status = 422


def _in_words(seconds: int) -> Worded:
    """A waiting time, rounded up: `40 seconds`, `1 minute`, `59 minutes`, `3 hours`."""
    if seconds < 60:
        return worded("1 second") if seconds == 1 else worded("{count} seconds", count=seconds)
    minutes = -(-seconds // 60)
    if minutes > 90:
        return worded("{count} hours", count=-(-minutes // 60))
    return worded("1 minute") if minutes == 1 else worded("{count} minutes", count=minutes)


class TooManyRequests(Problem):
    """Too many requests."""

    status = 429

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int, **options: Any) -> None:
        """`detail` is completed by how long to wait, because many people never see a header."""
        seconds = max(1, retry_after_seconds)
        what = detail or self.title()
        super().__init__(
            worded(
                "{what} Try again in {time}.",
                what=what if isinstance(what, Worded) else Worded(what),
                time=_in_words(seconds),
            ),
            **options,
        )
        self.headers["Retry-After"] = str(seconds)


class RateLimited(TooManyRequests):
    """You have made too many requests."""


class TooManyConnections(TooManyRequests):
    """There are too many connections from your address."""


class HeadersTooLarge(Problem):
    """The address and the headers of the request are too large: at most 128 headers and 32 KB."""

    status = 431


class Unavailable(Problem):
    """The service is temporarily unavailable. Try again soon."""

    status = 503
    retry_after_seconds: ClassVar[int] = 2

    def __init__(self, detail: str | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        self.headers.setdefault("Retry-After", str(self.retry_after_seconds))


class DatabaseUnavailable(Unavailable):
    """The service is temporarily unavailable. Nothing was changed; try again soon."""


class DocumentsUnavailable(Unavailable):
    """This part of the service is temporarily unavailable. Try again soon."""


class SignInUnavailable(Unavailable):
    """Signing in is temporarily unavailable. If you are already signed in, you can carry on."""


class ServerBusy(Unavailable):
    """The server is busy. Try again in a moment."""


class ServerRestarting(Unavailable):
    """The server is restarting. Try again; with the same Idempotency-Key, nothing is done twice."""


class Maintenance(Unavailable):
    """The service is closed for maintenance. Try again in a minute; with the same Idempotency-Key, nothing is done twice."""

    retry_after_seconds = 60


class InternalError(Problem):
    """Something went wrong on our side. Quote the request id if you contact support."""


class ValidationFailed(Invalid):
    """One or more fields are not valid."""


class MalformedJson(BadRequest):
    """The body is not valid JSON."""


class IdempotencyKeyRequired(BadRequest):
    """Send an Idempotency-Key header of 1 to 255 visible characters, with a new key for each payment."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was already used for a different request."""


class ReferenceAlreadyUsed(Conflict):
    """This reference already names another one of yours. Nothing was charged."""


class IdempotencyInProgress(Conflict):
    """A request with this Idempotency-Key is still in progress. Try again in a moment."""


def field_problem(field: str, message: str, code: str = "invalid") -> FieldProblem:
    """One entry of a problem's `errors`."""
    return {"field": field, "message": message, "code": code}
