"""Block and archive cut a customer's live tokens in every process within a second, also while Redis is away.

Two real API processes on one installation: the admin speaks to one, the customer to the other."""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.seed import phone_of
from gencharge.sessions.tokens import Keyring, Principal
from tests.faults.site import Site
from tests.make import fork_server

SECOND = 1.0


class Pair(Site):
    """A site with two API processes and no worker."""

    def start(self) -> None:
        """Stores, schema, sample data, both processes."""
        self.start_stores()
        self.start_api()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            other = probe.getsockname()[1]
        self.other = f"http://127.0.0.1:{other}"
        self.processes["second"] = fork_server.start(
            "gencharge",
            "serve",
            folder=self.folder,
            log=self.folder / "second.log",
            environment=self.inherited | self.environment | {"PORT": str(other)},
        )
        _until(lambda: httpx.get(f"{self.other}/health/ready", timeout=2).status_code == 200, 20)

    @property
    def boss(self) -> dict[str, str]:
        """The Authorization header of a SuperAdmin."""
        principal = Principal(
            new_id(),
            "admin",
            new_id(),
            role="SuperAdmin",
            second_factor_at=int(clock.now().timestamp()),
        )
        return {"Authorization": f"Bearer {Keyring(self.settings).sign(principal)}"}

    def sign_in(self, number: int) -> tuple[dict[str, str], str]:
        """A sample user's session, started with the fixed code: the header, and the refresh token."""
        phone = {"phone_number": phone_of(number)}
        asked = httpx.post(f"{self.url}/v1/auth/login", json=phone, timeout=10)
        assert asked.status_code == 200
        code = {"challenge_id": asked.json()["challenge_id"], "otp": "111111"}
        answer = httpx.post(f"{self.url}/v1/auth/verify-otp-login", json=phone | code, timeout=10)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        return {"Authorization": f"Bearer {tokens['access_token']}"}, tokens["refresh_token"]


def _until(holds: Any, seconds: float) -> float:
    """Wait until it holds: how long that took."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        try:
            if holds():
                return time.monotonic() - started
        except httpx.TransportError:
            pass
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Started once for the tests of this file."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-pair-"))
    pair = Pair(folder)
    try:
        pair.start()
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    ("number", "method", "path", "body"),
    [
        (31, "POST", "/block", {"reason": "a test of two processes"}),
        (32, "DELETE", "?payout=true", None),
        (33, "POST", "/deactivate", {"reason": "a test of two processes"}),
    ],
)
@pytest.mark.parametrize("redis", ["redis is up", "redis is away"])
def test_live_tokens_end_in_both_processes_within_a_second(
    pair: Pair, number: int, method: str, path: str, body: dict[str, str] | None, redis: str
) -> None:
    number += 10 * (redis == "redis is away")
    headers, refresh_token = pair.sign_in(number)
    urls = [f"{process}/v1/users/me" for process in (pair.url, pair.other)]
    with httpx.Client(timeout=5) as client:
        assert [client.get(url, headers=headers).status_code for url in urls] == [200, 200]
        if redis == "redis is away":
            pair.redis.stop()
        try:
            answer = client.request(
                method, f"{pair.url}/v1/users/{pair.user(number)}{path}", headers=pair.boss, json=body
            )
            assert answer.status_code in {200, 204}, answer.text
            waited = _until(
                lambda: all(client.get(url, headers=headers).status_code == 401 for url in urls), 5
            )
            assert waited < SECOND + 0.5  # the machine that runs tests may be busy
            assert client.get(urls[1], headers=headers).json()["code"] == "session_ended"
            again = client.post(f"{pair.other}/v1/auth/refresh", json={"refresh_token": refresh_token})
            assert again.status_code in {401, 403}
            pay = {"phone_number": phone_of(number), "plan_id": str(new_id()), "payment_method": "wallet"}
            for process in (pair.url, pair.other):
                refused = client.post(
                    f"{process}/v1/recharge/subscribe", headers=headers | {"Idempotency-Key": "x"}, json=pay
                )
                assert refused.status_code == 401
        finally:
            if redis == "redis is away":
                pair.redis.start()
                pair.redis.wait_ready()
    assert pair.processes["second"].poll() is None
