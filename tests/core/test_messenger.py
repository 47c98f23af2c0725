"""Messages to people: each channel against a real server, and what happens when it fails."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from gencharge.core.message import Message, NotSent
from gencharge.core.messenger import (
    MAX_WAITING,
    Channel,
    Console,
    Courier,
    HttpSms,
    MessengerBusy,
    channel_of,
    reaches_mail,
    reaches_phones,
)
from gencharge.core.settings import Settings
from gencharge.core.smtp import Smtp

MESSAGE = Message(
    text="123456 is your code.",
    phone_number="+919876543210",
    email="asha@example.com",
    subject="Your code",
    template_id="1107",
)


def _settings(**overrides: Any) -> Settings:
    return Settings(_env_file=None, environment="test", **overrides)  # type: ignore[call-arg]


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def _server(handler: Handler) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class SmsProvider:
    """A provider that writes down what it was sent, and answers with the statuses that it is given."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[tuple[dict[str, str], dict[str, str]]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.requests.append((headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(
            f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()


def _sms(port: int) -> HttpSms:
    return HttpSms(
        _settings(
            gencharge_sms_url=f"http://127.0.0.1:{port}/send",
            sms_api_key="k3y",
            sms_dlt_entity_id="1201",
            sms_header="GENCHG",
        )
    )


async def test_an_sms_carries_the_dlt_ids_and_the_key() -> None:
    provider = SmsProvider()
    async with _server(provider) as port:
        channel = _sms(port)
        await channel.send(MESSAGE)
        await channel.close()
    headers, body = provider.requests[0]
    assert headers["authorization"] == "bearer k3y"
    assert body == {
        "to": "+919876543210",
        "text": "123456 is your code.",
        "header": "GENCHG",
        "entity_id": "1201",
        "template_id": "1107",
    }


async def test_a_provider_without_a_key_gets_no_authorization() -> None:
    provider = SmsProvider()
    async with _server(provider) as port:
        channel = HttpSms(_settings(gencharge_sms_url=f"http://127.0.0.1:{port}/send"))
        await channel.send(MESSAGE)
        await channel.close()
    headers, _ = provider.requests[0]
    assert "authorization" not in headers


@pytest.mark.parametrize("status", [302, 400, 429, 500])
async def test_a_provider_that_refuses_or_redirects_did_not_send(status: int) -> None:
    provider = SmsProvider(status)
    async with _server(provider) as port:
        channel = _sms(port)
        with pytest.raises(NotSent, match=str(status)):
            await channel.send(MESSAGE)
        await channel.close()
    assert len(provider.requests) == 1


async def test_the_courier_tries_twice_and_then_gives_up() -> None:
    for statuses, sent, tries in [((500,), True, 2), ((500, 500), False, 2), ((), True, 1)]:
        provider = SmsProvider(*statuses)
        async with _server(provider) as port:
            courier = Courier(_sms(port))
            assert await courier.send(MESSAGE) is sent
            await courier.close()
        assert len(provider.requests) == tries


async def test_the_console_shows_its_messages_in_the_inbox_as_well() -> None:
    inbox, stream = SmsProvider(), io.StringIO()
    async with _server(inbox) as port:
        console = Console(stream, inbox_url=f"http://127.0.0.1:{port}/sandbox/messages")
        await console.send(MESSAGE)
        await console.close()
    assert inbox.requests[0][1] == {
        "to": MESSAGE.phone_number,
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
    }
    assert MESSAGE.text in stream.getvalue()


async def test_an_sms_whose_receipt_is_waited_for_names_its_reference() -> None:
    provider, inbox = SmsProvider(), SmsProvider()
    message = replace(MESSAGE, message_id="0198c0de-1")
    async with _server(provider) as port:
        channel = _sms(port)
        await channel.send(message)
        await channel.close()
    async with _server(inbox) as port:
        console = Console(inbox_url=f"http://127.0.0.1:{port}/sandbox/messages", prints=False)
        await console.send(message)
        await console.close()
    assert [each.requests[0][1]["reference"] for each in (provider, inbox)] == ["0198c0de-1"] * 2


async def test_what_comes_in_hundreds_is_in_the_inbox_only(capsys: pytest.CaptureFixture[str]) -> None:
    inbox = SmsProvider()
    async with _server(inbox) as port:
        console = Console(inbox_url=f"http://127.0.0.1:{port}/sandbox/messages", prints=False)
        await console.send(MESSAGE)
        await console.close()
    assert inbox.requests[0][1]["text"] == MESSAGE.text
    assert capsys.readouterr().out == ""


async def test_an_inbox_that_is_away_holds_nothing_up() -> None:
    async with _server(SmsProvider()) as port:
        pass
    stream = io.StringIO()
    console = Console(stream, inbox_url=f"http://127.0.0.1:{port}/sandbox/messages")
    await console.send(MESSAGE)
    await console.close()
    assert MESSAGE.text in stream.getvalue()


async def test_a_provider_that_is_away_did_not_send() -> None:
    channel = _sms(1)
    with pytest.raises(NotSent, match="ConnectError: All connection attempts failed"):
        await channel.send(MESSAGE)
    with pytest.raises(NotSent):
        await channel.send(Message(text="to nobody"))
    await channel.close()


