"""Idempotency of the POSTs that move money: one key, one effect, one answer.

    @router.post("/refunds", status_code=201, response_model=RefundOut, openapi_extra=idempotency.DOCUMENTED)
    async def refund(admin: Refunder, request: Request, db: Db, body: RefundCreate) -> Response:
        key = idempotency.key_of(request)
        return idempotency.reply(await service.refund(db, admin, body, key=key), status=201)

A service stores the key with `fingerprint(command)`. The same key with another fingerprint is
`IdempotencyKeyReused`; with the same one the first answer is given again, marked by `Idempotent-Replayed: true`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from gencharge.core.errors import IdempotencyKeyRequired, field_problem
from gencharge.core.http.web import reply as plain_reply
from gencharge.core.http.web import to_json

T = TypeVar("T")
REPLAYED: Final = "Idempotent-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """The result of an idempotent command; `replayed` if an earlier call with the same key had produced it."""

    answer: T
    replayed: bool = False


def fingerprint(command: BaseModel | Mapping[str, Any], *about: UUID) -> bytes:
    """SHA-256 of a command and of the ids that it is about but does not name: 32 bytes to compare a repeat with."""
    return hashlib.sha256(b"".join(each.bytes for each in about) + to_json(command)).digest()


def reply(result: Answered[Any], *, status: int) -> Response:
    """The answer in JSON, with `Idempotent-Replayed: true` if it is a repeated one."""
    return plain_reply(result.answer, status=status, headers={REPLAYED: "true"} if result.replayed else None)


def key_of(request: Request) -> str:
    """The request's Idempotency-Key. Raises IdempotencyKeyRequired.

    Read by the route itself, and documented by `openapi_extra=DOCUMENTED`: as a parameter it would cost a tenth of
    a recharge's time.
    """
    for name, value in request.scope["headers"]:
        if name == b"idempotency-key":
            key: str = value.decode("latin-1")
            if _KEY.fullmatch(key):
                return key
            break
    raise IdempotencyKeyRequired(
        errors=[field_problem("header.Idempotency-Key", IdempotencyKeyRequired.title())]
    )


DOCUMENTED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "1 to 255 visible ASCII characters, a new one for each payment; a repeat gets the same answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "example": "5f0c2f2e-1c1c-4a7e-9a51-0a4f6c1f3f10",
        }
    ]
}
