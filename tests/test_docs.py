"""The pages for people: they ship with the package, ask nobody outside, and say what the code says."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gencharge.api import home
from gencharge.api.main import create_app
from gencharge.api.parts import EARLIER, PARTS
from gencharge.core.http import openapi
from gencharge.core.settings import SANDBOX_URL, Environment, Settings

ROOT = Path(__file__).parent.parent
ASSETS = ROOT / "gencharge" / "api" / "static" / "docs"


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_a_page_takes_everything_from_this_server_and_may_ask_no_other(
    client: httpx.AsyncClient, page: str
) -> None:
    answer = await client.get(page)
    assert answer.status_code == 200
    assert re.findall(r"https?://", answer.text) == []
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text)
    assert len(assets) >= 2
    for asset in assets:
        assert (await client.get(asset)).status_code == 200, asset


async def test_the_first_page_leads_to_all_that_runs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for address in re.findall(r'(?:src|href)="(/[^"]*)"', answer.text):
        assert (await client.get(address, follow_redirects=True)).status_code == 200, address
    assert "111111" in answer.text
    assert (await client.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


async def test_the_first_page_names_no_code_and_no_sandbox_that_is_not_there(settings: Settings) -> None:
    configured = settings.model_copy(
        update={
            "dev_fixed_otp": "",
            "payment_gateway_url": "https://gateway.example",
            "environment": "development",
        }
    )
    page = home._render(configured)
    assert "Customers" not in page
    assert "gateway.example" not in page
    assert "Sandbox" in home._render(configured.model_copy(update={"payment_gateway_url": SANDBOX_URL}))


async def test_the_first_page_leads_to_the_console_as_soon_as_that_is_built(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(home, "_BUILT", tmp_path / "index.html")
    assert "/console" not in (await client.get("/")).text
    (tmp_path / "index.html").touch()
    assert (await client.get("/")).text.count('href="/console"') == 2


async def test_production_shows_neither_the_page_nor_the_documentation(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"environment": Environment.PRODUCTION}))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for address in ("/", "/docs", "/redoc", "/guide", "/guide/", "/favicon.ico", *PARTS, *EARLIER):
            assert (await client.get(address)).status_code == 404, address


def test_the_assets_are_whole() -> None:
    for line in (ASSETS / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == digest, name


def test_development_mode_is_said_in_the_documentation_and_only_there(settings: Settings) -> None:
    quiet = settings.model_copy(update={"dev_fixed_otp": ""})
    for one, is_said in ((settings, True), (quiet, False)):
        app = create_app(one)
        app.router.routes.clear()  # to describe them takes a second
        assert ("Development mode" in app.openapi()["info"]["description"]) is is_said


def test_the_document_is_complete(app: FastAPI) -> None:
    """Every route has words, errors with examples, and says whether it needs a sign-in."""
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method.upper()} {path}"
            assert operation.get("description") or operation.get("summary"), where
            for status, response in operation["responses"].items():
                if int(status) >= 400 and not path.startswith("/health"):
                    examples = openapi.resolved(document, response)["content"]["application/problem+json"][
                        "examples"
                    ]
                    for code, example in examples.items():
                        assert example == {"$ref": f"#/components/examples/{code}"}, where
                        shown = document["components"]["examples"][code]["value"]
                        assert (shown["code"], shown["status"]) == (code, int(status)), where
            signed = path.startswith(("/v1/recharge/callbacks/", "/v1/payments/webhooks/"))
            if not signed and path.startswith(
                ("/v1/wallet", "/v1/recharge", "/v1/notifications", "/v1/users", "/v1/payments")
            ):
                assert operation["security"], where
                assert "401" in operation["responses"], where
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                assert "400" in operation["responses"], (
                    f"{where} does not say what a body that is no JSON is answered"
                )
    assert "/v1/recharge/subscribe" in document["paths"]
    keys = [
        parameter["name"] for parameter in document["paths"]["/v1/recharge/subscribe"]["post"]["parameters"]
    ]
    assert keys == ["Idempotency-Key"]
