"""The operators' HTTP API, as one client for all channels (the protocol is in docs/SANDBOX.md).

Every outcome of a call becomes an `Answer`; an operator's behaviour never raises. Few outcomes prove that an operator
has not started: a refused connection, or an answer that rejects the request itself. A time-out, a broken connection,
a 5xx and an unreadable answer prove nothing.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import httpx
import orjson

from gencharge.channels.answers import Answer, BillAnswer, BillVerdict, Submission, Verdict
from gencharge.channels.bill_answers import read_bill
from gencharge.channels.routing import Channel
from gencharge.channels.signing import Direction, Message, secret_of, sign
from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.http.http_pool import Line, LineBusy
from gencharge.core.http.pinned import AddressRefused, PinnedTransport, Resolver
from gencharge.core.settings import Settings
from gencharge.core.tls import tls
from gencharge.core.tracing import spans
from gencharge.core.values import clock
from gencharge.core.values.text import printable

TIMEOUT_SECONDS: Final = 8.0
CONNECT_SECONDS: Final = 2.0
# Concurrent calls to a channel in one process: a slow operator delays only itself.
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

    def __init__(
        self,
        settings: Settings,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`transport` takes the place of the network, for operators in this process."""
        self._transport = transport
        self._settings = settings
        self._timeout_seconds = timeout_seconds
        self._timeout = httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS, pool=timeout_seconds)
        self._reach = Reach.of(settings, settings.operator_allow_private)
        self._resolver = Resolver()
        # By code and address: another address gets connections of its own.
        self._lines: dict[tuple[str, str], Line] = {}

    async def close(self) -> None:
        """Close all connections."""
        for line in self._lines.values():
            await line.close()
        self._resolver.close()

    async def submit(self, channel: Channel, submission: Submission) -> Answer:
        """Ask for a recharge. It is idempotent: the operator delivers a reference once."""
        fields: dict[str, object] = {
            "reference": submission.reference,
            "operator": submission.operator,
            "phone_number": _ten_digits(submission.phone_number),
            "plan_code": submission.plan_id,
            "amount_paise": submission.amount_paise,
        }
        if submission.bill_reference is not None:
            del fields["plan_code"]
            fields["bill_reference"] = submission.bill_reference
        return await self._ask(channel, "POST", "/recharges", orjson.dumps(fields))

    async def status(self, channel: Channel, reference: str) -> Answer:
        """Ask for the outcome of a submission."""
        return await self._ask(channel, "GET", f"/recharges/{reference}", b"")

    async def fetch_bill(self, channel: Channel, operator: str, phone_number: str) -> BillAnswer:
        """Ask for the bill of a postpaid number. It changes nothing at the operator."""
        path = "/bills/fetch"
        body = orjson.dumps({"operator": operator, "phone_number": _ten_digits(phone_number)})
        try:
            with spans.call(*_span_of(channel, "POST", path)) as span:
                async with asyncio.timeout(self._timeout_seconds):
                    status, document = await self._call(
                        channel, "POST", path, body, max_bytes=MAX_ANSWER_BYTES
                    )
                spans.answered(span, status)
        except (httpx.HTTPError, LineBusy, AddressRefused, ValueError, TimeoutError) as error:
            return BillAnswer(BillVerdict.AWAY, reason=type(error).__name__)
        return read_bill(status, document)

    async def fetch(self, channel: Channel, path: str) -> object:
        """A JSON document of the channel, such as `/statement?date=2026-11-20`. Raises httpx.HTTPError, ValueError."""
        with spans.call(*_span_of(channel, "GET", path)) as span:
            status, document = await self._call(channel, "GET", path, b"", max_bytes=MAX_DOCUMENT_BYTES)
            spans.answered(span, status)
        if status != 200:
            raise ValueError(f"{channel.code} answered {status} to {path}")
        return document

    async def _ask(self, channel: Channel, method: str, path: str, body: bytes) -> Answer:
        try:
            # The limit covers the whole call: an answer that drips in byte by byte never hits the time-out of one read.
            with spans.call(*_span_of(channel, method, path)) as span:
                async with asyncio.timeout(self._timeout_seconds):
                    status, document = await self._call(
                        channel, method, path, body, max_bytes=MAX_ANSWER_BYTES
                    )
                spans.answered(span, status)
        except (LineBusy, AddressRefused, httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Answer(Verdict.NOT_SENT, reason=type(error).__name__)
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            return Answer(Verdict.UNKNOWN, reason=type(error).__name__)
        return read(status, document, submitting=method == "POST")

    async def _call(
        self, channel: Channel, method: str, path: str, body: bytes, *, max_bytes: int
    ) -> tuple[int, object]:
        try:
            check_url(channel.url, self._reach)  # the settings may have become stricter since it was stored
        except ValueError as problem:
            raise AddressRefused(str(problem)) from None
        url = httpx.URL(channel.url + path)
        secrets = secrets_for(
            self._settings,
            channel.code,
            Direction.REQUESTS,
            channel.secret_version,
            channel.previous_secret_until,
        )
        headers = sign(secrets, Message(channel.code, method, url.raw_path.decode("ascii"), body))
        if body:
            headers["Content-Type"] = "application/json"
        async with (
            self._line(channel).client(patience_seconds=self._timeout_seconds / 2) as client,
            client.stream(method, url, content=body, headers=headers) as answer,
        ):
            received = bytearray()
            async for part in answer.aiter_bytes():
                received += part
                if len(received) > max_bytes:
                    raise ValueError("the answer is too long")
            return answer.status_code, _parse(bytes(received))

    def _line(self, channel: Channel) -> Line:
        key = channel.code, channel.url
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self._make, at_a_time=CALLS_AT_A_TIME)
        return line

    def _make(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=CALLS_AT_A_TIME)
        # No redirects, no proxy from the environment: only the address that an admin entered is called.
        return httpx.AsyncClient(
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=False,
            transport=self._transport
            or PinnedTransport(self._reach, self._resolver, verify=tls(), limits=limits),
        )


