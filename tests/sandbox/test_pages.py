"""The pages in the browser: what they show, where they lead, and that nothing from outside gets into them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox import scripts
from tests.sandbox.conftest import KEY_SECRET, Site, mac


class Page(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, tag: str, attribute: str, **where: str) -> list[str | None]:
        return [
            attributes[attribute]
            for name, attributes in self.tags
            if name == tag and attribute in attributes and where.items() <= attributes.items()
        ]


def get(site: Site, path: str, **query: str) -> httpx.Response:
    return httpx.get(site.base + path, params=query)


def press(site: Site, order: str, outcome: str, back: str = "", method: str = "upi") -> httpx.Response:
    form = {"outcome": outcome, "method": method, "callback_url": back}
    return httpx.post(f"{site.base}/checkout/{order}", data=form)


def handed(answer: httpx.Response) -> dict[str, str]:
    """What the redirect carries back to the shop."""
    assert answer.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def test_the_checkout_shows_the_order_and_offers_every_method_and_outcome(site: Site) -> None:
    order = site.order(12_34_567_89 // 10, receipt="topup-9")["id"]
    answer = get(site, f"/checkout/{order}", callback_url="http://127.0.0.1:8000/done")
    page = Page(answer.text)
    assert answer.status_code == 200
    for word in ("₹1,23,456.78", order, "topup-9", "no money moves"):
        assert word in answer.text
    assert page.values("input", "value", name="method") == ["upi", "card", "netbanking"]
    assert page.values("button", "value", name="outcome") == [
        "succeed",
        "fail",
        "time_out",
        "late_success",
        "duplicate_webhook",
    ]
    assert page.values("input", "value", name="callback_url") == ["http://127.0.0.1:8000/done"]


def test_the_checkout_says_what_mandate_is_approved(site: Site) -> None:
    customer = site.gateway("POST", "/v1/customers", {"name": "Asha", "contact": "+919000001234"})["id"]
    token = {"max_amount": 1_500_00, "expire_at": 1_924_986_600}
    order = site.order(100, customer_id=customer, token=token)["id"]
    page = get(site, f"/checkout/{order}").text
    assert "may charge up to ₹1,500.00 each time until 31 December 2030" in page
    assert "mandate" not in get(site, f"/checkout/{site.order(100)['id']}").text


def test_the_checkout_says_what_is_paid(site: Site) -> None:
    notes = {"description": "Jio ₹299 · 28 days", "phone_number": "+919000001001"}
    order = site.order(29_900, notes=notes)["id"]
    for text in (get(site, f"/checkout/{order}").text, press(site, order, "succeed").text):
        for word in ("₹299.00", "Jio ₹299 · 28 days", "+919000001001", order):
            assert word in text
    assert "Jio ₹299" in get(site, f"/checkout/{order}").text  # paid already


def test_who_has_paid_is_led_back(site: Site) -> None:
    order = site.order(receipt="r")["id"]
    assert Page(press(site, order, "succeed").text).values("a", "href") == ["http://shop.example"]
    again = get(site, f"/checkout/{order}", callback_url="https://other.example/done")
    assert Page(again.text).values("a", "href") == ["https://other.example/done"]


def test_the_icon_is_there_without_being_named(site: Site) -> None:
    answer = get(site, "/favicon.ico")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")


@pytest.mark.parametrize("path", ["/", "/messages", "/checkout/{order}", "/checkout/order_none"])
def test_a_page_is_self_contained_and_says_so_to_the_browser(site: Site, path: str) -> None:
    answer = get(site, path.format(order=site.order()["id"]))
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "$" not in answer.text.partition("</style>")[2]
    assert not {tag for tag, _ in Page(answer.text).tags} & {"link", "img", "iframe"}
    own = ["/messages.js"] if path == "/messages" else []
    assert Page(answer.text).values("script", "src") == own
    assert ("script-src 'self'" in answer.headers["content-security-policy"]) is bool(own)
    assert answer.text.count("<script") == len(own)
    assert '<meta name="viewport"' in answer.text


def test_what_a_shop_writes_is_shown_as_text(site: Site) -> None:
    order = site.order(receipt="<script>alert(1)</script>")["id"]
    answer = get(site, f"/checkout/{order}", callback_url='https://x.example/?"><b>')
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text
    assert get(site, f"/checkout/{order}", callback_url="javascript:alert(1)").status_code == 422
    assert press(site, order, "succeed", "javascript:alert(1)").status_code == 422


@pytest.mark.parametrize("outcome", ["succeed", "duplicate_webhook"])
def test_a_paid_order_leads_back_with_a_signature(site: Site, outcome: str) -> None:
    order = site.order()["id"]
    answer = press(site, order, outcome, "https://shop.example/done?cart=7", method="card")
    query = handed(answer)
    assert answer.headers["location"].startswith("https://shop.example/done?cart=7&razorpay_")
    text = f"{order}|{query['razorpay_payment_id']}".encode()
    assert query["razorpay_signature"] == mac(KEY_SECRET, text)
    assert site.gateway("GET", f"/v1/payments/{query['razorpay_payment_id']}")["method"] == "card"
    site.receiver.wait(9 if outcome == "duplicate_webhook" else 3)
    assert "Paid already" in get(site, f"/checkout/{order}").text
    assert press(site, order, "succeed").status_code == 400


@pytest.mark.parametrize(
    ("outcome", "code", "status"),
    [
        ("fail", "BAD_REQUEST_ERROR", "failed"),
        ("time_out", "GATEWAY_ERROR", "created"),
        ("late_success", "GATEWAY_ERROR", "created"),
    ],
)
def test_an_order_that_is_not_paid_leads_back_with_an_error(
    site: Site, outcome: str, code: str, status: str
) -> None:
    query = handed(press(site, site.order()["id"], outcome, "https://shop.example/done"))
    assert query["error[code]"] == code
    assert "razorpay_signature" not in query
    assert site.gateway("GET", f"/v1/payments/{query['razorpay_payment_id']}")["status"] == status


@pytest.mark.parametrize(("outcome", "words"), [("succeed", "The order is paid."), ("fail", "declined")])
def test_without_a_shop_to_go_back_to_a_page_says_what_happened(site: Site, outcome: str, words: str) -> None:
    answer = press(site, site.order()["id"], outcome)
    assert answer.status_code == 200
    assert words in answer.text


@pytest.mark.parametrize("form", [{"outcome": "wish"}, {"method": "gold"}])
def test_a_form_that_is_not_the_checkouts_is_refused(site: Site, form: dict[str, Any]) -> None:
    assert httpx.post(f"{site.base}/checkout/{site.order()['id']}", data=form).status_code == 422


def test_the_index_lists_every_script_and_operation(site: Site) -> None:
    site.paid()
    text = get(site, "/").text
    for kind in scripts.KINDS.values():
        assert f"<code>{kind.name}</code>" in text
    for operation in {**scripts.GATEWAY_OPERATIONS, **scripts.CHANNEL_OPERATIONS}:
        assert f"<code>{operation}</code>" in text
    assert f"{site.receiver.base}/webhooks" in text
    assert "jio-a&" not in text
    assert "jio-direct" in text
    assert 'href="/messages"' in text


def test_the_handbook_has_the_table_of_scripts_as_it_is() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "SANDBOX.md").read_text(encoding="utf-8")
    for kind in scripts.KINDS.values():
        ending = "" if kind.ending is None else f".{kind.ending:02d}"
        assert f"| {ending} | `{kind.name}` | {kind.meaning} | {kind.family.value} |" in text
    for operation in {**scripts.GATEWAY_OPERATIONS, **scripts.CHANNEL_OPERATIONS}:
        assert f"`{operation}`" in text
