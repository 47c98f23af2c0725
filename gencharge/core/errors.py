"""What can go wrong, and how it looks on the wire (RFC 9457, `application/problem+json`).

The class name is the wire code, the docstring is the message, the parent is the status:

    Problem 500
    ├── BadRequest 400
    ├── Unauthorized 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── Conflict 409
    ├── TooLarge 413
    ├── Invalid 422
    ├── TooManyRequests 429
    └── Unavailable 503

Routes never catch these; `core.web` renders them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict

ERROR_TYPE_BASE = "https://gencharge.example/errors/"


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

    def body(self, request_id: str) -> dict[str, Any]:
        """The members of the problem document."""
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
        return document | self.extra


class BadRequest(Problem):
    """The request can't be understood."""

    status = 400


class Unauthorized(Problem):
    """Sign in first."""

    status = 401

    def __init__(self, detail: str | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        # RFC 6750 section 3: a protected resource answers 401 with the scheme that it wants.
        self.headers.setdefault("WWW-Authenticate", "Bearer")


class Forbidden(Problem):
    """This isn't allowed for you."""

    status = 403


class NotFound(Problem):
    """There is nothing here."""

    status = 404


class MethodNotAllowed(Problem):
    """This address doesn't take that method."""

    status = 405


class Conflict(Problem):
    """The present state doesn't allow this."""

    status = 409


class TooLarge(Problem):
    """The request's body is too large."""

    status = 413


class Invalid(Problem):
    """A field is wrong."""

    status = 422


class TooManyRequests(Problem):
    """Too many requests; wait and try again."""

    status = 429

    def __init__(self, detail: str | None = None, *, retry_after_seconds: int, **options: Any) -> None:
        super().__init__(detail, **options)
        self.headers["Retry-After"] = str(max(1, retry_after_seconds))


class Unavailable(Problem):
    """A part of the service is not available; try again soon."""

    status = 503
    retry_after_seconds: ClassVar[int] = 2

    def __init__(self, detail: str | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        self.headers.setdefault("Retry-After", str(self.retry_after_seconds))


class DatabaseUnavailable(Unavailable):
    """The database is not available at the moment; nothing was changed. Try again soon."""


class DocumentsUnavailable(Unavailable):
    """The document store is not available at the moment. Try again soon."""


class SignInUnavailable(Unavailable):
    """Signing in is not available at the moment. Those who are signed in can go on."""


class InternalError(Problem):
    """Something went wrong on our side. It has been logged under this request id."""


class ValidationFailed(Invalid):
    """One or more fields are wrong."""


class MalformedJson(BadRequest):
    """The body is not valid JSON."""


class IdempotencyKeyMissing(BadRequest):
    """Send an Idempotency-Key header of 1 to 255 visible characters, a new one for each payment."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used before with another body."""


class IdempotencyInProgress(Conflict):
    """A request with this Idempotency-Key is still running; repeat it in a moment."""


def field_problem(field: str, message: str, code: str = "invalid") -> FieldProblem:
    """One entry of a problem's `errors`."""
    return {"field": field, "message": message, "code": code}
