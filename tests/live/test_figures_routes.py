"""The stream of figures over HTTP: a welcome, figures, and the end of the session within a second."""

from __future__ import annotations

import time

import httpx
import pytest

from gencharge.core.values.ids import new_id
from gencharge.live.figures_service import Watchers
from gencharge.sessions.guards import Gate
from tests.make.factories import know_roles
from tests.make.live import Served, in_time
from tests.make.processes import within

PATH = "/v1/analytics/live"


async def test_figures_come_and_a_revoked_session_ends_within_a_second(served: Served) -> None:
    await know_roles(served.app)
    session_id = new_id()
    claims = {
        "kind": "admin",
        "role": "SuperAdmin",
        "session_id": session_id,
        "second_factor_at": int(time.time()),
    }
    async with served.stream(new_id(), path=PATH, claims=claims) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        await stream.next("welcome")
        figures = await stream.next("figures")
        assert figures["total"]["operator"] is None
        assert figures["others"] is not None
        async with within(1):
            Gate.of(served.app).end([session_id])
            assert (await stream.next("end"))["code"] == "session_ended"
    await in_time(lambda: Watchers.of(served.app).count == 0)


@pytest.mark.parametrize(
    ("claims", "headers", "path", "code"),
    [
        ({"kind": "user"}, {}, PATH, "admins_only"),
        ({"kind": "admin", "role": "Nobody"}, {}, PATH, "permission_denied"),
        ({"kind": "admin", "role": "SuperAdmin"}, {"Last-Event-ID": "none"}, PATH, "validation_failed"),
        ({"kind": "admin", "role": "SuperAdmin"}, {}, f"{PATH}?every=1", "validation_failed"),
        (
            {"kind": "admin", "role": "SuperAdmin"},
            {"Origin": "https://elsewhere.example"},
            PATH,
            "foreign_origin",
        ),
    ],
)
async def test_others_are_refused_before_a_stream_opens(
    served: Served, claims: dict[str, str], headers: dict[str, str], path: str, code: str
) -> None:
    await know_roles(served.app)
    own = {"Authorization": f"Bearer {served.token(new_id(), **claims)}"} | headers
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{served.port}{path}", headers=own)
    assert answer.json()["code"] == code
    assert Watchers.of(served.app).count == 0


async def test_an_account_has_so_many_streams(served: Served) -> None:
    await know_roles(served.app)
    admin, watchers = new_id(), Watchers.of(served.app)
    token = served.token(admin, kind="admin", role="SuperAdmin")
    header = f"Bearer {token}".encode()
    principal, _ = Gate.of(served.app).admit(header)
    clients = [watchers.watch(principal, header) for _ in range(served.settings.live_connections_per_account)]
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"http://127.0.0.1:{served.port}{PATH}", headers={"Authorization": f"Bearer {token}"}
        )
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_live_connections")
    assert watchers.count == 0
    for each in clients:
        watchers.leave(each)
