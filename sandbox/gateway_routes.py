"""Razorpay's routes under `/v1`: HTTP Basic with the key, JSON in, an entity or an error object out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, scripts, signing, statements
from sandbox import gateway_mandates as mandates
from sandbox import gateway_payments as payments
from sandbox import gateway_payouts as payouts
from sandbox import gateway_refunds as refunds
from sandbox import gateway_wire as wire
from sandbox.faults import Refusal
from sandbox.parts import Sandbox
from sandbox.scripts import GATEWAY, Script


@dataclass(frozen=True, slots=True)
class Work:
    """What a request asks for: `act` does it, and gets the script that is about the outcome, if there is one."""

    act: Callable[[Script | None], Mapping[str, Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    first: bool = True  # not a repetition


Prepare = Callable[[Sandbox, Request, Mapping[str, Any]], Work]
Handler = Callable[[Request], Awaitable[Response]]


def _serve(operation: str, prepare: Prepare) -> Handler:
    async def handle(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        raw = await request.body()
        try:
            _authenticate(sandbox, request)
            work = prepare(sandbox, request, _body(raw))
        except Refusal as refusal:
            return refusal.response
        with sandbox.store.transaction() as db:
            script = scripts.choose(db, GATEWAY, operation, work.facts, first=work.first)

        def act(chosen: Script | None) -> Response:
            try:
                return JSONResponse(dict(work.act(chosen)))
            finally:
                sandbox.courier.wake()

        return await faults.answer(request, sandbox.clock, script, act, wire.by_status)

    return handle


def _authenticate(sandbox: Sandbox, request: Request) -> None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    expected = f"{sandbox.config.key_id}:{sandbox.config.key_secret}"
    if scheme.lower() != "basic" or not signing.is_genuine(expected, pair):
        raise wire.bad_request("Authentication failed", status=401)


def _body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise wire.bad_request("The request body is not a JSON object.")
    return body


def _number(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and minimum <= int(raw) <= maximum):
        raise wire.bad_request(f"The {name} must be between {minimum} and {maximum}.", field=name)
    return int(raw)


def _create_order(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    receipt, amount = body.get("receipt"), body.get("amount")
    times = scripts.count_seen(sandbox.db, GATEWAY, f"order:{receipt}") if receipt else 1
    notes = body.get("notes")
    phone = notes.get("phone_number") if isinstance(notes, dict) else None
    facts = {"amount": amount, "reference": receipt, "phone_number": phone}
    return Work(lambda script: payments.create_order(sandbox, body, script), facts, first=times == 1)


def _list_orders(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    count = _number(request, "count", 10, minimum=1, maximum=100)
    skip = _number(request, "skip", 0, minimum=0, maximum=1_000_000)
    receipt = request.query_params.get("receipt")

    def act(_script: Script | None) -> Mapping[str, Any]:
        rows = sandbox.db.execute(
            "SELECT * FROM orders WHERE :receipt IS NULL OR receipt = :receipt"
            " ORDER BY created_at DESC LIMIT :count OFFSET :skip",
            {"receipt": receipt, "count": count, "skip": skip},
        )
        return wire.collection([wire.order_out(row) for row in rows])

    return Work(act, {"reference": receipt})


def _get_order(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    row = payments.order(sandbox.db, request.path_params["id"])
    return Work(lambda _: wire.order_out(row), payments.facts_of(row))


def _order_payments(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    row = payments.order(sandbox.db, request.path_params["id"])

    def act(_script: Script | None) -> Mapping[str, Any]:
        rows = sandbox.db.execute(
            "SELECT * FROM payments WHERE order_id = ? ORDER BY created_at", (row["id"],)
        )
        return wire.collection([wire.payment_out(payment) for payment in rows])

    return Work(act, payments.facts_of(row))


def _get_payment(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    row = payments.payment(sandbox.db, request.path_params["id"])
    facts = payments.facts_of(payments.order(sandbox.db, row["order_id"]))
    return Work(lambda _: wire.payment_out(row), facts)


def _capture(sandbox: Sandbox, request: Request, body: Mapping[str, Any]) -> Work:
    row = payments.payment(sandbox.db, request.path_params["id"])
    facts = payments.facts_of(payments.order(sandbox.db, row["order_id"]))
    return Work(lambda script: payments.capture(sandbox, row["id"], body, script), facts)


def _refund(sandbox: Sandbox, request: Request, body: Mapping[str, Any]) -> Work:
    row = payments.payment(sandbox.db, request.path_params["id"])
    key = request.headers.get("X-Refund-Idempotency")
    left = row["amount"] - row["amount_refunded"]
    facts = {"amount": body.get("amount", left), "reference": body.get("receipt")}
    return Work(lambda script: refunds.refund(sandbox, row["id"], body, key, script), facts)


def _list_refunds(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    return Work(lambda _: refunds.of_payment(sandbox.db, request.path_params["id"]))


def _get_refund(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    row = refunds.one(sandbox.db, request.path_params["id"])
    return Work(lambda _: wire.refund_out(row), {"amount": row["amount"], "reference": row["receipt"]})


def _create_customer(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    return Work(lambda _: mandates.create_customer(sandbox, body))


def _list_tokens(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    return Work(lambda _: mandates.list_tokens(sandbox.db, request.path_params["id"]))


def _get_token(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    row = mandates.token(sandbox.db, request.path_params["id"], request.path_params["token"])
    return Work(lambda _: wire.token_out(row))


def _delete_token(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    path = request.path_params
    return Work(lambda _: mandates.cancel(sandbox, path["id"], path["token"]))


def _recurring(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    row = payments.order(sandbox.db, str(body.get("order_id")))
    return Work(lambda script: refunds.recurring(sandbox, body, script), payments.facts_of(row))


def _create_contact(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    return Work(lambda _: payouts.create_contact(sandbox, body))


def _create_fund_account(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    return Work(lambda _: payouts.create_fund_account(sandbox, body))


def _check_account(sandbox: Sandbox, _request: Request, body: Mapping[str, Any]) -> Work:
    return Work(lambda _: payouts.validate(sandbox, body))


def _create_payout(sandbox: Sandbox, request: Request, body: Mapping[str, Any]) -> Work:
    key = request.headers.get("X-Payout-Idempotency")
    facts = {"amount": body.get("amount"), "reference": body.get("reference_id")}
    return Work(lambda script: payouts.create(sandbox, body, key, script), facts)


def _list_payouts(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    reference = request.query_params.get("reference_id", "")
    return Work(lambda _: payouts.list_by_reference(sandbox.db, reference), {"reference": reference})


def _get_payout(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    return Work(lambda _: payouts.show(sandbox.db, request.path_params["id"]))


def _recon(sandbox: Sandbox, request: Request, _body: Mapping[str, Any]) -> Work:
    count = _number(request, "count", 10, minimum=1, maximum=1000)
    skip = _number(request, "skip", 0, minimum=0, maximum=10_000_000)
    year = _number(request, "year", 0, minimum=2000, maximum=2200)
    month = _number(request, "month", 0, minimum=1, maximum=12)
    day = _number(request, "day", 0, minimum=1, maximum=31)
    try:
        start, end = statements.month_or_day(year, month, day or None)
    except ValueError:
        raise wire.bad_request("The year and month fields are required, and must be a date.") from None
    return Work(
        lambda _: wire.collection(statements.settlements(sandbox, start, end, count=count, skip=skip))
    )


def _routes(*table: tuple[str, str, str, Prepare]) -> list[Route]:
    return [
        Route(path, _serve(operation, prepare), methods=[method])
        for method, path, operation, prepare in table
    ]


ROUTES = _routes(
    ("POST", "/v1/orders", "order", _create_order),
    ("GET", "/v1/orders", "fetch", _list_orders),
    ("GET", "/v1/orders/{id}", "fetch", _get_order),
    ("GET", "/v1/orders/{id}/payments", "fetch", _order_payments),
    ("POST", "/v1/payments/create/recurring", "recurring", _recurring),
    ("GET", "/v1/payments/{id}", "fetch", _get_payment),
    ("POST", "/v1/payments/{id}/capture", "capture", _capture),
    ("POST", "/v1/payments/{id}/refund", "refund", _refund),
    ("GET", "/v1/payments/{id}/refunds", "fetch", _list_refunds),
    ("GET", "/v1/refunds/{id}", "fetch", _get_refund),
    ("POST", "/v1/customers", "fetch", _create_customer),
    ("GET", "/v1/customers/{id}/tokens", "fetch", _list_tokens),
    ("GET", "/v1/customers/{id}/tokens/{token}", "fetch", _get_token),
    ("DELETE", "/v1/customers/{id}/tokens/{token}", "fetch", _delete_token),
    ("POST", "/v1/contacts", "fetch", _create_contact),
    ("POST", "/v1/fund_accounts", "fetch", _create_fund_account),
    ("POST", "/v1/fund_accounts/validations", "account_check", _check_account),
    ("POST", "/v1/payouts", "payout", _create_payout),
    ("GET", "/v1/payouts", "fetch", _list_payouts),
    ("GET", "/v1/payouts/{id}", "fetch", _get_payout),
    ("GET", "/v1/settlements/recon/combined", "statement", _recon),
)
