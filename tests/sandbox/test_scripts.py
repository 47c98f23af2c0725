"""Everything that can go wrong, over real HTTP: what was done, what was answered, what was announced."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from sandbox import scripts
from tests.sandbox.conftest import WEBHOOK_SECRET, Site, callback_mac, mac, until

IMPATIENT = 0.15  # seconds that a client waits for an answer that never comes


def outcome(site: Site, reference: str = "r1", **more: Any) -> str:
    """What a client sees of a submission: the status, the HTTP status, or the exception."""
    try:
        answer = site.submit(reference, timeout=more.pop("timeout", 5), **more)
        return str(answer.json()["status"]) if answer.status_code == 200 else str(answer.status_code)
    except ValueError:
        return "unreadable"
    except httpx.TransportError as lost:
        return type(lost).__name__


ANSWERS = {
    "time_out_before": (None, "ReadTimeout"),
    "time_out_after": ("success", "ReadTimeout"),
    "server_error_before": (None, "503"),
    "server_error_after": ("success", "502"),
    "lost_connection_before": (None, "lost"),
    "lost_connection_after_accept": ("success", "lost"),
    "garbage": ("success", "unreadable"),
    "huge_body": ("success", "huge"),
    "too_many_requests": (None, "429"),
    "redirect": (None, "302"),
    "drip": ("success", "ReadTimeout"),
    "slow": ("success", "success"),
}


def test_every_script_about_answers_is_in_the_table_above() -> None:
    assert set(ANSWERS) == {
        kind.name for kind in scripts.KINDS.values() if kind.family is scripts.Family.ANSWER
    }


@pytest.mark.parametrize("script", ANSWERS)
@pytest.mark.parametrize("chosen_by", ["control", "amount"])
def test_an_answer_goes_wrong_before_or_after_the_recharge_is_delivered(
    site: Site, script: str, chosen_by: str
) -> None:
    delivered, seen = ANSWERS[script]
    amount = 19900
    if chosen_by == "amount":
        amount += scripts.KINDS[script].ending or 0
        site.control("PUT", "/sandbox/clock", {"speed": 20})  # Amounts bring their own seconds.
    else:
        seconds = 5 if script == "drip" else 0.2
        site.script("jio-a", "submit", script, times=1, seconds=seconds, match={"reference": "r1"})
    patient = 0.03 if script == "drip" else IMPATIENT if script.startswith("time_out") else 5
    if script == "huge_body":
        assert len(site.submit("r1", amount=amount).content) > 10_000_000
    elif seen == "lost":
        assert outcome(site, amount=amount) in {"RemoteProtocolError", "ReadError"}
    else:
        started = time.monotonic()
        assert outcome(site, amount=amount, timeout=patient) == seen
        if script == "slow":
            assert time.monotonic() - started >= 0.1
    # What the status says afterwards, and that a second try gets through and delivers nothing twice.
    until(lambda: "r1" in site.deliveries())
    answer = site.status("r1")
    assert (answer.json()["status"] if answer.status_code == 200 else None) == delivered
    assert outcome(site, amount=amount) == "success"
    delivery = site.deliveries()["r1"]
    assert (delivery["seen"], delivery["accepted"], delivery["delivered"]) == (2, 1, 1)


@pytest.mark.parametrize(("script", "final"), [("late_success", "success"), ("late_failure", "failed")])
def test_a_late_outcome_is_pending_until_its_time(site: Site, script: str, final: str) -> None:
    site.script("jio-a", "submit", script, seconds=3600, reason="number_barred")
    assert outcome(site) == "accepted"
    assert site.status("r1").json()["status"] == "pending"
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})
    assert site.receiver.wait(1)[0].name == final
    status = site.status("r1").json()
    assert (status["status"], status["reason"]) == (final, "number_barred")
    assert site.deliveries()["r1"]["delivered"] == (final == "success")


def test_a_clock_that_runs_faster_brings_late_things_sooner(site: Site) -> None:
    site.script("jio-a", "submit", "late_success", seconds=300)
    site.control("PUT", "/sandbox/clock", {"speed": 3000})
    outcome(site)
    assert site.receiver.wait(1, seconds=3)[0].name == "success"


def test_a_declined_recharge_fails_for_good_under_its_reference(site: Site) -> None:
    site.script("jio-a", "submit", "decline", times=1, reason="number_not_in_service")
    first = site.submit("r1").json()
    assert (first["status"], first["reason"]) == ("failed", "number_not_in_service")
    assert site.submit("r1").json() == first
    assert site.receiver.wait(1)[0].name == "failed"
    assert outcome(site, "r2") == "success"


def test_a_pending_recharge_stays_so(site: Site) -> None:
    assert outcome(site, amount=19933) == "accepted"
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 10**6})
    assert site.status("r1").json()["status"] == "pending"
    assert site.state()["counts"]["later"] == 0


NOTICES = {
    "success_without_callback": [],
    "duplicate_callback": ["success"] * 3,
    "reordered_callbacks": ["success", "pending"],
    "contradicting_callback": ["success", "failed"],
    "wrong_signature": ["success"],
}


@pytest.mark.parametrize("script", NOTICES)
def test_the_operators_callbacks_go_wrong_while_the_status_is_right(site: Site, script: str) -> None:
    site.receiver.answers = [401] if script == "wrong_signature" else []
    assert outcome(site, amount=19900 + (scripts.KINDS[script].ending or 0)) == "accepted"
    assert site.status("r1").json()["status"] == "success"
    received = site.receiver.wait(len(NOTICES[script]))
    until(lambda: all(notice["state"] != "queued" for notice in site.state()["notices"]))
    assert site.receiver.names() == NOTICES[script]
    for notice in received:
        right = notice.headers["x-signature"] == callback_mac(notice, "jio-a", site.receiver.base)
        assert right == (script != "wrong_signature")
    if script == "duplicate_callback":
        assert len({notice.headers["x-event-id"] for notice in received}) == 1


@pytest.mark.parametrize("script", NOTICES)
def test_the_gateways_webhooks_go_wrong_while_the_payment_is_right(site: Site, script: str) -> None:
    usual = ["payment.authorized", "payment.captured", "order.paid"]
    expected = {
        "success_without_callback": [],
        "duplicate_callback": sorted(usual * 3),
        "reordered_callbacks": usual[::-1],
        "contradicting_callback": [*usual, "payment.failed"],
        "wrong_signature": usual,
    }[script]
    paid = site.pay(site.order(19900 + (scripts.KINDS[script].ending or 0))["id"])
    assert paid["status"] == "captured"
    received = site.receiver.wait(len(expected))
    until(lambda: all(notice["state"] != "queued" for notice in site.state()["notices"]))
    names = site.receiver.names()
    assert (sorted(names) if script == "duplicate_callback" else names) == expected
    genuine = [
        notice.headers["x-razorpay-signature"] == mac(WEBHOOK_SECRET, notice.raw) for notice in received
    ]
    assert all(genuine) == (script != "wrong_signature")
    assert len({notice.headers["x-razorpay-event-id"] for notice in received}) == len(set(expected))


def test_a_script_may_be_laid_for_one_webhook_alone(site: Site) -> None:
    site.script("gateway", "webhook", "success_without_callback", match={"event": "payment.captured"})
    site.script("gateway", "webhook", "slow", seconds=3600, match={"event": "payment.authorized"})
    site.paid()
    assert [n.name for n in site.receiver.wait(1)] == ["order.paid"]
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})
    site.receiver.wait(2)
    assert site.receiver.names() == ["order.paid", "payment.authorized"]


def test_a_contradicting_webhook_carries_the_wrong_state_and_the_gateway_the_right_one(site: Site) -> None:
    payment = site.pay(site.order(19923)["id"])["razorpay_payment_id"]
    wrong = site.receiver.wait(4)[3]
    assert wrong.body["payload"]["payment"]["entity"]["status"] == "failed"
    assert site.gateway("GET", f"/v1/payments/{payment}")["status"] == "captured"


GATEWAY_CALLS = ("order", "capture", "refund", "fetch", "statement", "recurring")


@pytest.mark.parametrize("operation", GATEWAY_CALLS)
@pytest.mark.parametrize(
    ("script", "done"), [("lost_connection_before", False), ("lost_connection_after_accept", True)]
)
def test_each_call_of_the_gateway_can_be_lost_before_or_after_it_acted(
    site: Site, operation: str, script: str, done: bool
) -> None:
    payment = site.pay(site.order(payment_capture=0)["id"])["razorpay_payment_id"]
    captured = site.paid()
    customer = site.gateway("POST", "/v1/customers", {"name": "Asha"})["id"]
    site.pay(site.order(100, customer_id=customer, token={})["id"])
    token = site.gateway("GET", f"/v1/customers/{customer}/tokens")["items"][0]["id"]
    money = {"amount": 19900, "currency": "INR"}
    order = site.order()["id"]
    call: tuple[Any, ...] = {
        "order": ("POST", "/v1/orders", {**money, "receipt": "lost"}),
        "capture": ("POST", f"/v1/payments/{payment}/capture", money),
        "refund": ("POST", f"/v1/payments/{captured}/refund", {"amount": 9900}),
        "fetch": ("GET", f"/v1/payments/{captured}"),
        "statement": ("GET", "/v1/settlements/recon/combined?year=2024&month=1"),
        "recurring": (
            "POST",
            "/v1/payments/create/recurring",
            {**money, "order_id": order, "customer_id": customer, "token": token},
        ),
    }[operation]
    site.script("gateway", operation, script, times=1)
    with pytest.raises(httpx.TransportError):
        site.ask(*call)
    calls = {
        "order": site.gateway("GET", "/v1/orders?receipt=lost")["count"] == 1,
        "capture": site.gateway("GET", f"/v1/payments/{payment}")["captured"],
        "refund": site.gateway("GET", f"/v1/payments/{captured}")["amount_refunded"] == 9900,
        "recurring": site.gateway("GET", f"/v1/orders/{order}")["status"] == "paid",
    }
    assert calls.get(operation, done) is done


def test_the_gateways_errors_of_its_own_are_error_objects(site: Site) -> None:
    for script, status, code in (
        ("server_error_before", 503, "SERVER_ERROR"),
        ("server_error_after", 502, "GATEWAY_ERROR"),
        ("too_many_requests", 429, "BAD_REQUEST_ERROR"),
        ("decline", 400, "BAD_REQUEST_ERROR"),
    ):
        site.script("gateway", "order", script, reason="No.")
        answer = site.ask("POST", "/v1/orders", {"amount": 100, "currency": "INR"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert (answer.headers.get("retry-after") is not None) == (status == 429)


@pytest.mark.parametrize(("ending", "status"), [(11, "failed"), (18, "created"), (33, "created")])
def test_an_amounts_paise_choose_the_outcome_of_a_payment(site: Site, ending: int, status: str) -> None:
    assert site.pay(site.order(10000 + ending)["id"])["status"] == status


def test_an_orders_amount_meets_its_script_once_for_each_receipt(site: Site) -> None:
    body = {"amount": 10014, "currency": "INR", "receipt": "r-1"}
    assert [site.ask("POST", "/v1/orders", body).status_code for _ in range(3)] == [503, 200, 200]


def test_scripts_are_used_up_matched_replaced_and_removed(site: Site) -> None:
    site.script("*", "submit", "server_error_before", times=2, match={"phone_number": "9000001001"})
    first = site.script("jio-b", "submit", "decline", match={"amount": 5000})
    assert [outcome(site, f"r{n}") for n in range(3)] == ["503", "503", "success"]
    assert outcome(site, channel="jio-b") == "success"
    assert outcome(site, "r2", channel="jio-b", amount=5000) == "failed"
    second = site.script("jio-b", "submit", "pending", match={"amount": 5000})
    assert first["id"] != second["id"]
    assert outcome(site, "r3", channel="jio-b", amount=5000) == "accepted"
    laid = {script["id"]: script for script in site.state()["scripts"]}
    assert (laid[second["id"]]["times"], laid[second["id"]]["hits"]) == ("forever", 1)
    assert site.control("DELETE", f"/sandbox/scripts/{second['id']}") == {"removed": 1}
    site.script("jio-b", "status", "garbage")
    assert site.control("DELETE", "/sandbox/scripts?target=jio-b&operation=status") == {"removed": 1}
    assert site.control("DELETE", "/sandbox/scripts") == {"removed": 1}


def test_a_share_hits_the_same_references_in_every_run(site: Site) -> None:
    site.script("jio-a", "submit", "decline", share=0.3)
    first = [outcome(site, f"r{n}") for n in range(100)]
    assert 15 <= first.count("failed") <= 45
    site.reset()
    site.script("jio-a", "submit", "decline", share=0.3)
    assert [outcome(site, f"r{n}") for n in range(100)] == first


@pytest.mark.parametrize(
    ("script", "references"),
    [("missing_row", ["r2"]), ("wrong_amount", ["r1", "r2"]), ("extra_row", ["r1", "unknown-r1", "r2"])],
)
def test_a_statement_may_differ_from_what_was_delivered(
    site: Site, script: str, references: list[str]
) -> None:
    site.submit("r1")
    site.submit("r2")
    site.script("jio-a", "statement", script, match={"reference": "r1"})
    items = site.operator("GET", "/jio-a/statement").json()["items"]
    assert [item["reference"] for item in items] == references
    assert (20000 in [item["amount_paise"] for item in items]) == (script == "wrong_amount")
    site.script("jio-a", "statement", "server_error_before")
    assert site.operator("GET", "/jio-a/statement").status_code == 503


def test_the_settlement_report_may_differ_from_the_payments(site: Site) -> None:
    payment = site.pay(site.order(receipt="r-1")["id"])["razorpay_payment_id"]
    now = time.gmtime(time.time() + 19800)
    path = f"/v1/settlements/recon/combined?year={now.tm_year}&month={now.tm_mon}"
    shown = {}
    for script in ("missing_row", "wrong_amount", "extra_row"):
        site.script("gateway", "statement", script, match={"reference": "r-1"})
        shown[script] = [(row["entity_id"], row["amount"]) for row in site.gateway("GET", path)["items"]]
    assert shown == {
        "missing_row": [],
        "wrong_amount": [(payment, 20000)],
        "extra_row": [(payment, 19900), ("pay_NobodyKnowsMe", 19900)],
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("PUT", "/sandbox/scripts", {}, "operation: one of submit"),
        ("PUT", "/sandbox/scripts", {"target": "gateway", "operation": "submit"}, "operation: one of order"),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "a", "operation": "submit", "script": "x"},
            "script: one of decline",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "a", "operation": "status", "script": "decline"},
            "script: status takes",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "gateway", "operation": "order", "script": "pending"},
            "order takes",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "*", "operation": "submit", "script": "slow", "match": {"x": 1}},
            "match",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "*", "operation": "submit", "script": "slow", "times": 0},
            "times: from 1",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "*", "operation": "submit", "script": "slow", "count": 1.5},
            "count: a whole",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "*", "operation": "submit", "script": "slow", "seconds": "2"},
            "seconds: a",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "*", "operation": "submit", "script": "slow", "typo": 1},
            "typo: not known",
        ),
        (
            "PUT",
            "/sandbox/scripts",
            {"target": "a", "operation": "callback", "script": "reordered_callbacks"},
            "script: callback takes",
        ),
        ("PUT", "/sandbox/scripts", [], "body: a JSON object"),
        ("PUT", "/sandbox/clock", {"speed": 0}, "speed: from 0.01"),
        ("PUT", "/sandbox/targets", {"webhook_url": "file:///etc/passwd"}, "webhook_url: an address"),
        ("PUT", "/sandbox/targets", {"back_off_seconds": []}, "back_off_seconds: a list"),
        ("PUT", "/sandbox/operators/jio-a", {"answers": "never"}, "answers: final or accepted"),
        ("PUT", "/sandbox/operators/jio-a", {"callbacks": 1}, "callbacks: true or false"),
        ("POST", "/sandbox/orders/x/pay", {"method": "gold"}, "method: one of upi"),
        ("POST", "/sandbox/orders/x/pay", {"outcome": "wish"}, "outcome: one of succeed"),
    ],
)
def test_a_wrong_control_request_says_what_would_be_right(
    site: Site, method: str, path: str, body: Any, message: str
) -> None:
    assert message in site.control(method, path, body, status=422)["message"]
