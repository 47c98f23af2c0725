"""What a call may raise: a refusal of the API, or no answer at all."""

from __future__ import annotations

from typing import Any

import httpx


class GenChargeError(Exception):
    """Anything that this package raises about a call."""


class ApiError(GenChargeError):
    """The API refused. `code` says why, for a program; `detail` says it for a person.

    `problem` is the whole problem document (RFC 9457), with what a code adds: `possible`, `limit`, `recharge_id`.
    """

    def __init__(self, response: httpx.Response) -> None:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        self.problem: dict[str, Any] = problem if isinstance(problem, dict) else {}
        self.status = response.status_code
        self.code = str(self.problem.get("code", f"http_{self.status}"))
        self.detail = str(self.problem.get("detail", response.reason_phrase))
        self.request_id = self.problem.get("request_id") or response.headers.get("x-request-id")
        fields = self.problem.get("errors") or ()
        self.fields: dict[str, str] = {
            str(one.get("field")): str(one.get("message")) for one in fields if isinstance(one, dict)
        }
        wrong = "".join(f"; {name}: {message}" for name, message in self.fields.items())
        super().__init__(f"{self.status} {self.code}: {self.detail}{wrong}")


class NoAnswer(GenChargeError):
    """No answer came, however often it was tried. What was asked for may have happened.

    Send the same again with `idempotency_key`, if it is not None: it happens once, and you get its answer.
    """

    def __init__(self, cause: httpx.TransportError, idempotency_key: str | None) -> None:
        self.idempotency_key = idempotency_key
        hint = f" (Idempotency-Key {idempotency_key})" if idempotency_key else ""
        super().__init__(f"no answer: {cause or type(cause).__name__}{hint}")


class SignatureInvalid(GenChargeError):
    """A webhook message that GenCharge did not sign, or that is too old."""
