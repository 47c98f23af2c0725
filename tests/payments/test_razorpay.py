"""The Razorpay adapter against the sandbox: every call's shape, every way in which one can end badly, mandates."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from gencharge.payments.gateway import (
    CallFailed,
    CallNotSent,
    CallRefused,
    CallUnknown,
    MandateRequest,
    StatementRow,
)
from gencharge.payments.razorpay import STATEMENT_ROWS, Razorpay
from tests.make.outside import NOBODY, Outside
from tests.make.payments import (
    IMPATIENT_SECONDS,
    pay,
)

ENDINGS = {
    "decline": CallRefused,
    "time_out_before": CallUnknown,
    "time_out_after": CallUnknown,
    "drip": CallUnknown,
    "server_error_before": CallUnknown,
    "server_error_after": CallUnknown,
    "lost_connection_before": CallUnknown,
    "lost_connection_after_accept": CallUnknown,
    "garbage": CallUnknown,
    "huge_body": CallUnknown,
    "redirect": CallUnknown,
    "too_many_requests": CallNotSent,
}


@pytest.fixture
async def gateway(context: PaymentContext, stores: Stores, outside: Outside) -> AsyncIterator[Razorpay]:
    del context  # it has put the sandbox back to its first start
    settings = stores.settings.model_copy(update={"payment_gateway_url": outside.base})
    client = Razorpay(settings, timeout_seconds=5)
    yield client
    await client.close()


@pytest.fixture
async def impatient_gateway(gateway: Razorpay, stores: Stores, outside: Outside) -> AsyncIterator[Razorpay]:
    settings = stores.settings.model_copy(update={"payment_gateway_url": outside.base})
    client = Razorpay(settings, timeout_seconds=IMPATIENT_SECONDS)
    yield client
    await client.close()


@pytest.mark.parametrize("script", ENDINGS)
async def test_every_ending_of_a_call_is_one_of_three(
    script: str, gateway: Razorpay, impatient_gateway: Razorpay, outside: Outside
) -> None:
    outside.script("gateway", "order", script, times=1)
    chosen = impatient_gateway if ENDINGS[script] is CallUnknown and "body" not in script else gateway
    with pytest.raises(ENDINGS[script]):
        await chosen.create_order(receipt=str(uuid4()), amount=10_000, currency="INR")


async def test_nobody_there_is_not_sent_and_a_wrong_key_is_turned_away(
    stores: Stores, outside: Outside
) -> None:
    for overrides in (
        {"payment_gateway_url": NOBODY},
        {"payment_gateway_url": outside.base, "payment_key_id": "rzp_test_somebody_else"},
    ):
        gateway = Razorpay(stores.settings.model_copy(update=overrides))
        with pytest.raises(CallNotSent) as caught:
            await gateway.fetch_payment("pay_x")
        assert stores.settings.payment_key_secret.get_secret_value() not in repr(caught.value)
        await gateway.close()


async def test_an_id_can_not_lead_to_another_path(gateway: Razorpay) -> None:
    with pytest.raises((CallRefused, CallUnknown)):
        await gateway.fetch_payment("../orders")


async def test_orders_payments_and_refunds_are_read_as_they_are(gateway: Razorpay, outside: Outside) -> None:
    receipt, refund_id = str(uuid4()), str(uuid4())
    order = await gateway.create_order(receipt=receipt, amount=10_000, currency="INR")
    assert await gateway.find_orders(receipt) == [order]
    assert await gateway.find_orders(str(uuid4())) == []
    assert await gateway.fetch_order_payments(order.order_id) == []
    checkout = pay(outside, order.order_id, method="card")
    (payment,) = await gateway.fetch_order_payments(order.order_id)
    assert payment == await gateway.fetch_payment(checkout["razorpay_payment_id"])
    assert (payment.status, payment.amount, payment.method) == ("captured", 10_000, "card")
    assert gateway.is_checkout(order.order_id, payment.gateway_payment_id, checkout["razorpay_signature"])
    assert not gateway.is_checkout(order.order_id, "pay_other", checkout["razorpay_signature"])

    sent = await gateway.refund(payment.gateway_payment_id, receipt=refund_id, amount=4_000)
    again = await gateway.refund(payment.gateway_payment_id, receipt=refund_id, amount=4_000)
    assert again.gateway_refund_id == sent.gateway_refund_id
    assert await gateway.fetch_refund(sent.gateway_refund_id) == again
    assert [each.receipt for each in await gateway.fetch_refunds(payment.gateway_payment_id)] == [refund_id]
    with pytest.raises(CallRefused):
        await gateway.refund(payment.gateway_payment_id, receipt=str(uuid4()), amount=6_001)

    rows = await gateway.statement(clock.now().astimezone(clock.IST).date())
    assert [(row.kind, row.amount, row.credit > 0, row.debit) for row in rows] == [
        ("payment", 10_000, True, 0),
        ("refund", 4_000, False, 4_000),
    ]
    assert rows[0].order_receipt == receipt
    assert rows[0].credit == rows[0].amount - rows[0].fee
    assert rows[1].payment_id == payment.gateway_payment_id


def _row(payment_id: str) -> StatementRow:
    return StatementRow(
        kind="payment",
        entity_id=payment_id,
        payment_id=None,
        order_id=None,
        order_receipt=None,
        amount=100,
        currency="INR",
        credit=98,
        debit=0,
        fee=2,
        tax=0,
        settled_at=1_790_000_000,
    )


async def test_a_gateway_that_sends_the_same_page_again_gives_no_statement_instead_of_an_endless_one(
    gateway: Razorpay, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = [_row(f"pay_{number}") for number in range(STATEMENT_ROWS)]

    async def ignores_skip(*_arguments: object, **_options: object) -> list[StatementRow]:
        return page

    monkeypatch.setattr(gateway, "ask", ignores_skip)
    with pytest.raises(CallUnknown, match="repeated_page"):
        await gateway.statement(clock.now().astimezone(clock.IST).date())


async def test_a_mandate_is_registered_charged_and_cancelled(gateway: Razorpay, outside: Outside) -> None:
    phone = "+919000001234"
    customer = await gateway.create_customer(name="Asha Rao", contact=phone, email="asha@example.com")
    assert await gateway.create_customer(name="Asha", contact=phone, email="asha@example.com") == customer
    first = await gateway.create_order(
        receipt=str(uuid4()),
        amount=100,
        currency="INR",
        mandate=MandateRequest(customer, 50_000, 2_000_000_000),
    )
    pay(outside, first.order_id)
    (mandate,) = await gateway.fetch_mandates(customer)
    assert (mandate.status, mandate.max_amount, mandate.customer_id) == ("confirmed", 50_000, customer)

    async def charge(paise: int) -> str:
        order = await gateway.create_order(receipt=str(uuid4()), amount=paise, currency="INR")
        return await gateway.charge_mandate(
            order_id=order.order_id,
            amount=paise,
            currency="INR",
            customer_id=customer,
            token_id=mandate.token_id,
            contact=phone,
        )

    taken = await gateway.fetch_payment(await charge(29_900))
    assert (taken.status, taken.amount) == ("captured", 29_900)
    with pytest.raises(CallRefused):
        await charge(50_001)
    await gateway.cancel_mandate(customer, mandate.token_id)
    with pytest.raises(CallRefused):
        await charge(29_900)


ORDER = {"id": "order_1", "amount": 100, "currency": "INR", "receipt": "r", "status": "created"}
PAYMENT = {"id": "pay_1", "order_id": "order_1", "amount": 100, "currency": "INR", "status": "captured"}


@contextmanager
def canned_gateway() -> Iterator[CannedGateway]:
    """A gateway on a free port that gives one fixed answer to everything."""
    canned = CannedGateway()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            canned.requests.append(f"{self.command} {self.path}")
            self.send_response(canned.status)
            self.send_header("Content-Length", str(len(canned.body)))
            self.end_headers()
            self.wfile.write(canned.body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    canned.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass(slots=True)
class CannedGateway:
    """What it answers, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    requests: list[str] = field(default_factory=list)