def _ten_digits(phone_number: str) -> str:
    """The number as operators write it."""
    return phone_number.removeprefix("+91")


def _span_of(channel: Channel, method: str, path: str) -> tuple[str, dict[str, spans.Value]]:
    return spans.name_of_call(method, "operator", path), {"gencharge.channel": channel.code}


def secrets_for(
    settings: Settings, code: str, direction: Direction, version: int, previous_until: datetime | None
) -> list[str]:
    """The secrets of a channel in one direction that count now, the present one first."""
    masters = [settings.operator_api_secret]
    if settings.operator_previous_api_secret is not None:
        masters.append(settings.operator_previous_api_secret)
    versions = [version]
    if previous_until is not None and version > 1 and clock.now() < previous_until:
        versions.append(version - 1)
    return [
        secret_of(master.get_secret_value(), code, direction, number)
        for master in masters
        for number in versions
    ]


def _parse(received: bytes) -> object:
    try:
        document: object = orjson.loads(received)
    except orjson.JSONDecodeError:
        return None
    return document


def read(status: int, document: object, *, submitting: bool) -> Answer:
    """Decode an operator's answer. With `submitting`, a rejected request proves that nothing was started."""
    fields: dict[str, object] = document if isinstance(document, dict) else {}
    reference = fields.get("operator_reference")
    operator_reference = printable(reference)[:100] if isinstance(reference, str) else None
    cause = fields.get("reason") or fields.get("error")
    reason = printable(cause)[:200] if isinstance(cause, str) else ""
    if status == 200 or status == 202:
        verdict = _STATUSES.get(str(fields.get("status")), Verdict.UNKNOWN)
        return Answer(
            verdict, operator_reference, reason or ("" if verdict is not Verdict.UNKNOWN else "unreadable")
        )
    if status == 404 and not submitting and fields.get("status") == "unknown_reference":
        return Answer(Verdict.NOT_KNOWN, reason="unknown_reference")
    if submitting and status in {401, 403, 429}:
        # Rejected before any work. A rejected status question says nothing about the recharge.
        return Answer(Verdict.NOT_SENT, reason=reason or f"http_{status}")
    if submitting and status in {400, 422} and fields.get("error"):
        return Answer(Verdict.REFUSED, reason=reason)
    return Answer(Verdict.UNKNOWN, operator_reference, reason or f"http_{status}")
