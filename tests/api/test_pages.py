"""`/docs`: in our own look, with a form that signs in, and nothing to fill in that nobody has."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from fastapi import FastAPI

from gencharge.api import pages
from gencharge.core.settings import Settings

STATIC = Path(pages.__file__).parent / "static"


async def test_the_form_is_filled_in_for_a_sample_customer(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert 'name="phone_number" value="9000001001"' in page
    assert 'name="otp" value="111111"' in page


def test_the_form_is_empty_where_no_code_is_fixed(settings: Settings) -> None:
    page = pages._render_trying(settings.model_copy(update={"dev_fixed_otp": ""}))
    assert 'name="phone_number" value=""' in page
    assert 'name="otp" value=""' in page
    assert "900000" not in page


async def test_the_page_runs_no_inline_script(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "script-src" not in policy  # so default-src 'self' counts
    assert policy.startswith("default-src 'self';")
    assert re.findall(r"<script[^>]*>", answer.text) == [
        '<script src="/static/docs/swagger-ui-bundle.js">',
        '<script src="/static/docs/docs.js">',
    ]


def test_the_example_of_a_key_is_the_one_that_the_page_replaces(app: FastAPI) -> None:
    replaced = re.search(r'EXAMPLE_KEY = "([^"]+)"', (STATIC / "docs" / "docs.js").read_text())
    assert replaced
    examples = {
        parameter["example"]
        for methods in app.openapi()["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert examples == {replaced.group(1)}


def test_the_rooms_that_a_newcomer_meets_first_come_first(app: FastAPI) -> None:
    names = [tag["name"] for tag in app.openapi()["tags"]]
    assert names[:4] == ["auth", "plans", "recharge", "wallet"]
    assert names.index("sessions") > names.index("operators")


def test_both_pages_and_the_first_one_share_one_stylesheet_with_both_themes() -> None:
    for name in ("home.html", "docs.html", "redoc.html"):
        text = (STATIC / name).read_text()
        assert '<link rel="stylesheet" href="/static/docs/look.css">' in text, name
        assert "<style" not in text, name
    look = (STATIC / "docs" / "look.css").read_text()
    assert "prefers-color-scheme: dark" in look
    used = set(re.findall(r"var\((--[\w-]+)\)", look))
    light, dark = look.split("@media (prefers-color-scheme: dark)", 1)
    for theme in (light, dark.split("}", 1)[0]):
        assert used <= set(re.findall(r"(--[\w-]+):", theme))
