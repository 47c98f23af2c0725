"""What was sent to people: kept in memory, limited in number, shown newest first with the code to copy."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from sandbox import signing
from sandbox.messages import Messages
from tests.sandbox.conftest import RECEIPT_SECRET, Site

ASHA, RAVI = "+919000001001", "+919000001002"


def send(site: Site, to: str, text: str, **more: Any) -> httpx.Response:
    return httpx.post(f"{site.base}/sandbox/messages", json={"to": to, "text": text, **more})


def show(site: Site, to: str = "") -> httpx.Response:
    return httpx.get(f"{site.base}/messages", params={"to": to} if to else {})


def test_the_page_shows_the_newest_first_with_its_code(site: Site) -> None:
    assert send(site, ASHA, "111222 is your GenCharge code.").status_code == 204
    send(site, "asha@example.com", "Your account was closed.", subject="Goodbye")
    send(site, RAVI, "Use 333444 to sign in. Ref 1234567.")
    page = show(site).text
    assert re.findall(r'class="code">(\d+)<', page) == ["333444", "111222"]
    assert page.index(RAVI) < page.index("asha@example.com") < page.index(ASHA)
    assert "Goodbye" in page


def test_the_page_can_be_narrowed_to_a_number(site: Site) -> None:
    send(site, ASHA, "111222 is your code.")
    send(site, RAVI, "333444 is your code.")
    for recipient in ("9000001002", "+919000001002", "90000 01002"):
        page = show(site, recipient).text
        assert "333444" in page
        assert "111222" not in page
    assert "No message to 9999999999" in show(site, "9999999999").text


def test_an_empty_page_says_why(site: Site) -> None:
    assert "Nothing was sent" in show(site).text


def test_the_messages_are_json_for_programs(site: Site) -> None:
    send(site, ASHA, "111222 is your code.")
    items = httpx.get(f"{site.base}/sandbox/messages", params={"to": "1001"}).json()["items"]
    assert [(item["to"], item["code"]) for item in items] == [(ASHA, "111222")]


def test_what_somebody_sends_is_shown_as_text(site: Site) -> None:
    send(site, "<i>x</i>", "<script>alert(1)</script>", subject="<b>s</b>")
    page = show(site, "<i>").text
    assert "<script>" not in page
    assert "<i>" not in page
    assert "<b>s</b>" not in page


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"to": "x"}', b'{"to": 1, "text": "x"}', b"\xff"])
def test_what_is_no_message_is_refused(site: Site, body: bytes) -> None:
    answer = httpx.post(f"{site.base}/sandbox/messages", content=body)
    assert answer.status_code == 422
    assert "to, text, subject and reference" in answer.json()["error"]["message"]
    assert httpx.get(f"{site.base}/sandbox/messages").json()["items"] == []


def test_a_wipe_forgets_them(site: Site) -> None:
    send(site, ASHA, "111222 is your code.")
    site.reset()
    assert httpx.get(f"{site.base}/sandbox/messages").json()["items"] == []


def test_the_oldest_make_room_and_long_ones_are_cut() -> None:
    messages = Messages(limit=3)
    for number in range(5):
        messages.add(ASHA, f"{number}" * 5_000)
    assert [message.text[0] for message in messages.to()] == ["4", "3", "2"]
    assert len(messages) == 3
    assert {len(message.text) for message in messages.to()} == {2_000}


def receipts(site: Site) -> list[Any]:
    """The receipts that were sent, each with whether it is signed right."""
    return [
        (event, notice.headers["x-receipt-signature"] == signing.digest(RECEIPT_SECRET, notice.raw))
        for notice in site.receiver.received
        for event in json.loads(notice.raw)["events"]
    ]


def test_an_sms_that_names_a_reference_is_followed_by_a_signed_receipt(site: Site) -> None:
    send(site, ASHA, "Recharge done.", reference="m-1")
    send(site, "+919000001404", "Recharge done.", reference="m-2")
    site.receiver.wait(2)
    shown = sorted(receipts(site), key=lambda one: one[0]["reference"])
    assert shown == [
        ({"reference": "m-1", "outcome": "delivered"}, True),
        ({"reference": "m-2", "outcome": "failed", "reason": "absent subscriber"}, True),
    ]


def test_a_receipt_is_sent_again_until_somebody_takes_it(site: Site) -> None:
    site.receiver.answers.append(503)
    send(site, ASHA, "Recharge done.", reference="m-3")
    site.receiver.wait(2)
    assert [event["reference"] for event, _ in receipts(site)] == ["m-3", "m-3"]


def test_codes_and_e_mails_have_no_receipt(site: Site) -> None:
    send(site, ASHA, "111222 is your code.")
    send(site, "asha@example.com", "Recharge done.", reference="m-4")
    send(site, RAVI, "Recharge done.", reference="m-5")
    site.receiver.wait(1)
    assert [event["reference"] for event, _ in receipts(site)] == ["m-5"]
