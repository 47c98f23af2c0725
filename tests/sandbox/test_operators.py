"""The operators' half: signed requests, one delivery for each reference, callbacks, balance and statement."""

from __future__ import annotations

import csv
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gencharge.channels.service import SAMPLE_CHANNELS
from tests.sandbox.conftest import Site, callback_mac, recharge, signed, until


def test_a_recharge_is_delivered_once_answered_and_called_back_with_a_signature(site: Site) -> None:
    answer = site.submit("r1")
    assert answer.status_code == 200
    body = answer.json()
    assert body["operator_reference"].startswith("JIO-")
    assert (body["status"], body["reference"], body["amount_paise"]) == ("success", "r1", 19900)
    assert site.status("r1").json() == body
    (callback,) = site.receiver.wait(1)
    assert callback.path == "/callbacks/jio-a"
    stamp = callback.headers["x-timestamp"]
    assert abs(time.time() - int(stamp)) < 10
    assert callback.headers["x-signature"] == callback_mac(callback, "jio-a", site.receiver.base)
    assert callback.headers["x-event-id"]
    assert callback.body == body


def test_fifty_equal_submissions_at_once_are_delivered_once(site: Site) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: site.submit("same"), range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["operator_reference"] for answer in answers}) == 1
    seen = site.deliveries()["same"]
    assert (seen["seen"], seen["accepted"], seen["delivered"]) == (50, 1, 1)
    site.receiver.wait(1)
    assert site.state()["counts"]["notices"] == 1


def test_the_same_reference_with_another_body_is_a_conflict_and_channels_are_apart(site: Site) -> None:
    site.submit("r1")
    conflict = site.submit("r1", amount=29900)
    assert (conflict.status_code, conflict.json()["error"]) == (409, "reference_conflict")
    assert site.submit("r1", "jio-b", amount=29900).status_code == 200
    assert site.status("r1").json()["amount_paise"] == 19900


def test_an_unknown_reference_says_so(site: Site) -> None:
    answer = site.status("never")
    assert (answer.status_code, answer.json()["status"]) == (404, "unknown_reference")


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"X-Signature": ""}, "bad_signature"),
        ({"X-Timestamp": "0"}, "bad_signature"),
        (signed(recharge("r1"), secret="another"), "bad_signature"),
        (signed(b"another body"), "bad_signature"),
        (signed(recharge("r1"), channel="jio-b"), "bad_signature"),
        (signed(recharge("r1"), "POST /operators/jio-b/recharges"), "bad_signature"),
        (signed(recharge("r1"), "GET /operators/jio-a/recharges"), "bad_signature"),
        (signed(recharge("r1"), direction="callbacks"), "bad_signature"),
        (signed(recharge("r1"), at=time.time() - 100_000), "stale_timestamp"),
        (signed(recharge("r1"), at=time.time() + 100_000), "stale_timestamp"),
    ],
)
def test_a_bad_signature_or_an_old_one_is_401_and_delivers_nothing(
    site: Site, headers: dict[str, str], error: str
) -> None:
    answer = site.submit("r1", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert site.deliveries() == {}


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"amount_paise": 0}, "amount_paise"),
        ({"amount_paise": 199.0}, "amount_paise"),
        ({"amount_paise": True}, "amount_paise"),
        ({"amount_paise": "19900"}, "amount_paise"),
        ({"reference": ""}, "reference"),
        ({"reference": "a b"}, "reference"),
        ({"reference": "x" * 65}, "reference"),
        ({"phone_number": "5000000000"}, "phone_number"),
        ({"phone_number": "९०००००१००१"}, "phone_number"),
        ({"operator": ""}, "operator"),
        ({"plan_code": 5}, "plan_code"),
    ],
)
def test_a_wrong_field_of_a_submission_is_named(site: Site, overrides: dict[str, Any], field: str) -> None:
    raw = json.dumps({**json.loads(recharge("r1")), **overrides}).encode()
    answer = site.operator("POST", "/jio-a/recharges", raw)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_body_that_is_no_json_and_a_name_that_is_no_channel_are_refused(site: Site) -> None:
    assert site.operator("POST", "/jio-a/recharges", b"{").status_code == 400
    assert site.operator("POST", "/jio-a/recharges", b"[]").status_code == 422
    assert site.operator("GET", "/Not!A!Channel/balance").status_code == 404
    assert site.operator("GET", "/jio-a/nothing").json()["error"] == "not_found"


