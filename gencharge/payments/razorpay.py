"""Razorpay's HTTP API, which `gencharge sandbox` implements, too.

Only few answers prove that nothing was done: a connection that was refused, a request that was rejected before it was read
(401, 403, 429), or a 400 with Razorpay's own error object. A time-out, a broken connection, a redirect, a 5xx and an
unreadable answer prove nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import orjson

from gencharge.core.http.http_pool import Line, LineBusy
from gencharge.core.settings import Settings
from gencharge.core.tls import tls
from gencharge.core.tracing import spans
from gencharge.payments import razorpay_replies as replies
from gencharge.payments.gateway import (
    CallNotSent,
    CallRefused,
    CallUnknown,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    Mandate,
    MandateRequest,
    StatementRow,
)
from gencharge.payments.razorpay_replies import Json

T = TypeVar("T")
CONNECT_SECONDS: Final = 2.0
CALLS_AT_A_TIME: Final = 32
MAX_ANSWER_BYTES: Final = 256_000
MAX_STATEMENT_BYTES: Final = 8_000_000
STATEMENT_SECONDS: Final = 60.0
STATEMENT_ROWS: Final = 1_000
_NOTE_CHARACTERS: Final = 512
_REJECTED: Final = frozenset({401, 403, 429})


class Razorpay:
    """The adapter. One per process; close it."""

    name: str = "razorpay"
    transport: httpx.AsyncBaseTransport | None = None  # for a gateway in this process

    def __init__(self, settings: Settings, *, timeout_seconds: float | None = None) -> None:
        self.key_id = settings.payment_key_id
        self._secret = settings.payment_key_secret.get_secret_value()
        self._timeout_seconds = timeout_seconds or settings.payment_timeout_seconds
        connect = min(CONNECT_SECONDS, self._timeout_seconds)
        # No redirects, no proxy from the environment: the gateway is the address in the settings.
        self._line = Line(
            lambda: httpx.AsyncClient(
                base_url=settings.payment_gateway_url.rstrip("/") + "/v1",
                auth=httpx.BasicAuth(self.key_id, self._secret),
                timeout=httpx.Timeout(self._timeout_seconds, connect=connect),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=CALLS_AT_A_TIME),
                follow_redirects=False,
                trust_env=False,
                verify=tls(),
                transport=self.transport,
            ),
            at_a_time=CALLS_AT_A_TIME,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    def is_checkout(self, order_id: str, gateway_payment_id: str, signature: str) -> bool:
        """Whether the checkout's signature is genuine: HMAC-SHA256 of `order|payment` with the key's secret."""
        message = f"{order_id}|{gateway_payment_id}".encode()
        genuine = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        return hmac.compare_digest(genuine.encode(), signature.encode())

    async def create_order(
        self,
        *,
        receipt: str,
        amount: int,
        currency: str,
        notes: Mapping[str, str] = MappingProxyType({}),
        mandate: MandateRequest | None = None,
    ) -> GatewayOrder:
        """`POST /orders`, captured automatically when it is paid."""
        body: dict[str, object] = {
            "amount": amount,
            "currency": currency,
            "receipt": receipt,
            "payment": {"capture": "automatic"},
        }
        if notes:
            # Razorpay's limit; a longer note would refuse the order.
            body["notes"] = {name: text[:_NOTE_CHARACTERS] for name, text in notes.items()}
        if mandate is not None:
            token = {"max_amount": mandate.max_amount, "expire_at": mandate.expires_at}
            body |= {"customer_id": mandate.customer_id, "token": token | {"frequency": "as_presented"}}
        return await self.ask("POST", "/orders", replies.order, body)

    async def find_orders(self, receipt: str) -> Sequence[GatewayOrder]:
        """`GET /orders?receipt=`."""
        orders = await self.ask(
            "GET", f"/orders?receipt={_part(receipt)}&count=100", replies.each(replies.order)
        )
        return [order for order in orders if order.receipt == receipt]

    async def fetch_order_payments(self, order_id: str) -> Sequence[GatewayPayment]:
        """`GET /orders/{id}/payments`."""
        return await self.ask("GET", f"/orders/{_part(order_id)}/payments", replies.each(replies.payment))

    async def fetch_payment(self, gateway_payment_id: str) -> GatewayPayment:
        """`GET /payments/{id}`."""
        return await self.ask("GET", f"/payments/{_part(gateway_payment_id)}", replies.payment)

    async def capture(self, gateway_payment_id: str, *, amount: int, currency: str) -> GatewayPayment:
        """`POST /payments/{id}/capture`."""
        body = {"amount": amount, "currency": currency}
        return await self.ask("POST", f"/payments/{_part(gateway_payment_id)}/capture", replies.payment, body)

    async def refund(self, gateway_payment_id: str, *, receipt: str, amount: int) -> GatewayRefund:
        """`POST /payments/{id}/refund`; the receipt is the idempotency key, too."""
        body = {"amount": amount, "receipt": receipt, "speed": "normal"}
        path = f"/payments/{_part(gateway_payment_id)}/refund"
        return await self.ask("POST", path, replies.refund, body, headers={"X-Refund-Idempotency": receipt})

    async def fetch_refund(self, gateway_refund_id: str) -> GatewayRefund:
        """`GET /refunds/{id}`."""
        return await self.ask("GET", f"/refunds/{_part(gateway_refund_id)}", replies.refund)

    async def fetch_refunds(self, gateway_payment_id: str) -> Sequence[GatewayRefund]:
        """`GET /payments/{id}/refunds`."""
        return await self.ask(
            "GET", f"/payments/{_part(gateway_payment_id)}/refunds?count=100", replies.each(replies.refund)
        )

    async def create_customer(self, *, name: str, contact: str, email: str | None) -> str:
        """`POST /customers`; a known one is returned."""
        body = {"name": name[:50], "contact": contact, "email": email, "fail_existing": "0"}
        return await self.ask("POST", "/customers", lambda reply: replies.text(reply, "id"), body)

    async def fetch_mandates(self, customer_id: str) -> Sequence[Mandate]:
        """`GET /customers/{id}/tokens`."""
        return await self.ask("GET", f"/customers/{_part(customer_id)}/tokens", replies.each(replies.mandate))

    async def cancel_mandate(self, customer_id: str, token_id: str) -> None:
        """`DELETE /customers/{id}/tokens/{id}`."""
        path = f"/customers/{_part(customer_id)}/tokens/{_part(token_id)}"
        await self.ask("DELETE", path, lambda reply: reply.get("deleted"))

    async def charge_mandate(
        self, *, order_id: str, amount: int, currency: str, customer_id: str, token_id: str, contact: str
    ) -> str:
        """`POST /payments/create/recurring`."""
        body = {
            "order_id": order_id,
            "amount": amount,
            "currency": currency,
            "customer_id": customer_id,
            "token": token_id,
            "contact": contact,
            "recurring": "1",
        }
        path = "/payments/create/recurring"
        return await self.ask("POST", path, lambda reply: replies.text(reply, "razorpay_payment_id"), body)

    async def statement(self, day: date) -> Sequence[StatementRow]:
        """`GET /settlements/recon/combined`, page by page. A gateway that sends a page twice would never end: CallUnknown."""
        rows: list[StatementRow] = []
        while True:
            where = f"year={day.year}&month={day.month}&day={day.day}&count={STATEMENT_ROWS}&skip={len(rows)}"
            page = await self.ask(
                "GET",
                f"/settlements/recon/combined?{where}",
                replies.each(replies.statement_row),
                max_bytes=MAX_STATEMENT_BYTES,
                seconds=STATEMENT_SECONDS,
            )
            if page and page[0] in rows:
                raise CallUnknown("repeated_page")
            rows += page
            if len(page) < STATEMENT_ROWS:
                return rows

    async def ask(
        self,
        method: str,
        path: str,
        read: Callable[[Json], T],
        body: Json | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
        seconds: float | None = None,
    ) -> T:
        """A call of any route of the API; `read` reads its answer. Raises CallRefused, CallNotSent, CallUnknown."""
        try:
            # For the whole call: an answer that drips in byte by byte never hits the time-out of a single read.
            with spans.call(spans.name_of_call(method, "gateway", path), {}) as span:
                async with asyncio.timeout(seconds or self._timeout_seconds):
                    status, reply = await self._call(method, path, body, headers or {}, max_bytes)
                spans.answered(span, status)
        except (LineBusy, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallNotSent(type(error).__name__) from None
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            raise CallUnknown(type(error).__name__) from None
        if status == 200:
            try:
                return read(replies.json_object(reply))
            except (KeyError, ValueError):
                raise CallUnknown("unreadable") from None
        raise _failure(status, reply)

    async def _call(
        self, method: str, path: str, body: Json | None, headers: Mapping[str, str], max_bytes: int
    ) -> tuple[int, object]:
        content = None if body is None else orjson.dumps(body)
        sent = {**headers, "Accept": "application/json"}
        if content is not None:
            sent["Content-Type"] = "application/json"
        async with (
            self._line.client(patience_seconds=self._timeout_seconds / 2) as client,
            client.stream(method, path, content=content, headers=sent) as answer,
        ):
            received = bytearray()
            async for part in answer.aiter_bytes():
                received += part
                if len(received) > max_bytes:
                    raise ValueError("the answer is too long")
        try:
            return answer.status_code, orjson.loads(bytes(received))
        except orjson.JSONDecodeError:
            return answer.status_code, None


def _failure(status: int, reply: object) -> CallRefused | CallNotSent | CallUnknown:
    error = reply.get("error") if isinstance(reply, dict) else None
    error = error if isinstance(error, dict) else {}
    reason = replies.maybe_text(error, "description") or f"http_{status}"
    if status in _REJECTED:
        return CallNotSent(reason)
    if status == 400 and error.get("code") == "BAD_REQUEST_ERROR":
        return CallRefused(reason)
    return CallUnknown(reason)


def _part(value: str) -> str:
    return quote(value, safe="")
