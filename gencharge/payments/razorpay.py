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

from gencharge.core.http.http_pool import Line, LineBusy, tls
from gencharge.core.settings import Settings
from gencharge.payments.gateway import (
    CallNotSent,
    CallRefused,
    CallUnknown,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    Mandate,
    StatementRow,
)

T = TypeVar("T")
Json = Mapping[str, object]
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
        mandate: tuple[str, int] | None = None,
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
            body |= {"customer_id": mandate[0], "token": {"max_amount": mandate[1]}}
        return await self._ask("POST", "/orders", _order, body)

    async def find_orders(self, receipt: str) -> Sequence[GatewayOrder]:
        """`GET /orders?receipt=`."""
        orders = await self._ask("GET", f"/orders?receipt={_part(receipt)}&count=100", _each(_order))
        return [order for order in orders if order.receipt == receipt]

    async def fetch_order_payments(self, order_id: str) -> Sequence[GatewayPayment]:
        """`GET /orders/{id}/payments`."""
        return await self._ask("GET", f"/orders/{_part(order_id)}/payments", _each(_payment))

    async def fetch_payment(self, gateway_payment_id: str) -> GatewayPayment:
        """`GET /payments/{id}`."""
        return await self._ask("GET", f"/payments/{_part(gateway_payment_id)}", _payment)

    async def capture(self, gateway_payment_id: str, *, amount: int, currency: str) -> GatewayPayment:
        """`POST /payments/{id}/capture`."""
        body = {"amount": amount, "currency": currency}
        return await self._ask("POST", f"/payments/{_part(gateway_payment_id)}/capture", _payment, body)

    async def refund(self, gateway_payment_id: str, *, receipt: str, amount: int) -> GatewayRefund:
        """`POST /payments/{id}/refund`; the receipt is the idempotency key, too."""
        body = {"amount": amount, "receipt": receipt, "speed": "normal"}
        path = f"/payments/{_part(gateway_payment_id)}/refund"
        return await self._ask("POST", path, _refund, body, headers={"X-Refund-Idempotency": receipt})

    async def fetch_refund(self, gateway_refund_id: str) -> GatewayRefund:
        """`GET /refunds/{id}`."""
        return await self._ask("GET", f"/refunds/{_part(gateway_refund_id)}", _refund)

    async def fetch_refunds(self, gateway_payment_id: str) -> Sequence[GatewayRefund]:
        """`GET /payments/{id}/refunds`."""
        return await self._ask(
            "GET", f"/payments/{_part(gateway_payment_id)}/refunds?count=100", _each(_refund)
        )

    async def create_customer(self, *, name: str, contact: str, email: str | None) -> str:
        """`POST /customers`; a known one is returned."""
        body = {"name": name[:50], "contact": contact, "email": email, "fail_existing": "0"}
        return await self._ask("POST", "/customers", lambda reply: _text(reply, "id"), body)

    async def fetch_mandates(self, customer_id: str) -> Sequence[Mandate]:
        """`GET /customers/{id}/tokens`."""
        return await self._ask("GET", f"/customers/{_part(customer_id)}/tokens", _each(_mandate))

    async def cancel_mandate(self, customer_id: str, token_id: str) -> None:
        """`DELETE /customers/{id}/tokens/{id}`."""
        path = f"/customers/{_part(customer_id)}/tokens/{_part(token_id)}"
        await self._ask("DELETE", path, lambda reply: reply.get("deleted"))

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
        return await self._ask("POST", path, lambda reply: _text(reply, "razorpay_payment_id"), body)

    async def statement(self, day: date) -> Sequence[StatementRow]:
        """`GET /settlements/recon/combined`, page by page. A gateway that sends a page twice would never end: CallUnknown."""
        rows: list[StatementRow] = []
        while True:
            where = f"year={day.year}&month={day.month}&day={day.day}&count={STATEMENT_ROWS}&skip={len(rows)}"
            page = await self._ask(
                "GET",
                f"/settlements/recon/combined?{where}",
                _each(_statement_row),
                max_bytes=MAX_STATEMENT_BYTES,
                seconds=STATEMENT_SECONDS,
            )
            if page and page[0] in rows:
                raise CallUnknown("repeated_page")
            rows += page
            if len(page) < STATEMENT_ROWS:
                return rows

    async def _ask(
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
        try:
            # For the whole call: an answer that drips in byte by byte never hits the time-out of a single read.
            async with asyncio.timeout(seconds or self._timeout_seconds):
                status, reply = await self._call(method, path, body, headers or {}, max_bytes)
        except (LineBusy, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallNotSent(type(error).__name__) from None
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            raise CallUnknown(type(error).__name__) from None
        if status == 200:
            try:
                return read(_object(reply))
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
    description = error.get("description")
    reason = description[:200] if isinstance(description, str) and description else f"http_{status}"
    if status in _REJECTED:
        return CallNotSent(reason)
    if status == 400 and error.get("code") == "BAD_REQUEST_ERROR":
        return CallRefused(reason)
    return CallUnknown(reason)


def _part(value: str) -> str:
    return quote(value, safe="")


def _object(value: object) -> Json:
    """A JSON object. Raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _each(read: Callable[[Json], T]) -> Callable[[Json], list[T]]:
    """Reads each object of a list: `{"items": [...]}`."""

    def items(reply: Json) -> list[T]:
        rows = reply["items"]
        if not isinstance(rows, list):
            raise ValueError("items")
        return [read(_object(row)) for row in rows]

    return items


def _text(reply: Json, name: str) -> str:
    value = reply[name]
    if not isinstance(value, str) or not value or len(value) > 200:
        raise ValueError(name)
    return value


def _maybe_text(reply: Json, name: str) -> str:
    value = reply.get(name)
    return value[:200] if isinstance(value, str) else ""


def _paise(reply: Json, name: str) -> int:
    value = reply[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(name)
    return value


def _order(reply: Json) -> GatewayOrder:
    return GatewayOrder(
        order_id=_text(reply, "id"),
        amount=_paise(reply, "amount"),
        currency=_text(reply, "currency"),
        receipt=_maybe_text(reply, "receipt"),
        status=_text(reply, "status"),
    )


def _payment(reply: Json) -> GatewayPayment:
    return GatewayPayment(
        gateway_payment_id=_text(reply, "id"),
        order_id=_text(reply, "order_id"),
        amount=_paise(reply, "amount"),
        currency=_text(reply, "currency"),
        status=_text(reply, "status"),
        amount_refunded=0 if reply.get("amount_refunded") is None else _paise(reply, "amount_refunded"),
        method=_maybe_text(reply, "method"),
        error_reason=_maybe_text(reply, "error_reason") or _maybe_text(reply, "error_code"),
    )


def _refund(reply: Json) -> GatewayRefund:
    return GatewayRefund(
        gateway_refund_id=_text(reply, "id"),
        gateway_payment_id=_text(reply, "payment_id"),
        amount=_paise(reply, "amount"),
        currency=_text(reply, "currency"),
        receipt=_maybe_text(reply, "receipt"),
        status=_text(reply, "status"),
    )


def _mandate(reply: Json) -> Mandate:
    expires = reply.get("expired_at")
    return Mandate(
        token_id=_text(reply, "id"),
        customer_id=_text(reply, "customer_id"),
        method=_maybe_text(reply, "method"),
        status=_text(_object(reply["recurring_details"]), "status"),
        max_amount=_paise(reply, "max_amount"),
        expires_at=expires if isinstance(expires, int) else None,
    )


def _statement_row(reply: Json) -> StatementRow:
    return StatementRow(
        kind=_text(reply, "type"),
        entity_id=_text(reply, "entity_id"),
        payment_id=_maybe_text(reply, "payment_id") or None,
        order_id=_maybe_text(reply, "order_id") or None,
        order_receipt=_maybe_text(reply, "order_receipt") or None,
        amount=_paise(reply, "amount"),
        currency=_text(reply, "currency"),
        credit=_paise(reply, "credit"),
        debit=_paise(reply, "debit"),
        fee=_paise(reply, "fee"),
        tax=_paise(reply, "tax"),
        settled_at=_paise(reply, "settled_at"),
    )
