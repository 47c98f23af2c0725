"""What goes over a live connection, in both directions."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field, ValidationError

from gencharge.core.errors import Problem
from gencharge.core.http.web import Body, Out, to_json
from gencharge.live.changes import ID, Position
from gencharge.live.clients import Message
from gencharge.live.errors import FrameInvalid

HEARTBEAT_SECONDS: Final = 20.0


class TokenFrame(Body):
    """What a client sends: an access token, at first and before the one before it runs out."""

    token: str = Field(min_length=1, max_length=4_096)
    last_id: str | None = Field(default=None, pattern=ID.pattern)


class Welcome(Out):
    """The first message: the connection is signed in. `id` is null while Redis is away."""

    type: Literal["welcome"] = "welcome"
    id: str | None
    token_expires_in_seconds: int
    heartbeat_seconds: int = int(HEARTBEAT_SECONDS)


class TokenTaken(Out):
    """A fresh token was accepted."""

    type: Literal["token"] = "token"
    token_expires_in_seconds: int


class Heartbeat(Out):
    """Nothing happened, and all up to `id` was sent."""

    type: Literal["heartbeat"] = "heartbeat"
    id: str | None


class Reset(Out):
    """What was missed is not stored any more: read the lists and the balance again."""

    type: Literal["reset"] = "reset"
    id: str


class NotificationMessage(Out):
    """A new notice, as `GET /v1/notifications` has it, and how many are unread."""

    type: Literal["notification"] = "notification"
    id: str
    notification: Any
    unread_count: int


class BalanceMessage(Out):
    """My wallet, as `GET /v1/wallet` answers it."""

    type: Literal["balance"] = "balance"
    id: str
    wallet: Any


class RechargeMessage(Out):
    """A recharge, as `GET /v1/recharge/{recharge_id}` answers it."""

    type: Literal["recharge"] = "recharge"
    id: str
    recharge_id: UUID
    recharge: Any


class End(Out):
    """The connection ends now: why, as a problem's code and text, and in how many seconds to come back."""

    type: Literal["end"] = "end"
    code: str
    detail: str
    reconnect_after_seconds: float | None


def message_of(out: Out, position: Position | None = None) -> Message:
    """The message of an object whose `type` names it."""
    return Message(str(out.__dict__["type"]), to_json(out).decode(), position)


def end_of(problem: Problem, reconnect_after_seconds: float | None) -> Message:
    """The last message of a connection."""
    return message_of(
        End(
            code=problem.code(),
            detail=problem.detail,
            reconnect_after_seconds=reconnect_after_seconds,
        )
    )


def frame_of(text: str) -> TokenFrame:
    """What a client sent. Raises FrameInvalid."""
    try:
        return TokenFrame.model_validate(orjson.loads(text))
    except (orjson.JSONDecodeError, ValidationError):
        raise FrameInvalid from None
