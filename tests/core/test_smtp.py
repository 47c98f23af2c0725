"""E-mails against a real mail server: both forms of the text, TLS, and what each refusal means."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gencharge.core.message import ChannelDown, Message, MessageRefused, NotSent, RecipientRefused
from gencharge.core.settings import Settings
from gencharge.core.smtp import Smtp
from tests.make.certificates import certificate_of
from tests.make.mail_server import MailServer, mail_server

MESSAGE = Message(
    text="रिचार्ज हो गया",
    email="asha@example.com",
    subject="रिचार्ज हो गया",
    html="<p>रिचार्ज <b>हो गया</b></p>",
    message_id="0199",
    headers={"List-Unsubscribe": "<https://api.example.in/u?token=x>"},
)


def smtp(server: MailServer, **overrides: Any) -> Smtp:
    values = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_starttls": False, **overrides}
    return Smtp(Settings(_env_file=None, environment="test", **values))  # type: ignore[call-arg]


async def test_an_e_mail_has_both_forms_and_names_that_stay_the_same() -> None:
    async with mail_server() as server:
        await smtp(server).send(MESSAGE)
        await smtp(server).send(MESSAGE)
    mail, copy = server.mails
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Message-ID"] == copy["Message-ID"] == "<0199@gencharge.example>"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail["List-Unsubscribe"] == MESSAGE.headers["List-Unsubscribe"]
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == MESSAGE.text
    assert html.get_content().strip() == MESSAGE.html


@pytest.mark.parametrize("header", ["x\r\nBcc: b@example.com", "x\nBcc: b@example.com"])
async def test_no_header_can_begin_another_one(header: str) -> None:
    async with mail_server() as server:
        for message in (
            Message(text="x", email="a@example.com", subject=header),
            Message(text="x", email="a@example.com", subject="x", headers={"X-Kind": header}),
            Message(text="x", email=f"a@example.com{header}", subject="x"),
        ):
            with pytest.raises(ValueError, match="linefeed"):
                await smtp(server).send(message)
    assert server.mails == []


async def test_nothing_is_sent_before_starttls_and_the_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, trusting = certificate_of(tmp_path, "localhost")
    _, trusts_another = certificate_of(tmp_path, "mail.example")
    async with mail_server(tls=served) as server:
        with pytest.raises(ChannelDown):
            await smtp(server).send(MESSAGE)
        monkeypatch.setattr("gencharge.core.smtp.tls", lambda: trusts_another)
        with pytest.raises(ChannelDown, match=r"CERTIFICATE_VERIFY_FAILED|SMTPConnectError"):
            await smtp(server, smtp_host="localhost", smtp_starttls=True).send(MESSAGE)
        monkeypatch.setattr("gencharge.core.smtp.tls", lambda: trusting)
        assert server.mails == []
        await smtp(server, smtp_host="localhost", smtp_starttls=True).send(MESSAGE)
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("550 5.1.1 no such user", RecipientRefused),
        ("550 no such user", RecipientRefused),
        ("553 5.1.3 bad address", RecipientRefused),
        ("550 5.2.1 disabled", RecipientRefused),
        ("550 5.7.1 you are on a list", MessageRefused),
        ("552 5.2.2 mailbox full", MessageRefused),
        ("450 4.2.0 greylisted", NotSent),
        ("421 4.3.2 going down", ChannelDown),
    ],
)
async def test_what_the_refusal_of_a_recipient_means(reply: str, problem: type[NotSent]) -> None:
    async with mail_server() as server:
        server.recipients["asha@example.com"] = reply
        with pytest.raises(NotSent) as refusal:
            await smtp(server).send(MESSAGE)
    assert type(refusal.value) is problem
    assert "asha" not in str(refusal.value)


@pytest.mark.parametrize(
    ("reply", "problem"), [("554 5.6.0 spam", MessageRefused), ("451 4.3.0 try later", NotSent)]
)
async def test_what_the_refusal_of_a_text_means(reply: str, problem: type[NotSent]) -> None:
    async with mail_server() as server:
        server.data = reply
        with pytest.raises(NotSent) as refusal:
            await smtp(server).send(MESSAGE)
    assert type(refusal.value) is problem


async def test_a_connection_that_breaks_off_is_a_server_that_is_away() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    away = MailServer()
    away.port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(ChannelDown):
            await smtp(away).send(MESSAGE)
