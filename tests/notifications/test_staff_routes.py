"""The texts of notices over HTTP, for the staff."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.notifications import writing_service
from gencharge.notifications.kinds import Draft
from gencharge.notifications.models import Recipient, from_document
from gencharge.notifications.payment_notices import PAYMENT_CAPTURED_TWICE
from gencharge.notifications.registry import KINDS
from gencharge.notifications.template_service import Templates
from gencharge.notifications.writing_service import Entry
from tests.make.factories import know_roles
from tests.make.push import register_both
from tests.make.staff_client import StaffClient
from tests.notifications.conftest import inbox

BASE = "/notifications/admin/templates"
# No other test reads this notice.
PATH = f"{BASE}/payment_captured_twice/en"
TEXTS: dict[str, Any] = {
    "title": "Paid twice",
    "body": "{amount} goes back to you.",
    "email_text": "You paid twice.\n\n{amount} goes back <to> you.",
}


@pytest.fixture
async def staff(app: FastAPI, client: httpx.AsyncClient) -> StaffClient:
    await know_roles(app)
    return await StaffClient.open(app, client)


async def title_of_the_next(stores: Stores) -> str:
    """The title of a notice that is written now."""
    user_id = new_id()
    draft = Draft(Recipient("user", user_id), PAYMENT_CAPTURED_TWICE, PAYMENT_CAPTURED_TWICE.samples())
    await writing_service.write(stores, [Entry(new_id(), clock.now(), draft)])
    (document,) = await inbox(stores, user_id)
    return (await from_document(Vault.of_database(stores.database), document)).title


async def test_the_list_shows_every_kind_in_every_language(staff: StaffClient) -> None:
    page = await staff.ask_json("GET", f"{BASE}?limit=100&include_total=true")
    assert page["total"] == 2 * len(KINDS)
    hindi = await staff.ask_json("GET", f"{BASE}?language=hi&type=transactional&limit=100")
    assert {item["language"] for item in hindi["items"]} == {"hi"}


async def test_an_edition_is_written_previewed_published_and_taken_back(
    staff: StaffClient, stores: Stores
) -> None:
    before = await staff.ask_json("GET", PATH)
    assert [variable["name"] for variable in before["variables"] if variable["is_required"]] == ["amount"]
    written = await staff.ask_json("POST", f"{PATH}/editions", TEXTS)
    number = written["latest_edition"]
    assert (number, written["title"]) == (before["latest_edition"] + 1, "Payment sent back")
    assert await title_of_the_next(stores) == "Payment sent back", "a draft is not sent"
    preview = await staff.ask_json("GET", f"{PATH}/editions/{number}/preview")
    assert (preview["body"], preview["push_title"]) == ("Rs 199.00 goes back to you.", "Paid twice")
    assert preview["sms"] == "", "not sent by SMS"
    assert "<p>Rs 199.00 goes back &lt;to&gt; you.</p>" in preview["email_html"]
    published = await staff.ask_json("POST", f"{PATH}/publish", {})
    assert (published["published_edition"], published["title"]) == (number, "Paid twice")
    assert await title_of_the_next(stores) == "Paid twice"
    assert (await staff.ask_json("POST", f"{PATH}/publish", {"edition": 0}))["published_edition"] == 0
    assert await title_of_the_next(stores) == "Payment sent back"
    restored = await staff.ask_json("POST", f"{PATH}/editions/0/restore")
    assert (restored["latest"]["title"], restored["editions"][0]["restored_from"]) == ("Payment sent back", 0)


async def test_another_process_says_the_same_within_a_second(
    staff: StaffClient, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Templates(stores.documents)
    await other.refresh(stores.database)
    number = (await staff.ask_json("POST", f"{PATH}/editions", TEXTS))["latest_edition"]
    await staff.ask_json("POST", f"{PATH}/publish", {"edition": number})
    texts = (await other.refresh(stores.database)).texts("payment_captured_twice", "en")
    assert texts is not None
    assert texts.title == "Paid twice"
    await staff.ask_json("POST", f"{PATH}/publish", {"edition": 0})
    assert (await other.refresh(stores.database)).texts("payment_captured_twice", "en") is None


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (
            {"body": "{amunt} goes back."},
            "body.body",
            "{amunt} is not a variable of this notice; there are: amount",
        ),
        ({"body": "It goes back."}, "body.body", "{amount} is required"),
        ({"email_text": "It goes back."}, "body.email_text", "{amount} is required"),
        ({"title": "Paid\r\nBcc: eve@example.com"}, "body.title", "One line of text"),
        ({"sms": "{amount} - GenCharge"}, "body.sms", "Notices of this kind are not sent by sms"),
        ({"body": "{amount.__class__}"}, "body.body", "Braces enclose the name of a variable"),
        ({"title": ""}, "body.title", ""),
        ({"phrases": {"reason": {"a": "b"}}}, "body.phrases.reason", "There is no choice of this name"),
    ],
)
async def test_a_text_that_could_not_be_sent_is_refused_when_it_is_saved(
    staff: StaffClient, change: dict[str, Any], field: str, message: str
) -> None:
    refused = await staff.ask("POST", f"{PATH}/editions", TEXTS | change)
    assert refused.status_code == 422
    problems = refused.json()["errors"]
    assert any(p["field"] == field and p["message"].startswith(message) for p in problems), problems


async def test_a_test_reaches_the_admin_alone_over_all_channels(staff: StaffClient, stores: Stores) -> None:
    admin_id: UUID = staff.admin.admin_id
    await register_both(stores, Recipient("admin", admin_id))
    assert (await staff.ask("POST", f"{PATH}/editions/0/test")).status_code == 204
    assert [notice["kind"] for notice in await inbox(stores, admin_id)] == ["payment_captured_twice"]
    queued = await stores.documents["messages"].find({"recipient_id": admin_id}).to_list()
    assert {message["channel"] for message in queued} == {"email", "web_push", "mobile_push"}


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"{BASE}/no_such_notice/en", "notice_template_not_found"),
        ("GET", f"{PATH}/editions/9999/preview", "notice_edition_not_found"),
        ("POST", f"{PATH}/editions/9999/restore", "notice_edition_not_found"),
        ("POST", f"{PATH}/editions/9999/test", "notice_edition_not_found"),
    ],
)
async def test_what_is_not_there_is_not_found(staff: StaffClient, method: str, path: str, code: str) -> None:
    answer = await staff.ask(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    missing = await staff.ask("POST", f"{PATH}/publish", {"edition": 9999})
    assert missing.json()["code"] == "notice_edition_not_found"


async def test_ten_admins_who_write_at_once_write_ten_editions(staff: StaffClient) -> None:
    path = f"{BASE}/payment_over_limit/hi"
    texts = {"title": "वापस", "body": "{amount} वापस।"}
    answers = await asyncio.gather(*(staff.ask("POST", f"{path}/editions", texts) for _ in range(10)))
    written = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert (await staff.ask_json("GET", path))["latest_edition"] == len(written)
