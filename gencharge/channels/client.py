"""The operators' HTTP API, as one client for all channels (the protocol is in docs/SANDBOX.md).

Every way in which a call can end becomes an `Answer`; nothing here raises for what an operator does. What proves that
an operator has not begun anything is narrow on purpose: a connection that was refused, or an answer that turns the
request away by its own words. A time-out, a broken connection, a 5xx and an unreadable answer prove nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import orjson

from gencharge.channels.answers import Answer, Submission, Verdict
from gencharge.channels.routing import Channel
from gencharge.channels.signing import sign
from gencharge.core.http.http_pool import Line, LineBusy, tls
from gencharge.core.settings import Settings

TIMEOUT_SECONDS: Final = 8.0
CONNECT_SECONDS: Final = 2.0
# A channel's calls at a time in one process: a slow operator holds up itself and nobody else.
CALLS_AT_A_TIME: Final = 32
MAX_ANSWER_BYTES: Final = 64_000
MAX_DOCUMENT_BYTES: Final = 32_000_000
_STATUSES: Final = {
    "success": Verdict.DELIVERED,
    "accepted": Verdict.ACCEPTED,
    "pending": Verdict.ACCEPTED,
    "failed": Verdict.REFUSED,
}


class OperatorClient:
    """Calls operators. One per process; close it."""

    def __init__(self, settings: Settings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._secret = settings.operator_api_secret.get_secret_value()
        self._timeout_seconds = timeout_seconds
        self._timeout = httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS, pool=timeout_seconds)
        self._lines: dict[str, Line] = {}

    async def close(self) -> None:
        """Close all connections."""
        for line in self._lines.values():
            await line.close()

    async def submit(self, channel: Channel, what: Submission) -> Answer:
        """Ask for a recharge. The same reference again is the same recharge: the operator does it once."""
        body = orjson.dumps(
            {
                "reference": what.reference,
                "operator": what.operator,
                # The operators' own ten digits.
                "phone_number": what.phone_number.removeprefix("+91"),
                "plan_code": what.plan_id,
                "amount_paise": what.amount_paise,
            }
        )
        return await self._ask(channel, "POST", "/recharges", body)

    async def status(self, channel: Channel, reference: str) -> Answer:
        """What became of a submission."""
        return await self._ask(channel, "GET", f"/recharges/{reference}", b"")

    async def fetch(self, channel: Channel, path: str) -> Any:
        """A document of the channel, such as `/statement?date=2026-11-20`. Raises httpx.HTTPError, ValueError."""
        status, document = await self._call(channel, "GET", path, b"", most=MAX_DOCUMENT_BYTES)
        if status != 200:
            raise ValueError(f"{channel.code} answered {status} to {path}")
        return document

    async def _ask(self, channel: Channel, method: str, path: str, body: bytes) -> Answer:
        try:
            # Over all: an answer that drips in byte by byte never meets the time-out of a single read.
            async with asyncio.timeout(self._timeout_seconds):
                status, document = await self._call(channel, method, path, body, most=MAX_ANSWER_BYTES)
        except (LineBusy, httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Answer(Verdict.NOT_SENT, reason=type(error).__name__)
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            return Answer(Verdict.UNKNOWN, reason=type(error).__name__)
        return read(status, document, submitting=method == "POST")

    async def _call(
        self, channel: Channel, method: str, path: str, body: bytes, *, most: int
    ) -> tuple[int, Any]:
        headers = sign(self._secret, body)
        if body:
            headers["Content-Type"] = "application/json"
        async with (
            self._line(channel).client(patience_seconds=self._timeout_seconds / 2) as client,
            client.stream(method, channel.url + path, content=body, headers=headers) as answer,
        ):
            received = bytearray()
            async for part in answer.aiter_bytes():
                received += part
                if len(received) > most:
                    raise ValueError("the answer is too long")
            return answer.status_code, _parse(bytes(received))

    def _line(self, channel: Channel) -> Line:
        line = self._lines.get(channel.code)
        if line is None:
            line = self._lines[channel.code] = Line(self._make, at_a_time=CALLS_AT_A_TIME)
        return line

    def _make(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=CALLS_AT_A_TIME)
        # No redirects, no proxy from the environment: a channel is the address that an admin wrote down.
        return httpx.AsyncClient(
            timeout=self._timeout, limits=limits, follow_redirects=False, trust_env=False, verify=tls()
        )


def _parse(received: bytes) -> Any:
    try:
        return orjson.loads(received)
    except orjson.JSONDecodeError:
        return None


def read(status: int, document: Any, *, submitting: bool) -> Answer:
    """What an operator's answer (or its callback's body, as 200) says."""
    said = document if isinstance(document, dict) else {}
    reference = said.get("operator_reference")
    operator_reference = reference if isinstance(reference, str) else None
    reason = said.get("reason") or said.get("error") or ""
    reason = reason[:200] if isinstance(reason, str) else ""
    if status == 200 or status == 202:
        verdict = _STATUSES.get(str(said.get("status")), Verdict.UNKNOWN)
        return Answer(
            verdict, operator_reference, reason or ("" if verdict is not Verdict.UNKNOWN else "unreadable")
        )
    if status == 404 and not submitting and said.get("status") == "unknown_reference":
        return Answer(Verdict.NOT_KNOWN, reason="unknown_reference")
    if submitting and status in {401, 403, 429}:
        # Turned away at the door. A status question that is turned away says nothing about the recharge.
        return Answer(Verdict.NOT_SENT, reason=reason or f"http_{status}")
    if submitting and status in {400, 422} and said.get("error"):
        return Answer(Verdict.REFUSED, reason=reason)
    return Answer(Verdict.UNKNOWN, operator_reference, reason or f"http_{status}")
