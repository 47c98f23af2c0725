"""`gencharge doctor` says which providers are set up and which of them answer, in bounded time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from gencharge.core.settings import Environment, Settings
from gencharge.run import providers
from gencharge.run.report import Row
from tests.make.mail_server import mail_server
from tests.make.storage import BUCKET, S3Server

NONE: dict[str, Any] = {
    "gencharge_sms_url": "",
    "smtp_host": "",
    "vapid_private_key": SecretStr(""),
    "fcm_service_account": SecretStr(""),
    "apns_private_key": SecretStr(""),
    "storage_bucket": "",
}


async def rows(settings: Settings, **overrides: Any) -> dict[str, Row]:
    """The rows by their names. `overrides`: settings."""
    changed = settings.model_copy(update=NONE | overrides)
    return {row.what: row for row in await asyncio.to_thread(providers.examine, changed)}


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A port that takes connections and never says anything."""
    ended = asyncio.Event()

    async def keep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    ended.set()
    server.close()


@pytest.mark.parametrize(
    ("environment", "state"),
    [
        (Environment.TEST, "not set up: messages are on the sandbox's page"),
        (
            Environment.PRODUCTION,
            "not set up: reminders and offers are dropped, the rest waits for a provider",
        ),
    ],
)
async def test_what_is_not_set_up_is_said_and_is_no_problem(
    settings: Settings, environment: Environment, state: str
) -> None:
    report = await rows(settings, environment=environment)
    assert list(report) == ["SMS", "E-mail", "Push, browsers", "Push, Android", "Push, iOS", "Bucket"]
    assert (report["SMS"].state, report["E-mail"].state) == (state, state)
    assert all(row.state.startswith("not set up") and not row.problem for row in report.values())


async def test_what_answers_is_said_with_its_time(settings: Settings) -> None:
    async with mail_server() as server:
        with S3Server() as bucket:
            report = await rows(
                settings,
                gencharge_sms_url=f"{bucket.url}/send?key=secret",
                smtp_host="127.0.0.1",
                smtp_port=server.port,
                smtp_starttls=False,
                smtp_username="",
                fcm_service_account=SecretStr("{}"),
                fcm_url=bucket.url,
                vapid_private_key=SecretStr("a key"),
                **bucket.settings().model_dump(
                    include={
                        "storage_bucket", "storage_prefix", "storage_endpoint_url", "storage_region",
                        "storage_access_key_id", "storage_secret_access_key",
                    }
                ),
            )  # fmt: skip
    for name in ("SMS", "E-mail", "Push, Android", "Bucket"):
        assert (report[name].state, report[name].problem) == ("answers", ""), report[name]
        assert report[name].latency.endswith(" ms")
    assert report["Push, browsers"].state.startswith("set up")
    assert "secret" not in str(report), "a key in an address is not shown"
    assert server.mails == [], "nothing is sent"


async def test_what_does_not_answer_is_named_with_its_setting_in_bounded_time(
    settings: Settings, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "ANSWER_SECONDS", 0.5)
    began_at = time.monotonic()
    report = await rows(
        settings,
        gencharge_sms_url="http://127.0.0.1:9/send",
        smtp_host="127.0.0.1",
        smtp_port=silent_port,
        apns_private_key=SecretStr("a key"),
        apns_url=f"https://127.0.0.1:{silent_port}",
    )
    assert time.monotonic() - began_at < 5
    assert report["SMS"].problem.startswith("SMS at http://127.0.0.1:9 isn't reachable (")
    assert report["SMS"].problem.endswith(": check the network and GENCHARGE_SMS_URL")
    for name in ("E-mail", "Push, iOS"):
        assert report[name].state == "not reachable"
        assert "check the network and" in report[name].problem


async def test_a_bucket_that_is_away_is_a_problem(settings: Settings) -> None:
    report = await rows(
        settings,
        storage_bucket=BUCKET,
        storage_endpoint_url="http://127.0.0.1:9",
        storage_access_key_id="test",
        storage_secret_access_key=SecretStr("test"),
    )
    assert report["Bucket"].state == "not reachable"
    assert "STORAGE_ENDPOINT_URL" in report["Bucket"].problem