async def _smtp_server(
    received: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(b"220 test ESMTP\r\n")
    in_data = False
    async for line in reader:
        received.append(line)
        command = line[:4].upper()
        if in_data:
            if line == b".\r\n":
                in_data = False
                writer.write(b"250 ok\r\n")
        elif command == b"DATA":
            in_data = True
            writer.write(b"354 go\r\n")
        elif command == b"QUIT":
            writer.write(b"221 bye\r\n")
            await writer.drain()
            return
        else:
            writer.write(b"250 ok\r\n")
        await writer.drain()


async def test_an_e_mail_arrives_with_sender_subject_and_text() -> None:
    received: list[bytes] = []
    async with _server(lambda reader, writer: _smtp_server(received, reader, writer)) as port:
        channel = Smtp(_settings(smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False))
        await channel.send(MESSAGE)
        await channel.close()
    mail = b"".join(received).decode()
    assert "MAIL FROM:<no-reply@gencharge.example>" in mail
    assert "RCPT TO:<asha@example.com>" in mail
    assert "Subject: Your code" in mail
    assert "123456 is your code." in mail


async def test_a_mail_server_that_is_away_and_a_person_without_an_address() -> None:
    channel = Smtp(_settings(smtp_host="127.0.0.1", smtp_port=1, smtp_starttls=False))
    with pytest.raises(NotSent):
        await channel.send(MESSAGE)
    with pytest.raises(NotSent, match="address"):
        await channel.send(Message(text="x", phone_number="+919876543210"))


async def test_a_line_break_in_a_subject_can_not_add_a_header() -> None:
    channel = Smtp(_settings(smtp_host="127.0.0.1", smtp_port=1, smtp_starttls=False))
    with pytest.raises(ValueError, match="linefeed"):
        await channel.send(Message(text="x", email="a@example.com", subject="x\r\nBcc: b@example.com"))


async def test_the_console_prints_the_whole_message() -> None:
    stream = io.StringIO()
    console = Console(stream)
    await console.send(MESSAGE)
    await console.close()
    assert stream.getvalue() == "[message to +919876543210] 123456 is your code.\n"


@pytest.mark.parametrize(
    ("overrides", "kind"),
    [
        ({}, Console),
        ({"otp_channel": "sms", "gencharge_sms_url": "http://127.0.0.1:1/"}, HttpSms),
        ({"otp_channel": "smtp", "smtp_host": "127.0.0.1"}, Smtp),
    ],
)
async def test_the_settings_name_the_channel(overrides: dict[str, Any], kind: type[Channel]) -> None:
    channel = channel_of(_settings(**overrides))
    assert isinstance(channel, kind)
    await channel.close()


async def test_with_a_mail_server_beside_sms_each_message_goes_where_it_is_addressed() -> None:
    provider, received = SmsProvider(), list[bytes]()
    async with (
        _server(provider) as sms_port,
        _server(lambda reader, writer: _smtp_server(received, reader, writer)) as mail_port,
    ):
        channel = channel_of(
            _settings(
                otp_channel="sms",
                gencharge_sms_url=f"http://127.0.0.1:{sms_port}/send",
                sms_api_key="k3y",
                smtp_host="127.0.0.1",
                smtp_port=mail_port,
                smtp_starttls=False,
            )
        )
        await channel.send(MESSAGE)
        assert (len(provider.requests), received) == (1, [])
        await channel.send(Message(text="Hello", email="asha@example.com", subject="Hi"))
        await channel.close()
    assert len(provider.requests) == 1
    assert "RCPT TO:<asha@example.com>" in b"".join(received).decode()


async def test_no_proxy_of_the_environment_sees_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = SmsProvider()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with _server(provider) as port:
        channel = _sms(port)
        await channel.send(MESSAGE)
        await channel.close()
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("overrides", "phones", "mail"),
    [
        ({}, True, True),
        ({"otp_channel": "sms", "gencharge_sms_url": "http://127.0.0.1:1/"}, True, False),
        (
            {"otp_channel": "sms", "gencharge_sms_url": "http://127.0.0.1:1/", "smtp_host": "127.0.0.1"},
            True,
            True,
        ),
        ({"otp_channel": "smtp", "smtp_host": "127.0.0.1"}, False, True),
    ],
)
def test_what_the_settings_let_a_message_reach(overrides: dict[str, Any], phones: bool, mail: bool) -> None:
    settings = _settings(**overrides)
    assert (reaches_phones(settings), reaches_mail(settings)) == (phones, mail)


async def test_the_courier_takes_no_more_than_it_can_carry_and_gives_up_at_the_end() -> None:
    courier = Courier(Console(io.StringIO()))
    never = asyncio.Event()

    async def errand() -> Message | None:
        await never.wait()
        return None

    for _ in range(MAX_WAITING):
        courier.soon(errand())
    with pytest.raises(MessengerBusy):
        courier.soon(errand())
    async with asyncio.timeout(5):
        await courier.close()


async def test_an_errand_that_fails_is_logged_and_hurts_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    courier = Courier(Console(io.StringIO()))

    async def errand() -> Message | None:
        raise RuntimeError("no such user")

    courier.soon(errand())
    await courier.drain()
    await courier.close()
    assert "no such user" in "".join(capfd.readouterr())
