"""The sandbox as a process of its own: it survives kill -9, and never runs in production."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gencharge.sessions import signing_key
from tests.make import fork_server
from tests.sandbox.conftest import (
    KEY_ID,
    KEY_SECRET,
    OPERATOR_SECRET,
    WEBHOOK_SECRET,
    Receiver,
    Site,
    free_port,
    until,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="gencharge-sandbox-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def process(folder: Path, port: int, receiver: Receiver) -> Iterator[tuple[subprocess.Popen[bytes], Site]]:
    """`gencharge sandbox`, until the block ends."""
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "SANDBOX_PORT": str(port),
        "PAYMENT_KEY_ID": KEY_ID,
        "PAYMENT_KEY_SECRET": KEY_SECRET,
        "PAYMENT_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "OPERATOR_API_SECRET": OPERATOR_SECRET,
    }
    command = [sys.executable, "-m", "gencharge", "sandbox"]
    running = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)

    def is_live() -> bool:
        assert running.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(is_live, 30)
        with httpx.Client(timeout=5, trust_env=False) as client:
            yield running, Site(f"http://127.0.0.1:{port}", receiver, client)
    finally:
        running.kill()
        running.wait()


def test_a_killed_sandbox_keeps_its_state_its_scripts_and_what_it_still_has_to_send(
    folder: Path, receiver: Receiver
) -> None:
    receiver.clear()
    port = free_port()
    with process(folder, port, receiver) as (running, site):
        # Nobody is there to take the webhooks, so that they wait.
        site.control("PUT", "/sandbox/targets", {"webhook_url": f"http://127.0.0.1:{free_port()}/"})
        payment = site.pay(site.order(receipt="kept")["id"])["razorpay_payment_id"]
        late = site.pay(site.order()["id"], "late_success", seconds=0.5)["razorpay_payment_id"]
        site.script("jio-a", "submit", "late_success", seconds=7200, times=3)
        site.submit("r1")
        site.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})
        running.kill()
        running.wait()
    with process(folder, port, receiver) as (_, site):
        site.aim(back_off_seconds=[0.02])
        assert site.gateway("GET", "/v1/orders?receipt=kept")["items"][0]["status"] == "paid"
        until(lambda: site.gateway("GET", f"/v1/payments/{late}")["status"] == "captured")
        notices = receiver.wait(6)
        ids = {notice.body["payload"]["payment"]["entity"]["id"] for notice in notices}
        assert ids == {payment, late}
        # The recharge is accepted still, its script has two goes left, and the clock went on from where it was.
        assert site.submit("r1").json()["status"] == "accepted"
        assert site.state()["scripts"][0]["times"] == 2
        assert site.status("r1").json()["status"] == "pending"
        site.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})
        until(lambda: site.status("r1").json()["status"] == "success")
        assert site.deliveries()["r1"]["delivered"] == 1


def test_production_has_no_sandbox(folder: Path) -> None:
    production = {
        "ENVIRONMENT": "production",
        "ALLOWED_HOSTS": '["api.example.in"]',
        "DATABASE_URL": "postgresql://app:pw@db.example/gencharge",
        "MONGO_URL": "mongodb://mongo.example",
        "REDIS_URL": "redis://redis.example",
        "SECRET_KEY": "Zq3vX9-plenty-of-different-characters-0815",
        "OTP_SECRET": "another-1-with-Plenty-of-different-chars-4711",
        "DATA_KEY": "a-Data-key-of-our-own-with-many-chars-2718",
        "SIGNING_KEY": signing_key.make(),
        "OTP_CHANNEL": "sms",
        "GENCHARGE_SMS_URL": "https://sms.example/send",
        "PAYMENT_GATEWAY_URL": "https://api.razorpay.com",
        "PAYMENT_KEY_ID": "rzp_live_4f8Kq2LmZx91Ab",
        "PAYMENT_KEY_SECRET": "s3cretOfTheGatewayKey024",
        "PAYMENT_WEBHOOK_SECRET": "a-Webhook-secret-of-our-own-1723",
        "OPERATOR_API_SECRET": "an-Operator-secret-of-theirs-9981",
        "COMPANY_NAME": "Real Recharges Private Limited",
        "COMPANY_ADDRESS": "12 Fort Road, Mumbai 400001",
        "COMPANY_GSTIN": "27AAPFU0939F1ZV",
    }
    answer = fork_server.run("sandbox", folder=folder, environment={**os.environ, **production}, timeout=30)
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert "gencharge sandbox is for development" in answer.stderr