@pytest.fixture
async def answering(stores: Stores) -> AsyncIterator[tuple[Razorpay, CannedGateway]]:
    """An adapter, and the gateway that it talks to."""
    with canned_gateway() as canned:
        adapter = Razorpay(stores.settings.model_copy(update={"payment_gateway_url": canned.url}))
        yield adapter, canned
        await adapter.close()


Answering = tuple[Razorpay, CannedGateway]


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (400, {"error": {"code": "BAD_REQUEST_ERROR", "description": "Too large"}}, CallRefused, "Too large"),
        (400, {"error": {"code": "GATEWAY_ERROR", "description": "Busy"}}, CallUnknown, "Busy"),
        (400, {"error": {"description": ""}}, CallUnknown, "http_400"),
        (400, {"error": "BAD_REQUEST_ERROR"}, CallUnknown, "http_400"),
        (400, ["BAD_REQUEST_ERROR"], CallUnknown, "http_400"),
        (400, None, CallUnknown, "http_400"),
        (401, {"error": {"description": "No key"}}, CallNotSent, "No key"),
        (403, {}, CallNotSent, "http_403"),
        (429, {}, CallNotSent, "http_429"),
        (404, {"error": {"code": "BAD_REQUEST_ERROR"}}, CallUnknown, "http_404"),
        (301, {}, CallUnknown, "http_301"),
        (201, ORDER, CallUnknown, "http_201"),
        (500, {"error": {"code": "BAD_REQUEST_ERROR"}}, CallUnknown, "http_500"),
        (503, {"error": {"description": "x" * 300}}, CallUnknown, "x" * 200),
    ],
)
async def test_only_a_few_answers_prove_that_nothing_was_done(
    answering: Answering, status: int, body: object, kind: type[CallFailed], reason: str
) -> None:
    adapter, canned = answering
    canned.status, canned.body = status, json.dumps(body).encode()
    with pytest.raises(CallFailed) as failed:
        await adapter.create_order(receipt="r", amount=100, currency="INR")
    assert (type(failed.value), failed.value.reason) == (kind, reason)
    assert canned.requests == ["POST /v1/orders"]  # no redirect was followed, nothing was sent again


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ""},
        {"id": "x" * 201},
        {"id": 7},
        {"amount": None},
        {"amount": "100"},
        {"amount": 1.5},
        {"amount": True},
        {"amount": -1},
        {"currency": None},
        {"status": None},
    ],
)
async def test_an_order_that_can_not_be_read_is_unknown_and_not_refused(
    answering: Answering, change: dict[str, object]
) -> None:
    adapter, canned = answering
    canned.body = json.dumps(ORDER | change).encode()
    with pytest.raises(CallUnknown, match="unreadable"):
        await adapter.create_order(receipt="r", amount=100, currency="INR")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b"{", b'{"items": 1}', b'{"items": [1]}', b"{}"])