def test_a_channel_may_accept_first_and_deliver_later(site: Site) -> None:
    site.control("PUT", "/sandbox/operators/jio-a", {"answers": "accepted", "settle_seconds": 900})
    assert site.submit("r1").json()["status"] == "accepted"
    assert site.status("r1").json()["status"] == "pending"
    assert site.submit("r1").json()["status"] == "accepted"
    site.control("PUT", "/sandbox/clock", {"advance_seconds": 900})
    assert site.receiver.wait(1)[0].name == "success"
    assert site.submit("r1").json()["status"] == "success"
    assert site.deliveries()["r1"]["delivered"] == 1


@pytest.mark.parametrize(("end", "_title", "_priority", "basis_points"), SAMPLE_CHANNELS)
def test_a_sample_channel_earns_the_commission_that_our_books_expect(
    site: Site, end: str, _title: str, _priority: int, basis_points: int
) -> None:
    channel = f"jio-{end}"
    assert site.submit("r1", channel).status_code == 200
    today = (datetime.now(UTC) + timedelta(hours=5, minutes=30)).date()
    statement = site.operator("GET", f"/{channel}/statement?date={today}").json()
    assert statement["total_commission_paise"] == 19_900 * basis_points // 10_000


def test_the_float_falls_by_amount_less_commission_and_an_empty_one_fails_the_recharge(site: Site) -> None:
    site.control("PUT", "/sandbox/operators/jio-a", {"float_paise": 30_000, "commission_basis_points": 250})
    site.submit("r1")
    left = site.operator("GET", "/jio-a/balance").json()
    assert left == {"channel": "jio-a", "balance_paise": 30_000 - 19_900 + 497, "currency": "INR"}
    refused = site.submit("r2").json()
    assert (refused["status"], refused["reason"]) == ("failed", "insufficient_float")
    assert site.operator("GET", "/jio-a/balance").json() == left
    assert site.deliveries()["r2"]["delivered"] == 0


def test_the_statement_lists_what_was_delivered_on_a_day_in_india_as_json_and_csv(site: Site) -> None:
    site.script("jio-a", "submit", "decline", match={"reference": "bad"})
    for reference in ("r1", "bad", "r2"):
        site.submit(reference)
    today = (datetime.now(UTC) + timedelta(hours=5, minutes=30)).date()
    statement = site.operator("GET", f"/jio-a/statement?date={today}").json()
    assert [item["reference"] for item in statement["items"]] == ["r1", "r2"]
    assert (statement["count"], statement["total_amount_paise"], statement["total_commission_paise"]) == (
        2,
        39800,
        1194,
    )
    assert statement["items"][0]["operator_reference"] == site.status("r1").json()["operator_reference"]
    text = site.operator("GET", f"/jio-a/statement?date={today}&format=csv")
    assert text.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(text.text)))
    assert [(row["reference"], row["amount_paise"], row["commission_paise"]) for row in rows] == [
        ("r1", "19900", "597"),
        ("r2", "19900", "597"),
    ]
    tomorrow = today + timedelta(days=1)
    assert site.operator("GET", f"/jio-a/statement?date={tomorrow}").json()["items"] == []
    assert site.operator("GET", "/jio-a/statement?date=31-12-2024").status_code == 422


def test_a_callback_is_retried_until_it_is_taken_with_a_fresh_time_stamp_and_the_same_id(site: Site) -> None:
    site.receiver.answers = [500, 404, 302]
    site.submit("r1")
    tries = site.receiver.wait(4)
    assert len({notice.headers["x-event-id"] for notice in tries}) == 1
    assert len({notice.raw for notice in tries}) == 1
    until(lambda: site.state()["notices"][0]["state"] == "sent")
    assert site.state()["notices"][0]["attempts"] == 4


def test_a_channel_follows_a_rotation_and_takes_any_of_several_signatures(site: Site) -> None:
    raw = recharge("r1")
    old = signed(raw)
    new = signed(raw, version=2)
    assert site.submit(
        "r1", headers={**new, "X-Signature": f"{new['X-Signature']} {old['X-Signature']}"}
    ).is_success
    assert site.submit("r1", headers=new).status_code == 401
    site.control("PUT", "/sandbox/operators/jio-a", {"secret_version": 2})
    assert site.submit("r1", headers=new).is_success
    assert site.submit("r1", headers=old).status_code == 401
    assert site.status("r1").status_code == 401
    assert site.submit("r2", "jio-b").is_success
