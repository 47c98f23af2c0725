"""The push services of the sandbox take our messages, and what each refusal means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gencharge.core.message import ChannelDown, MessageRefused, NotSent, RecipientRefused
from gencharge.core.settings import Environment, Settings
from gencharge.core.values.ids import new_id
from gencharge.devices.models import Address, Device, DevicePlatform
from gencharge.messages.push_clients import ApnsClient, FcmClient, Push, WebPushClient
from tests.make.outside import Outside, sandbox
from tests.make.push import browser_keys, push_settings

PUSH = Push(
    str(new_id()), "रिचार्ज हो गया", "Jio 299 is active", {"recharge_id": "r-1", "note": None}, badge=3
)


@pytest.fixture(scope="module")
def outside(settings: Settings) -> Iterator[Outside]:
    with sandbox(settings) as running:
        yield running


@pytest.fixture
def pushing(settings: Settings, outside: Outside) -> Settings:
    return settings.model_copy(update=push_settings(outside.base))


def device(platform: DevicePlatform, token: str, **keys: str) -> Device:
    return Device(new_id(), platform, Address(token, **keys), "1.0", "en", 0)


def taken(outside: Outside, to: str) -> list[tuple[str, str]]:
    messages = outside.control("GET", f"/sandbox/messages?to={to}")["items"]
    return [(message["subject"], message["text"]) for message in messages]


async def problem_of(client: Any, target: Device, push: Push = PUSH) -> type[NotSent] | None:
    try:
        await client.send(target, push)
    except NotSent as problem:
        return type(problem)
    finally:
        await client.close()
    return None


async def test_a_browser_gets_what_only_it_can_read(pushing: Settings, outside: Outside) -> None:
    subscribed = outside.control("POST", "/sandbox/push/subscriptions", {"name": "asha"})
    browser = device(DevicePlatform.WEB, subscribed["endpoint"], **subscribed["keys"])
    assert await problem_of(WebPushClient(pushing), browser) is None
    assert taken(outside, "web:asha") == [(PUSH.title, PUSH.text)]
    long = Push(PUSH.id, PUSH.title, "ज" * 5_000, {})
    assert await problem_of(WebPushClient(pushing), browser, long) is None
    assert taken(outside, "web:asha")[0][1].endswith("ज…")


@pytest.mark.parametrize(
    ("name", "problem"), [("unregistered", RecipientRefused), ("fail", ChannelDown), ("", RecipientRefused)]
)
async def test_what_a_browsers_push_service_answers(
    pushing: Settings, outside: Outside, name: str, problem: type[NotSent]
) -> None:
    keys = browser_keys()
    endpoint = f"{outside.base}/push/web/unknown"
    if name:
        endpoint = outside.control("POST", "/sandbox/push/subscriptions", {"name": name})["endpoint"]
    assert await problem_of(WebPushClient(pushing), device(DevicePlatform.WEB, endpoint, **keys)) is problem


async def test_an_endpoint_that_leads_to_our_own_network_is_never_called(pushing: Settings) -> None:
    production = pushing.model_copy(update={"environment": Environment.PRODUCTION})
    for host in ("127.0.0.1", "169.254.169.254", "10.0.0.1"):
        browser = device(DevicePlatform.WEB, f"http://{host}:1/push", **browser_keys())
        assert await problem_of(WebPushClient(production), browser) is RecipientRefused


@pytest.mark.parametrize(
    ("client", "platform", "to"),
    [(FcmClient, DevicePlatform.ANDROID, "fcm"), (ApnsClient, DevicePlatform.IOS, "apns")],
)
async def test_a_device_gets_it_or_is_gone_or_the_service_is_away(
    pushing: Settings, outside: Outside, client: Any, platform: DevicePlatform, to: str
) -> None:
    assert await problem_of(client(pushing), device(platform, "token-of-asha")) is None
    assert taken(outside, f"{to}:token-of-asha") == [(PUSH.title, PUSH.text)]
    assert await problem_of(client(pushing), device(platform, "unregistered-1")) is RecipientRefused
    assert await problem_of(client(pushing), device(platform, "fail-1")) is ChannelDown
    away = pushing.model_copy(update={"fcm_url": "http://127.0.0.1:1", "apns_url": "http://127.0.0.1:1"})
    assert await problem_of(client(away), device(platform, "token-of-asha")) is ChannelDown


async def test_a_token_that_was_withdrawn_is_asked_for_again(pushing: Settings, outside: Outside) -> None:
    client = FcmClient(pushing)
    client._token, client._token_until = "withdrawn", float("inf")
    with pytest.raises(ChannelDown, match="401"):
        await client.send(device(DevicePlatform.ANDROID, "token-of-ravi"), PUSH)
    await client.send(device(DevicePlatform.ANDROID, "token-of-ravi"), PUSH)
    await client.close()
    assert len(taken(outside, "fcm:token-of-ravi")) == 1


async def test_a_message_that_apple_refuses_is_not_tried_again(pushing: Settings) -> None:
    without_topic = pushing.model_copy(update={"apns_topic": ""})
    target = device(DevicePlatform.IOS, "token-of-asha")
    assert await problem_of(ApnsClient(without_topic), target) is MessageRefused


async def test_apple_is_spoken_to_in_http_2(pushing: Settings) -> None:
    client = ApnsClient(pushing)
    transport = client._client._transport
    assert isinstance(transport, httpx.AsyncHTTPTransport)
    assert transport._pool._http2
    await client.close()