async def test_a_list_that_is_none_is_unknown(answering: Answering, body: bytes) -> None:
    adapter, canned = answering
    canned.body = body
    with pytest.raises(CallUnknown):
        await adapter.fetch_order_payments("order_1")


@pytest.mark.parametrize(
    ("refunded", "paise"), [({}, 0), ({"amount_refunded": None}, 0), ({"amount_refunded": 40}, 40)]
)
async def test_a_payment_is_read_with_what_was_refunded_of_it(
    answering: Answering, refunded: dict[str, object], paise: int
) -> None:
    adapter, canned = answering
    canned.body = json.dumps({"items": [PAYMENT | refunded]}).encode()
    (payment,) = await adapter.fetch_order_payments("order_1")
    assert (payment.amount, payment.amount_refunded, payment.error_reason) == (100, paise, "")


@pytest.mark.parametrize("refunded", ["40", -1, 1.5, True, [40]])
async def test_a_refunded_amount_that_is_none_is_never_taken_for_nothing(
    answering: Answering, refunded: object
) -> None:
    adapter, canned = answering
    canned.body = json.dumps({"items": [PAYMENT | {"amount_refunded": refunded}]}).encode()
    with pytest.raises(CallUnknown, match="unreadable"):
        await adapter.fetch_order_payments("order_1")


async def test_only_orders_of_the_very_receipt_are_found(answering: Answering) -> None:
    adapter, canned = answering
    canned.body = json.dumps(
        {"items": [ORDER, ORDER | {"receipt": "other"}, ORDER | {"receipt": None}]}
    ).encode()
    assert [order.receipt for order in await adapter.find_orders("r")] == ["r"]
    assert canned.requests == ["GET /v1/orders?receipt=r&count=100"]


async def test_an_id_is_quoted_into_the_path(answering: Answering) -> None:
    adapter, canned = answering
    canned.body = json.dumps(PAYMENT).encode()
    await adapter.fetch_payment("a/../b?c#d")
    assert canned.requests == ["GET /v1/payments/a%2F..%2Fb%3Fc%23d"]
