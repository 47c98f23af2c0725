"""Live connections over HTTP: signing in, what comes, and what ends them."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.live import routes
from gencharge.live.clients import Message
from tests.make import factories
from tests.make.live import PATH, STREAM, Live, Served, in_time, serving
from tests.make.notifications import events
from tests.make.wallet import make_funded_user


async def test_a_recharge_reaches_a_websocket_and_a_stream_as_notice_balance_and_status(
    served: Served,
) -> None:
    user_id = await make_funded_user(served.stores, 500)
    live = await served.join(user_id)
    async with served.stream(user_id) as stream:
        await stream.next("welcome")
        await served.recharge(user_id, "Jio 199")
        balance = await live.next("balance")
        assert balance["wallet"]["balance"] == 500.00
        notice = await live.next("notification")
        assert "Jio 199" in notice["notification"]["body"]
        assert notice["notification"]["data"]["total_paid"] == 199.00
        assert notice["unread_count"] == 1
        event = await stream.next("notification")
        assert event["event_id"] == event["id"] == notice["id"]
        assert event["notification"] == notice["notification"]
    await live.close()


async def test_nobody_learns_what_happens_to_another(served: Served) -> None:
    own, other = new_id(), new_id()
    live, stranger = await served.join(own), await served.join(other)
    await served.recharge(own, "First")
    await served.recharge(other, "Second")
    assert "First" in (await live.next("notification"))["notification"]["body"]
    assert "Second" in (await stranger.next("notification"))["notification"]["body"]
    # An admin with the id of a customer is somebody else.
    admin = await served.join(own, kind="admin", role="Viewer")
    await served.recharge(own, "Third")
    assert "Third" in (await live.next("notification"))["notification"]["body"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await admin.next("notification")


async def test_an_alert_reaches_the_admin_whom_it_concerns(served: Served) -> None:
    admin = await served.stores.database.run(factories.make_admin)
    live = await served.join(admin.admin_id, kind="admin", role="SuperAdmin")
    await served.announce(events()[0])
    assert (await live.next("notification"))["notification"]["kind"] == "recharge_stuck"


async def test_the_header_signs_in_too(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token(new_id())}"}
    live = Live(await served.open(additional_headers=headers))
    welcome = await live.next()
    assert welcome["type"] == "welcome"
    assert 0 < welcome["token_expires_in_seconds"] <= 3_600
    seeds = Live(await served.open("/notifications/ws", additional_headers=headers))
    assert (await seeds.next())["type"] == "welcome"


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (PATH + "?token=secret-token", {}, 422, "validation_failed"),
        (PATH + "?access_token=secret-token", {}, 422, "validation_failed"),
        (PATH + "?last_id=1-1", {}, 422, "validation_failed"),
        (PATH, {"Origin": "https://evil.example"}, 403, "foreign_origin"),
        (PATH, {"Origin": "null"}, 403, "foreign_origin"),
        (PATH, {"Sec-Fetch-Site": "cross-site"}, 403, "foreign_origin"),
        (PATH, {"Authorization": "Bearer nonsense"}, 401, "access_token_invalid"),
        (PATH, {"Authorization": "Basic dXNlcjpwYXNz"}, 401, "not_signed_in"),
        ("/v1/plans", {}, 404, "not_found"),
        ("/v1/nowhere", {}, 404, "not_found"),
    ],
)
async def test_an_opening_is_refused_with_a_problem_document(
    served: Served, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await served.open(path, additional_headers=headers)
    response = refused.value.response
    problem = json.loads(response.body)
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["x-request-id"] == problem["request_id"]
    assert "secret-token" not in response.body.decode()
    if "token=" in path:
        assert problem["errors"][0]["code"] == "token_in_address"


async def test_a_site_that_cors_allows_may_connect(settings: Settings) -> None:
    async with serving(settings, cors_origins=["https://shop.example"]) as served:
        websocket = await served.open(origin="https://shop.example")
        await websocket.send(json.dumps({"token": served.token(new_id())}))
        assert (await Live(websocket).next())["type"] == "welcome"


@pytest.mark.parametrize(
    ("frame", "close_code", "code"),
    [
        ("no json", 1008, "frame_invalid"),
        ("[]", 1008, "frame_invalid"),
        ("{}", 1008, "frame_invalid"),
        ('{"token": 5}', 1008, "frame_invalid"),
        ('{"token": "x", "more": 1}', 1008, "frame_invalid"),
        ('{"token": "x"}', 4401, "access_token_invalid"),
        (b"\x00\x01", 1003, "binary_frame"),
        ("x" * 9_000, 1009, ""),
    ],
)
async def test_a_first_frame_that_signs_nobody_in_ends_the_connection(
    served: Served, frame: str | bytes, close_code: int, code: str
) -> None:
    live = Live(await served.open())
    await live.websocket.send(frame)
    message, received, reason = await live.end()
    assert received == close_code
    if code:
        assert reason == code
        assert message is not None
        assert message["code"] == code
        assert message["reconnect_after_seconds"] is None
    await in_time(lambda: served.hub.count == 0)


async def test_who_never_signs_in_is_closed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SIGN_IN_SECONDS", 0.2)
    live = Live(await served.open())
    assert (await live.end())[1:] == (4408, "sign_in_too_late")
    await in_time(lambda: served.hub.count == 0)


async def test_an_admin_who_owes_a_second_factor_is_refused(served: Served) -> None:
    live = Live(await served.open())
    await live.websocket.send(
        json.dumps({"token": served.token(new_id(), kind="admin", role="Viewer", second_factor_due=True)})
    )
    assert (await live.end())[1:] == (4403, "second_factor_required")


async def test_a_fresh_token_keeps_the_connection_and_somebody_elses_ends_it(served: Served) -> None:
    user_id = new_id()
    live = await served.join(user_id)
    await live.websocket.send(json.dumps({"token": served.token(user_id)}))
    assert (await live.next())["type"] == "token"
    await live.websocket.send(json.dumps({"token": served.token(new_id())}))
    assert (await live.end())[1:] == (4401, "access_token_invalid")


async def test_a_connection_ends_with_its_token(settings: Settings) -> None:
    async with serving(settings, access_token_expire_minutes=2 / 60) as served:
        user_id = new_id()
        short = await served.join(user_id)
        renewed = await served.join(user_id)
        async with served.stream(user_id) as stream:
            for _ in range(2):
                await asyncio.sleep(0.9)
                await renewed.websocket.send(json.dumps({"token": served.token(user_id)}))
                assert (await renewed.next("token"))["token_expires_in_seconds"] <= 2
            assert (await short.end())[1:] == (4401, "access_token_expired")
            assert (await stream.next("end"))["code"] == "access_token_expired"
        await renewed.websocket.send(json.dumps({"token": served.token(user_id)}))
        assert (await renewed.next())["type"] == "token"


async def test_an_account_has_five_connections_and_a_process_as_many_as_it_is_set_to(
    settings: Settings,
) -> None:
    async with serving(settings, live_connections=7) as served:
        user_id = new_id()
        lives = [await served.join(user_id) for _ in range(5)]
        sixth = Live(await served.open())
        await sixth.websocket.send(json.dumps({"token": served.token(user_id)}))
        message, code, reason = await sixth.end()
        assert (code, reason) == (4429, "too_many_live_connections")
        assert message is not None
        assert message["reconnect_after_seconds"] == 60
        await in_time(lambda: served.hub.count == 5)
        await lives.pop().close()
        await in_time(lambda: served.hub.count == 4)
        lives += [await served.join(user_id), await served.join(new_id()), await served.join(new_id())]
        with pytest.raises(InvalidStatus) as refused:
            await served.open()
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"]
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"http://127.0.0.1:{served.port}{STREAM}",
                headers={"Authorization": f"Bearer {served.token(new_id())}"},
            )
            assert (answer.status_code, answer.json()["code"]) == (503, "server_busy")
            # The rest of the API is as it was.
            assert (await client.get(f"http://127.0.0.1:{served.port}/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("?token=x", {}, 422, "validation_failed"),
        ("", {"Authorization": ""}, 401, "not_signed_in"),
        ("", {"Origin": "https://evil.example"}, 403, "foreign_origin"),
    ],
)
async def test_a_stream_is_refused_like_any_request(
    served: Served, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    own = {"Authorization": f"Bearer {served.token(new_id())}"} | headers
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{served.port}{STREAM}{path}", headers=own)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert served.hub.count == 0


async def test_a_stream_is_neither_stored_nor_compressed(served: Served) -> None:
    async with served.stream(new_id(), **{"Accept-Encoding": "zstd, gzip"}) as stream:
        headers = stream.answer.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in headers
        assert headers["cache-control"] == "no-store"
        assert (await stream.next())["type"] == "welcome"
    await in_time(lambda: served.hub.count == 0)


async def test_random_frames_harm_nobody(served: Served) -> None:
    user_id = new_id()
    live = await served.join(user_id)
    rng = random.Random(12)
    sent = 0
    while sent < 10_000:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        frames = [_random_frame(rng) for _ in range(100)]
        sent += len(frames)
        for frame in frames:
            writer.write(frame)
        writer.close()
    await in_time(lambda: served.hub.count == 1, 20)
    await served.recharge(user_id, "Still here")
    assert "Still here" in (await live.next("notification"))["notification"]["body"]


def _random_frame(rng: random.Random) -> bytes:
    """Bytes that may be a frame: any opcode, length and mask, fragments among them."""
    size = rng.choice([0, 1, 5, 125])
    first = rng.choice([rng.randrange(256), 0x81, 0x01, 0x00, 0x80, 0x89, 0x8A, 0x82])
    masked = 0x80 if rng.random() < 0.9 else 0
    return bytes([first, masked | size]) + rng.randbytes(4 if masked else 0) + rng.randbytes(size)


async def test_a_broken_handshake_is_refused_and_its_connection_closed(served: Served) -> None:
    requests: list[tuple[bytes, bytes]] = [
        (b"GET", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        (
            b"GET",
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n",
        ),
        (b"GET", b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n"),
        (b"POST", b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n"),
        (b"GET", b"Upgrade: websocket\r\nConnection: Upgrade\r\nX-Long: " + b"x" * 9_000 + b"\r\n"),
    ]
    for method, fields in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(method + b" " + PATH.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + fields + b"\r\n")
        async with asyncio.timeout(10):
            status = (await reader.readline()).split()[1]
        assert 400 <= int(status) < 500, (method, fields, status)
        writer.close()
    assert served.hub.count == 0


async def test_a_client_that_reads_nothing_is_dropped_and_resumes(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_STALLED_SECONDS", 0.5)
    user_id = new_id()
    slow = await served.join(user_id)
    slow.websocket.transport.pause_reading()
    (client,) = served.hub.clients
    big: Any = {"type": "notification", "id": "1-1", "text": "x" * 100_000}
    while not client.ended:
        client.send(Message("notification", json.dumps(big), None))
        await asyncio.sleep(0)
    assert client.problem is not None
    assert client.problem.code() == "client_too_slow"
    await in_time(lambda: served.hub.count == 0)
    assert client.waiting == 0
    slow.websocket.transport.resume_reading()
    await slow.end()
    await served.recharge(user_id, "Missed")
    back = await served.join(user_id, slow.welcome["id"])
    assert "Missed" in (await back.next("notification"))["notification"]["body"]
