"""The form for visitors: its limits, and its trap, which nobody sees."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from gencharge.contact import form_service
from gencharge.core.errors import RateLimited
from gencharge.core.http.limit_classes import SentForms
from gencharge.core.http.limits import Buckets
from gencharge.core.values.ids import new_id
from tests.make.contact import detail, visit
from tests.make.staff_client import StaffClient


@pytest.mark.parametrize("trap", [{"website": "https://spam.example"}, {"age_seconds": 1.0}])
async def test_what_a_program_sends_is_answered_alike_and_kept_as_spam(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, trap: dict[str, object]
) -> None:
    person, program = await visit(client, app), await visit(client, app, **trap)
    assert person.status_code == program.status_code == 201
    assert person.json().keys() == program.json().keys()
    assert (await detail(staff, person.json()["enquiry_id"]))["status"] == "open"
    assert (await detail(staff, program.json()["enquiry_id"]))["status"] == "spam"
    listed = await staff.ask_json("GET", "/contact/admin?limit=100")
    ids = {item["enquiry_id"] for item in listed["items"]}
    assert person.json()["enquiry_id"] in ids
    assert program.json()["enquiry_id"] not in ids


async def test_a_form_of_the_day_before_is_to_be_loaded_again(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    answer = await visit(client, app, age_seconds=25 * 3600)
    assert (answer.status_code, answer.json()["code"]) == (422, "contact_form_invalid")
    assert answer.json()["errors"][0]["field"] == "body.form_token"


async def test_a_repeated_request_gets_the_first_answer_also_in_the_trap(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    for trap in ({}, {"website": "x"}):
        own = {"key": str(new_id()), "email": "twice@example.com", **trap}
        first, second = await visit(client, app, **own), await visit(client, app, **own)
        assert first.json() == second.json()
        assert second.headers["Idempotent-Replayed"] == "true"
        other = await visit(client, app, **own | {"message": "Something else"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_two_visitors_with_one_key_send_two_enquiries(app: FastAPI, client: httpx.AsyncClient) -> None:
    key = str(new_id())
    first, second = await visit(client, app, key=key), await visit(client, app, key=key)
    assert first.json()["enquiry_id"] != second.json()["enquiry_id"]


def test_a_sender_and_an_address_have_a_limit_each() -> None:
    limits = SentForms(Buckets(), "forms", per_sender=2, per_address=3)
    form_service.check_limits(limits, "asha", "203.0.113.1")
    form_service.check_limits(limits, "asha", "203.0.113.2")
    with pytest.raises(RateLimited) as refused:
        form_service.check_limits(limits, "asha", "203.0.113.3")
    assert int(refused.value.headers["Retry-After"]) > 600
    form_service.check_limits(limits, "ravi", "203.0.113.1")
    form_service.check_limits(limits, "meera", "203.0.113.1")
    with pytest.raises(RateLimited):
        form_service.check_limits(limits, "anil", "203.0.113.1")


async def test_the_application_limits_a_sender(app: FastAPI, client: httpx.AsyncClient) -> None:
    unlimited = app.state.contact_forms
    app.state.contact_forms = SentForms(Buckets(), "forms", per_sender=1, per_address=100)
    try:
        answers = [await visit(client, app, email="often@example.com") for _ in range(2)]
    finally:
        app.state.contact_forms = unlimited
    assert [answer.status_code for answer in answers] == [201, 429]
    assert answers[1].json()["code"] == "rate_limited"
