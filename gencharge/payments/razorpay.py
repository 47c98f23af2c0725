"""Razorpay's HTTP API, and that of whoever speaks it (`gencharge sandbox` does).

What proves that nothing was done is narrow on purpose: a connection that was refused, a request that was turned away at
the door (401, 403, 429), or a 400 with Razorpay's own error object. A time-out, a broken connection, a redirect, a 5xx and
an answer that nobody can read prove nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar
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
CONNECT_SECONDS: Final = 2.0
CALLS_AT_A_TIME: Final = 32
MAX_ANSWER_BYTES: Final = 256_000
MAX_STATEMENT_BYTES: Final = 8_000_000
STATEMENT_SECONDS: Final = 60.0
STATEMENT_ROWS: Final = 1_000
_TURNED_AWAY: Final = frozenset({401, 403, 429})


class Razorpay:
    """The adapter. One per process; close it."""

    name: str = "razorpay"

    def __init__(self, settings: Settings, *, timeout_seconds: float | None = None) -> None:
        self.key_id = settings.payment_key_id
        self._secret = settings.payment_key_secret.get_secret_value()
        self._timeout_seconds = timeout_seconds or settings.payment_timeout_seconds
        # No redirects, no proxy from the environment: the gateway is the address in the settings.
        self._line = Line(
            lambda: httpx.AsyncClient(
                base_url=settings.payment_gateway_url.rstrip("/") + "/v1",
                auth=httpx.BasicAuth(self.key_id, self._secret),
                timeout=httpx.Timeout(
                    self._timeout_seconds, connect=min(CONNECT_SECONDS, self._timeout_seconds)
                ),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=CALLS_AT_A_TIME),
                follow_redirects=False,
                trust_env=False,
                verify=tls(),
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
        self, *, receipt: str, amount: int, currency: str, mandate: tuple[str, int] | None = None
    ) -> GatewayOrder:
        """`POST /orders`, captured by itself when it is paid."""
        body: dict[str, Any] = {
            "amount": amount,
            "currency": currency,
            "receipt": receipt,
            "payment": {"capture": "automatic"},
        }
        if mandate is not None:
            body |= {"customer_id": mandate[0], "token": {"max_amount": mandate[1]}}
        return await self._ask("POST", "/orders", _order, body)

    async def find_orders(self, receipt: str) -> Sequence[GatewayOrder]:
        """`GET /orders?receipt=`."""
        found = await self._ask("GET", f"/orders?receipt={_part(receipt)}&count=100", _each(_order))
        return [order for order in found if order.receipt == receipt]

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
        """`POST /customers`; a known one is given back."""
        body = {"name": name[:50], "contact": contact, "email": email, "fail_existing": "0"}
        return await self._ask("POST", "/customers", lambda said: _text(said, "id"), body)

    async def fetch_mandates(self, customer_id: str) -> Sequence[Mandate]:
        """`GET /customers/{id}/tokens`."""
        return await self._ask("GET", f"/customers/{_part(customer_id)}/tokens", _each(_mandate))

    async def cancel_mandate(self, customer_id: str, token_id: str) -> None:
        """`DELETE /customers/{id}/tokens/{id}`."""
        path = f"/customers/{_part(customer_id)}/tokens/{_part(token_id)}"
        await self._ask("DELETE", path, lambda said: said.get("deleted"))

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
        return await self._ask("POST", path, lambda said: _text(said, "razorpay_payment_id"), body)

    async def statement(self, day: date) -> Sequence[StatementRow]:
        """`GET /settlements/recon/combined`, page by page."""
        rows: list[StatementRow] = []
        while True:
            where = f"year={day.year}&month={day.month}&day={day.day}&count={STATEMENT_ROWS}&skip={len(rows)}"
            page = await self._ask(
                "GET",
                f"/settlements/recon/combined?{where}",
                _each(_statement_row),
                most=MAX_STATEMENT_BYTES,
                seconds=STATEMENT_SECONDS,
            )
            rows += page
            if len(page) < STATEMENT_ROWS:
                return rows

    async def _ask(
        self,
        method: str,
        path: str,
        read: Callable[[Mapping[str, Any]], T],
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        most: int = MAX_ANSWER_BYTES,
        seconds: float | None = None,
    ) -> T:
        try:
            # Over all: an answer that drips in byte by byte never meets the time-out of a single read.
            async with asyncio.timeout(seconds or self._timeout_seconds):
                status, said = await self._call(method, path, body, headers or {}, most)
        except (LineBusy, httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise CallNotSent(type(error).__name__) from None
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            raise CallUnknown(type(error).__name__) from None
        if status == 200:
            try:
                return read(said)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise CallUnknown("unreadable") from None
        raise _failure(status, said)

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], most: int
    ) -> tuple[int, Any]:
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
                if len(received) > most:
                    raise ValueError("the answer is too long")
        try:
            return answer.status_code, orjson.loads(bytes(received))
        except orjson.JSONDecodeError:
            return answer.status_code, None


def _failure(status: int, said: Any) -> CallRefused | CallNotSent | CallUnknown:
    error = said.get("error") if isinstance(said, dict) else None
    words = error.get("description") if isinstance(error, dict) else None
    reason = words[:200] if isinstance(words, str) and words else f"http_{status}"
    if status in _TURNED_AWAY:
        return CallNotSent(reason)
    if status == 400 and isinstance(error, dict) and error.get("code") == "BAD_REQUEST_ERROR":
        return CallRefused(reason)
    return CallUnknown(reason)


def _part(value: str) -> str:
    return quote(value, safe="")


def _each(read: Callable[[Mapping[str, Any]], T]) -> Callable[[Mapping[str, Any]], list[T]]:
    return lambda said: [read(item) for item in said["items"]]


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str) or not value or len(value) > 200:
        raise ValueError(name)
    return value


def _maybe_text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value[:200] if isinstance(value, str) else ""


def _paise(said: Mapping[str, Any], name: str) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(name)
    return value


def _order(said: Mapping[str, Any]) -> GatewayOrder:
    return GatewayOrder(
        order_id=_text(said, "id"),
        amount=_paise(said, "amount"),
        currency=_text(said, "currency"),
        receipt=_maybe_text(said, "receipt"),
        status=_text(said, "status"),
    )


def _payment(said: Mapping[str, Any]) -> GatewayPayment:
    return GatewayPayment(
        gateway_payment_id=_text(said, "id"),
        order_id=_text(said, "order_id"),
        amount=_paise(said, "amount"),
        currency=_text(said, "currency"),
        status=_text(said, "status"),
        amount_refunded=said.get("amount_refunded") or 0,
        method=_maybe_text(said, "method"),
        error_reason=_maybe_text(said, "error_reason") or _maybe_text(said, "error_code"),
    )


def _refund(said: Mapping[str, Any]) -> GatewayRefund:
    return GatewayRefund(
        gateway_refund_id=_text(said, "id"),
        gateway_payment_id=_text(said, "payment_id"),
        amount=_paise(said, "amount"),
        currency=_text(said, "currency"),
        receipt=_maybe_text(said, "receipt"),
        status=_text(said, "status"),
    )


def _mandate(said: Mapping[str, Any]) -> Mandate:
    expires = said.get("expired_at")
    return Mandate(
        token_id=_text(said, "id"),
        customer_id=_text(said, "customer_id"),
        method=_maybe_text(said, "method"),
        status=_text(said["recurring_details"], "status"),
        max_amount=_paise(said, "max_amount"),
        expires_at=expires if isinstance(expires, int) else None,
    )


def _statement_row(said: Mapping[str, Any]) -> StatementRow:
    return StatementRow(
        kind=_text(said, "type"),
        entity_id=_text(said, "entity_id"),
        payment_id=_maybe_text(said, "payment_id") or None,
        order_id=_maybe_text(said, "order_id") or None,
        order_receipt=_maybe_text(said, "order_receipt") or None,
        amount=_paise(said, "amount"),
        currency=_text(said, "currency"),
        credit=_paise(said, "credit"),
        debit=_paise(said, "debit"),
        fee=_paise(said, "fee"),
        tax=_paise(said, "tax"),
        settled_at=_paise(said, "settled_at"),
    )
