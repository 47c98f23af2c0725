"""Who may read the metrics."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gencharge.api.main import create_app
from gencharge.core.settings import Environment, Settings

TOKEN = "kY7-pQ2_vX9zW4mB6nT1"


async def read(settings: Settings, header: str | None = None, **overrides: Any) -> httpx.Response:
    """`/metrics` of an application with these settings."""
    app = create_app(settings.model_copy(update=overrides))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(
            "/metrics", headers={"Authorization": header.encode("latin-1")} if header else {}
        )


async def test_development_shows_its_metrics(settings: Settings) -> None:
    answer = await read(settings)
    assert answer.status_code == 200
    assert "gencharge_http_requests_total" in answer.text


async def test_production_shows_none_without_a_token_in_the_settings(settings: Settings) -> None:
    answer = await read(settings, f"Bearer {TOKEN}", environment=Environment.PRODUCTION)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "gencharge_" not in answer.text


@pytest.mark.parametrize(
    "header", [None, "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN} ", "Bearer ü"]
)
@pytest.mark.parametrize("environment", list(Environment))
async def test_another_token_or_none_is_refused(
    settings: Settings, header: str | None, environment: Environment
) -> None:
    answer = await read(settings, header, environment=environment, metrics_token=SecretStr(TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (401, "metrics_token_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "gencharge_http" not in answer.text


async def test_the_token_opens_them_in_production(settings: Settings) -> None:
    own = {"environment": Environment.PRODUCTION, "metrics_token": SecretStr(TOKEN)}
    answer = await read(settings, f"Bearer {TOKEN}", **own)
    assert answer.status_code == 200
    assert "gencharge_http_requests_total" in answer.text
