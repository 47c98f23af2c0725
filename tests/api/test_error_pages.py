"""Each error has a page, which its `type` points to, in production, too."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api.error_pages import pages_of
from gencharge.api.main import create_app
from gencharge.core.settings import Environment, Settings
from gencharge.core.values.language import Language


async def test_the_type_of_an_error_leads_to_its_page(client: httpx.AsyncClient) -> None:
    refused = await client.get("/v1/wallet")
    page = await client.get(urljoin(str(refused.request.url), refused.json()["type"]))
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert f"<code>{refused.json()['code']}</code>" in page.text
    assert "Sign in first, and send the access token as <code>Authorization: Bearer ...</code>." in page.text


@pytest.mark.parametrize("name", ["insufficient_balance", "insufficient-balance"])
async def test_a_page_says_what_to_do_whether_to_repeat_and_what_to_tell_the_customer(
    client: httpx.AsyncClient, name: str
) -> None:
    text = (await client.get(f"/errors/{name}")).text
    assert "Top up the wallet" in text
    assert "No: the same request gets the same answer" in text
    assert "The text of <code>detail</code>" in text
    assert "POST /v1/recharge/subscribe" in text


async def test_what_has_no_page_is_not_found(client: httpx.AsyncClient) -> None:
    for name in ("no-such-error", "<script>", "..%2fv1"):
        assert (await client.get(f"/errors/{name}")).status_code == 404, name


def test_every_code_has_a_page_and_stands_in_the_list(app: FastAPI) -> None:
    document = app.openapi()
    pages = pages_of(document)
    codes = set(document["components"]["schemas"]["ErrorCode"]["enum"])
    assert set(pages) == codes | {""}
    for code in codes:
        assert f'href="/errors/{code.replace("_", "-")}"' in pages[""]
        for heading in ("What it means", "What to do", "Send it again?", "What to tell the customer"):
            assert f"<h2>{heading}</h2><p>" in pages[code]
        assert "<p></p>" not in pages[code]


async def test_production_has_the_pages_in_our_look_and_serves_what_they_are_drawn_with(
    settings: Settings,
) -> None:
    app = create_app(settings.model_copy(update={"environment": Environment.PRODUCTION}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        page = await client.get("/errors/rate-limited")
        assert page.status_code == 200
        links = set(re.findall(r'(?:href|src)="([^"]+)"', page.text))
        assert links >= {"/errors", "/errors/look.css", "/errors/favicon.svg"}
        for link in links | {"/errors"}:
            assert (await client.get(link)).status_code == 200, f"{link}: production has no such page"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        sheet = await client.get("/errors/look.css")
        assert sheet.headers["content-type"].startswith("text/css")
        assert "url(" not in re.sub(r"url\(rings.svg\)", "", sheet.text), "an asset that nobody serves"


@pytest.mark.parametrize(("header", "language"), [("hi-IN,en;q=0.5", "hi"), ("fr", "en"), ("", "en")])
async def test_a_page_is_in_the_language_of_its_reader(
    client: httpx.AsyncClient, header: str, language: str
) -> None:
    headings = {"en": "What to do", "hi": "क्या करें"}
    for path in ("/errors/insufficient-balance", "/errors"):
        page = await client.get(path, headers={"Accept-Language": header})
        assert page.headers["content-language"] == language
        assert "accept-language" in page.headers["vary"].lower(), (
            "no cache gives it to who reads another language"
        )
        assert f'<html lang="{language}">' in page.text
        assert "insufficient" in page.text, "codes stay"
    page = await client.get("/errors/insufficient-balance", headers={"Accept-Language": header})
    assert headings[language] in page.text
    assert all(text not in page.text for code, text in headings.items() if code != language)


def test_the_hindi_pages_have_no_english_sentence(app: FastAPI) -> None:
    english = pages_of(app.openapi())
    hindi = pages_of(app.openapi(), language=Language.HINDI)
    assert set(hindi) == set(english)
    for code in english.keys() - {""}:
        paragraphs = re.findall(r"<p>(.*?)</p>", hindi[code])
        assert len(paragraphs) >= 4
        for paragraph in paragraphs:
            assert re.search("[\u0900-\u097f]", paragraph), (code, paragraph)
            assert paragraph not in english[code]
