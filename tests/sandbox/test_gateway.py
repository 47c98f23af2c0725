"""The gateway half: Razorpay's shapes, its refusals, its money, its webhooks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import KEY_SECRET, WEBHOOK_SECRET, Received, Site, mac


def test_an_order_has_razorpays_shape_and_is_found_by_its_receipt(site: Site) -> None:
    order = site.order(receipt="topup-1", notes={"user": "u1"})
    assert order.pop("id").startswith("order_")
    assert isinstance(order.pop("created_at"), int)
    assert order == {
        "entity": "order",
        "amount": 19900,
        "amount_paid": 0,
        "amount_due": 19900,
        "currency": "INR",
        "receipt": "topup-1",
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": {"user": "u1"},
    }
    again = site.order(receipt="topup-1")  # The real one is not idempotent either.
    collection = site.gateway("GET", "/v1/orders?receipt=topup-1")
    assert (collection["entity"], collection["count"]) == ("collection", 2)
    assert collection["items"][0]["id"] == again["id"]
    assert site.gateway("GET", "/v1/orders?receipt=other")["items"] == []
    assert site.gateway("GET", f"/v1/orders/{again['id']}")["notes"] == []


@pytest.mark.parametrize("auth", [None, ("rzp_test_of_the_tests", "wrong"), ("", "")])
def test_without_the_key_everything_is_401(site: Site, auth: Any) -> None:
    answer = httpx.post(f"{site.base}/v1/orders", json={}, auth=auth)
    assert answer.status_code == 401
    assert answer.json()["error"]["description"] == "Authentication failed"


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"amount": 99}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": 199.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"receipt": "x" * 41}, "receipt"),
        ({"receipt": 7}, "receipt"),
        ({"notes": {str(number): "" for number in range(16)}}, "notes"),
        ({"notes": {"a": "x" * 513}}, "notes"),
        ({"token": {}}, "customer_id"),
    ],
)
def test_a_wrong_field_of_an_order_is_named(site: Site, overrides: dict[str, Any], field: str) -> None:
    assert (
        site.refused("POST", "/v1/orders", {"amount": 100, "currency": "INR", **overrides})["field"] == field
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/orders/order_x"),
        ("GET", "/v1/orders/order_x/payments"),
        ("GET", "/v1/payments/pay_x"),
        ("POST", "/v1/payments/pay_x/capture"),
        ("POST", "/v1/payments/pay_x/refund"),
        ("GET", "/v1/payments/pay_x/refunds"),
        ("GET", "/v1/refunds/rfnd_x"),
        ("GET", "/v1/customers/cust_x/tokens"),
        ("DELETE", "/v1/customers/cust_x/tokens/token_x"),
    ],
)
def test_an_unknown_id_is_a_bad_request_as_at_razorpay(site: Site, method: str, path: str) -> None:
    assert site.refused(method, path)["description"] == "The id provided does not exist"


def test_an_unknown_path_and_a_body_that_is_no_object_are_errors_in_the_same_shape(site: Site) -> None:
    assert site.ask("GET", "/v1/nothing").json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert site.refused("POST", "/v1/orders", [1])["description"] == "The request body is not a JSON object."


@pytest.mark.parametrize("method", ["upi", "card", "netbanking"])
def test_a_payment_is_authorized_captured_and_announced_in_order(site: Site, method: str) -> None:
    order = site.order(receipt="r-1")
    handed = site.pay(order["id"], method=method)
    text = f"{order['id']}|{handed['razorpay_payment_id']}".encode()
    assert handed["razorpay_signature"] == mac(KEY_SECRET, text)

    payment = site.gateway("GET", f"/v1/payments/{handed['razorpay_payment_id']}")
    assert (payment["status"], payment["captured"], payment["amount_refunded"]) == ("captured", True, 0)
    assert (payment["fee"], payment["tax"]) == ((0, 0) if method == "upi" else (470, 72))
    assert payment["method"] == method
    after = site.gateway("GET", f"/v1/orders/{order['id']}")
    assert (after["status"], after["amount_paid"], after["amount_due"], after["attempts"]) == (
        "paid",
        19900,
        0,
        1,
    )
    assert site.gateway("GET", f"/v1/orders/{order['id']}/payments")["items"] == [payment]

    authorized, captured, paid = site.receiver.wait(3)
    assert site.receiver.names() == ["payment.authorized", "payment.captured", "order.paid"]
    for notice in (authorized, captured, paid):
        assert notice.path == "/webhooks"
        assert notice.headers["x-razorpay-signature"] == mac(WEBHOOK_SECRET, notice.raw)
        assert notice.headers["content-type"] == "application/json"
    assert len({notice.headers["x-razorpay-event-id"] for notice in (authorized, captured, paid)}) == 3
    assert set(captured.body) == {"entity", "account_id", "event", "contains", "payload", "created_at"}
    assert captured.body["payload"] == {"payment": {"entity": payment}}
    assert authorized.body["payload"]["payment"]["entity"]["status"] == "authorized"
    assert paid.body["contains"] == ["payment", "order"]
    assert paid.body["payload"]["order"]["entity"]["amount_paid"] == 19900


def test_a_failed_payment_leaves_the_order_open_for_the_next_try(site: Site) -> None:
    order = site.order()
    handed = site.pay(order["id"], "fail")
    assert "razorpay_signature" not in handed
    payment = site.gateway("GET", f"/v1/payments/{handed['razorpay_payment_id']}")
    assert (payment["status"], payment["error_code"], payment["error_reason"]) == (
        "failed",
        "BAD_REQUEST_ERROR",
        "payment_failed",
    )
    assert site.gateway("GET", f"/v1/orders/{order['id']}")["status"] == "attempted"
    assert site.receiver.wait(1)[0].name == "payment.failed"
    site.pay(order["id"])
    assert site.gateway("GET", f"/v1/orders/{order['id']}")["attempts"] == 2
    assert site.control("POST", f"/sandbox/orders/{order['id']}/pay", {}, status=400)["error"][
        "description"
    ] == ("Payment already done for this order.")


def test_a_payment_that_times_out_stays_created_and_says_nothing(site: Site) -> None:
    handed = site.pay(site.order()["id"], "time_out")
    assert handed["error[reason]"] == "payment_pending"
    assert site.gateway("GET", f"/v1/payments/{handed['razorpay_payment_id']}")["status"] == "created"
    assert site.state()["counts"]["notices"] == 0


def test_a_late_success_comes_when_the_clock_is_moved_and_a_second_one_is_not_captured(site: Site) -> None:
    order = site.order()
    late = site.pay(order["id"], "late_success", seconds=3600)["razorpay_payment_id"]
    assert site.gateway("GET", f"/v1/payments/{late}")["status"] == "created"
    site.pay(order["id"])
    site.receiver.wait(3)
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 3601})
    assert site.receiver.wait(4)[3].name == "payment.authorized"
    payment = site.gateway("GET", f"/v1/payments/{late}")
    assert (payment["status"], payment["captured"]) == ("authorized", False)
    assert "is paid already" in site.refused("POST", f"/v1/payments/{late}/capture", CAPTURE)["description"]


CAPTURE = {"amount": 19900, "currency": "INR"}


@pytest.mark.parametrize("manual", [{"payment_capture": 0}, {"payment": {"capture": "manual"}}])
def test_a_payment_of_an_order_without_capture_waits_for_it(site: Site, manual: dict[str, Any]) -> None:
    payment = site.pay(site.order(**manual)["id"])["razorpay_payment_id"]
    assert site.refused("POST", f"/v1/payments/{payment}/refund")["description"].startswith(
        "The payment status"
    )
    assert (
        site.refused("POST", f"/v1/payments/{payment}/capture", {**CAPTURE, "amount": 19901})["field"]
        == "amount"
    )
    assert site.gateway("POST", f"/v1/payments/{payment}/capture", CAPTURE)["status"] == "captured"
    site.receiver.wait(3)
    assert site.receiver.names() == ["payment.authorized", "payment.captured", "order.paid"]
    again = site.refused("POST", f"/v1/payments/{payment}/capture", CAPTURE)
    assert again["description"] == "This payment has already been captured"


def refund_notices(site: Site, total: int, refund: str) -> list[Received]:
    """Of `total` notices those about one refund; notices about different things come side by side."""
    notices = [notice for notice in site.receiver.wait(total) if notice.name.startswith("refund.")]
    return [notice for notice in notices if notice.body["payload"]["refund"]["entity"]["id"] == refund]


def test_refunds_are_partial_or_full_and_never_above_what_was_captured(site: Site) -> None:
    payment = site.paid()
    path = f"/v1/payments/{payment}/refund"
    first = site.gateway("POST", path, {"amount": 9900, "receipt": "back-1", "notes": {"why": "test"}})
    assert set(first) == {
        "id",
        "entity",
        "amount",
        "currency",
        "payment_id",
        "notes",
        "receipt",
        "acquirer_data",
        "created_at",
        "batch_id",
        "status",
        "speed_processed",
        "speed_requested",
    }
    assert (first["status"], first["speed_processed"]) == ("processed", "normal")
    shown = site.gateway("GET", f"/v1/payments/{payment}")
    assert (shown["status"], shown["refund_status"], shown["amount_refunded"]) == (
        "captured",
        "partial",
        9900,
    )
    assert site.refused("POST", path, {"amount": 10001})["field"] == "amount"
    assert site.refused("POST", path, {"amount": 50})["field"] == "amount"
    assert site.refused("POST", path, {"amount": 100, "speed": "warp"})["field"] == "speed"
    rest = site.gateway("POST", path, {"speed": "optimum"})
    assert (rest["amount"], rest["speed_processed"]) == (10000, "instant")
    shown = site.gateway("GET", f"/v1/payments/{payment}")
    assert (shown["status"], shown["refund_status"]) == ("refunded", "full")
    assert site.refused("POST", path)["description"] == "The payment has been fully refunded already"
    assert site.gateway("GET", f"/v1/payments/{payment}/refunds")["count"] == 2
    assert site.gateway("GET", f"/v1/refunds/{first['id']}") == first
    notices = refund_notices(site, 7, first["id"])
    assert [notice.name for notice in notices] == ["refund.created", "refund.processed"]
    assert notices[0].body["contains"] == ["refund", "payment"]
    assert notices[0].body["payload"]["refund"]["entity"]["status"] == "pending"


def test_a_repeated_refund_refunds_once_by_key_or_by_receipt(site: Site) -> None:
    payment = site.paid()
    path, body = f"/v1/payments/{payment}/refund", {"amount": 5000, "receipt": "once"}
    key = {"X-Refund-Idempotency": "0193f2-once-and-only"}
    with ThreadPoolExecutor(20) as threads:
        refunds = list(threads.map(lambda _: site.gateway("POST", path, body, headers=key)["id"], range(20)))
    assert len(set(refunds)) == 1
    assert site.refused("POST", path, body)["field"] == "receipt"
    other = site.refused("POST", path, {"amount": 100}, headers=key)
    assert other["description"].startswith("Different request with the same idempotency key")
    assert (
        "at least 10"
        in site.refused("POST", path, body, headers={"X-Refund-Idempotency": "short"})["description"]
    )
    assert site.gateway("GET", f"/v1/payments/{payment}")["amount_refunded"] == 5000


def test_racing_refunds_never_give_back_more_than_there_is(site: Site) -> None:
    payment = site.paid(10000)
    with ThreadPoolExecutor(20) as threads:
        path = f"/v1/payments/{payment}/refund"
        codes = list(threads.map(lambda _: site.ask("POST", path, {"amount": 3000}).status_code, range(20)))
    assert sorted(codes) == [200] * 3 + [400] * 17
    assert site.gateway("GET", f"/v1/payments/{payment}")["amount_refunded"] == 9000


def test_a_refund_may_fail_late_and_gives_the_payment_its_amount_back(site: Site) -> None:
    payment = site.paid()
    site.script("gateway", "refund", "late_failure", seconds=60)
    refund = site.gateway("POST", f"/v1/payments/{payment}/refund", {"amount": 5000})
    assert refund["status"] == "pending"
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 60})
    assert [n.name for n in refund_notices(site, 5, refund["id"])] == ["refund.created", "refund.failed"]
    assert site.gateway("GET", f"/v1/refunds/{refund['id']}")["status"] == "failed"
    shown = site.gateway("GET", f"/v1/payments/{payment}")
    assert (shown["amount_refunded"], shown["refund_status"]) == (0, None)


def test_a_mandate_is_registered_charged_up_to_its_maximum_and_cancelled(site: Site) -> None:
    person = {"name": "Asha", "email": "asha@example.com", "contact": "+919000001001"}
    customer = site.gateway("POST", "/v1/customers", person)["id"]
    assert "already exists" in site.refused("POST", "/v1/customers", person)["description"]
    assert site.gateway("POST", "/v1/customers", {**person, "fail_existing": "0"})["id"] == customer
    first = site.order(
        100, customer_id=customer, method="upi", token={"max_amount": 50000, "frequency": "monthly"}
    )
    assert first["token"]["max_amount"] == 50000
    paid = site.pay(first["id"])["razorpay_payment_id"]
    (token,) = site.gateway("GET", f"/v1/customers/{customer}/tokens")["items"]
    assert (token["recurring"], token["recurring_details"]["status"]) == (True, "confirmed")
    assert site.gateway("GET", f"/v1/payments/{paid}")["token_id"] == token["id"]
    assert "token.confirmed" in [n.name for n in site.receiver.wait(4)]

    def charge(amount: int, *, body_amount: int | None = None, **fields: Any) -> tuple[str, dict[str, Any]]:
        order = site.order(amount)["id"]
        body = {
            "amount": body_amount or amount,
            "currency": "INR",
            "order_id": order,
            "recurring": "1",
            **person,
        }
        return "/v1/payments/create/recurring", {
            **body,
            "customer_id": customer,
            "token": token["id"],
            **fields,
        }

    done = site.gateway("POST", *charge(19900))
    text = f"{done['razorpay_order_id']}|{done['razorpay_payment_id']}".encode()
    assert done["razorpay_signature"] == mac(KEY_SECRET, text)
    assert site.gateway("GET", f"/v1/payments/{done['razorpay_payment_id']}")["status"] == "captured"
    assert site.refused("POST", *charge(50001))["field"] == "amount"
    assert site.refused("POST", *charge(19900, body_amount=20000))["field"] == "amount"
    assert site.refused("POST", *charge(19900, token=None))["field"] == "token"
    assert site.gateway("DELETE", f"/v1/customers/{customer}/tokens/{token['id']}") == {"deleted": True}
    assert site.refused("POST", *charge(19900))["field"] == "token"
    assert site.gateway("GET", f"/v1/customers/{customer}/tokens/{token['id']}")["recurring"] is False


def test_the_settlement_report_has_a_row_for_each_payment_and_refund_of_the_day_in_india(site: Site) -> None:
    card = site.paid(100_000, method="card")
    refund = site.gateway("POST", f"/v1/payments/{card}/refund", {"amount": 30_000})["id"]
    site.pay(site.order()["id"], "fail")
    day = datetime.now(UTC) + timedelta(hours=5, minutes=30)
    path = f"/v1/settlements/recon/combined?year={day.year}&month={day.month}"
    report = site.gateway("GET", f"{path}&day={day.day}")
    assert report == site.gateway("GET", path)
    payment, back = report["items"]
    assert {
        name: payment[name] for name in ("entity_id", "type", "credit", "debit", "amount", "fee", "tax")
    } == {
        "entity_id": card,
        "type": "payment",
        "amount": 100_000,
        "fee": 2360,
        "tax": 360,
        "credit": 97_640,
        "debit": 0,
    }
    assert (back["entity_id"], back["payment_id"], back["debit"], back["status"]) == (
        refund,
        card,
        30_000,
        "processed",
    )
    assert site.gateway("GET", f"{path}&count=1&skip=1")["items"] == [back]
    assert site.gateway("GET", "/v1/settlements/recon/combined?year=2020&month=2&day=29")["count"] == 0
    for wrong in ("", "?year=2021&month=2&day=29", "?year=2021", "?year=2021&month=13", "?year=x&month=1"):
        site.refused("GET", f"/v1/settlements/recon/combined{wrong}")
