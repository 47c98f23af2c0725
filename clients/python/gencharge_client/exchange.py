"""One call from its first request to its result, without sending or waiting: the clients do what each step says.

The synchronous and the asynchronous client run the same steps, so they retry and renew tokens in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from gencharge_client.calls import Call
from gencharge_client.errors import ApiError, NoAnswer
from gencharge_client.models import TokensOut
from gencharge_client.retries import Retries

T = TypeVar("T", bound=BaseModel | None)


@dataclass(slots=True)
class Session:
    """Who is signed in. Keep `refresh_token` to go on later."""

    access_token: str | None = None
    refresh_token: str | None = None

    def take(self, tokens: TokensOut) -> None:
        """Go on with these tokens."""
        self.access_token, self.refresh_token = tokens.access_token, tokens.refresh_token


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; the answer to this step is the response or the error of the network."""

    request: httpx.Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Get new tokens, unless another thread or task has already replaced this access token."""

    access_token: str | None


Step = Send | Wait | Renew
Outcome = httpx.Response | httpx.TransportError | None


def exchange(
    call: Call[T], *, http: httpx.Client | httpx.AsyncClient, session: Session, retries: Retries
) -> Generator[Step, Outcome, T]:
    """The steps of a call; returns its answer. Raises ApiError and NoAnswer."""
    attempt, renewed = 1, False
    while True:
        token = session.access_token if call.signed_in else None
        request = _request(call, http, token)
        outcome = yield Send(request)
        if outcome is None:
            raise RuntimeError("a step that sends is answered with the outcome")
        if isinstance(outcome, httpx.Response):
            if outcome.is_success:
                return _read(call, outcome)
            if outcome.status_code == 401 and token and not renewed and session.refresh_token:
                # Nothing has happened yet: the guard refused it.
                renewed = True
                yield Renew(token)
                continue
        seconds = retries.wait(outcome, attempt=attempt, request=request)
        if seconds is None:
            if isinstance(outcome, httpx.Response):
                raise ApiError(outcome)
            raise NoAnswer(outcome, call.key) from outcome
        attempt += 1
        yield Wait(seconds)


def _request(call: Call[Any], http: httpx.Client | httpx.AsyncClient, token: str | None) -> httpx.Request:
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if call.key:
        headers["Idempotency-Key"] = call.key
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        # What was not set is left out: in a PATCH, null means something else.
        content = json.dumps(call.body.model_dump(exclude_unset=True), default=_plain).encode()
    return http.build_request(
        call.method, call.path, params=call.parameters(), headers=headers, content=content
    )


def _plain(value: Any) -> Any:
    """What JSON does not know. Money is a number with the digits of the decimal; raises ValueError if a float can't hold them."""
    if not isinstance(value, Decimal):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError(f"{value} has more digits than money has")
    return number


def _read(call: Call[T], response: httpx.Response) -> T:
    if issubclass(call.answer, BaseModel):
        # From the text itself: a float in between could change an amount.
        return call.answer.model_validate_json(response.content)
    return None  # type: ignore[return-value]
