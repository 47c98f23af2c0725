"""Whether the providers of SMS, e-mail and push, and the bucket of files, are set up and answer: rows of `gencharge doctor`.

Nothing is sent. A provider of HTTP is connected to, with its certificate checked; the mail server is greeted, and signed in to if there is a
name; the bucket lists one file. Each has ANSWER_SECONDS, all at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gencharge.run.report import Row

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

ANSWER_SECONDS: Final = 4.0
_REASON_CHARACTERS: Final = 120
_HTTPS: Final = 443
_HTTP: Final = 80


def examine(settings: Settings) -> list[Row]:
    """A row for each; those that are not set up are no problem. Takes ANSWER_SECONDS at most."""
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> list[Row]:
    fcm = bool(settings.fcm_service_account.get_secret_value())
    apns = bool(settings.apns_private_key.get_secret_value())
    sms, mail = settings.gencharge_sms_url, settings.smtp_host
    rows = [
        _provided(Row("SMS", origin=_host(sms)), bool(sms), "GENCHARGE_SMS_URL", lambda: _connect(sms)),
        _provided(
            Row("E-mail", origin=f"{mail}:{settings.smtp_port}" if mail else ""),
            bool(mail),
            "SMTP_HOST, SMTP_PORT and SMTP_USERNAME",
            lambda: _greet(settings),
        ),
        _provided(
            Row("Push, Android", origin=_host(settings.fcm_url) if fcm else ""),
            fcm,
            "FCM_URL",
            lambda: _connect(settings.fcm_url),
        ),
        _provided(
            Row("Push, iOS", origin=_host(settings.apns_url) if apns else ""),
            apns,
            "APNS_URL",
            lambda: _connect(settings.apns_url),
        ),
        _provided(
            Row("Bucket", origin=settings.storage_bucket),
            bool(settings.storage_bucket),
            "STORAGE_ENDPOINT_URL, STORAGE_BUCKET and the access key",
            lambda: _list(settings),
        ),
    ]
    sms_row, mail_row, android, ios, bucket = await asyncio.gather(*rows)
    unsent = "not set up: reminders and offers are dropped, the rest waits for a provider"
    if settings.is_development:
        unsent = "not set up: messages are on the sandbox's page"
    for row in (sms_row, mail_row):
        row.state = row.state or unsent
    for row in (android, ios):
        row.state = row.state or "not set up: nothing is pushed there"
    bucket.state = bucket.state or "not set up: files are in a folder of this machine"
    return [sms_row, mail_row, _browsers(settings), android, ios, bucket]


async def _provided(row: Row, is_set_up: bool, setting: str, ask: Callable[[], Awaitable[None]]) -> Row:
    if not is_set_up:
        return row
    started = time.perf_counter()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await ask()
    except TimeoutError:
        reason = f"no answer in {ANSWER_SECONDS:.0f} s"
    except Exception as problem:  # a driver's own errors, too: doctor goes on, and says what it heard
        reason = (" ".join(str(problem).split()) or type(problem).__name__)[:_REASON_CHARACTERS]
    else:
        return replace(row, state="answers", latency=f"{(time.perf_counter() - started) * 1000:.1f} ms")
    return replace(
        row,
        state="not reachable",
        problem=f"{row.what} at {row.origin} isn't reachable ({reason}): check the network and {setting}",
    )


def _browsers(settings: Settings) -> Row:
    row = Row("Push, browsers")
    if settings.vapid_private_key.get_secret_value():
        row.state = "set up; each browser names a service of its own"
    else:
        row.state = "not set up: nothing is pushed there"
    return row


def _host(url: str) -> str:
    """Where a URL leads, without its path, which may hold a key."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}" if url else ""


async def _connect(url: str) -> None:
    from gencharge.core.tls import tls

    parts = urlsplit(url)
    is_encrypted = parts.scheme == "https"
    port = parts.port or (_HTTPS if is_encrypted else _HTTP)
    _, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls() if is_encrypted else None)
    writer.close()


async def _greet(settings: Settings) -> None:
    import aiosmtplib

    from gencharge.core.tls import tls

    server = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        start_tls=settings.smtp_starttls,
        timeout=ANSWER_SECONDS,
        tls_context=tls(),
    )
    async with server:
        await server.noop()


async def _list(settings: Settings) -> None:
    from gencharge.core.stores.open_storage import open_storage

    await open_storage(settings).list_files(limit=1)
