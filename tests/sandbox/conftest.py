"""A sandbox on a free port, and somebody who takes its webhooks and callbacks: both over real HTTP."""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import shutil
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.config import Config
from sandbox.server import server

KEY_ID, KEY_SECRET = "rzp_test_of_the_tests", "key-secret-of-the-tests"
WEBHOOK_SECRET, OPERATOR_SECRET = "webhook-secret-of-the-tests", "operator-secret-of-the-tests"
RECEIPT_SECRET = "receipt-secret-of-the-tests"


def mac(secret: str, message: bytes) -> str:
    """HMAC-SHA256 as the tests compute it, independently of the sandbox."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Received:
    """One webhook or callback as it came in."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def name(self) -> str:
        """The event of a webhook, the status of a callback."""
        return str(self.body.get("event") or self.body["status"])


class Receiver:
    """Takes notices; `answers` are the statuses of the next ones, 200 when they are used up."""

    def __init__(self, port: int = 0) -> None:
        self.received: list[Received] = []
        self.answers: list[int] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver.take(Received(self.path, headers, raw)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.test = 0
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, notice: Received) -> int:
        with self._news:
            test, path = notice.path[1:].split("/", 1)
            if test != str(self.test):
                return 200  # Sent during the test before, arrived in this one.
            self.received.append(replace(notice, path=f"/{path}"))
            self._news.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def names(self) -> list[str]:
        return [notice.name for notice in self.received]

    def wait(self, count: int, seconds: float = 10) -> list[Received]:
        """The first `count` notices, as soon as they are there."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.received) >= count, seconds), self.names()
            return list(self.received)

    @property
    def base(self) -> str:
        """The address for this test's notices."""
        return f"http://127.0.0.1:{self._server.server_port}/{self.test}"

    def clear(self) -> None:
        self.test += 1
        self.received.clear()
        self.answers.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def bury() -> None:
    """Collect what a sandbox left that was stopped amid connections which it never answers, as its scripts want.

    Now, and not in the middle of somebody else's test, where its open sockets would count as that test's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def until(check: Callable[[], bool], seconds: float = 10) -> None:
    """Look again and again until `check` holds: for what another process does, of which nothing tells us."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


class Site:
    """The sandbox as its clients see it."""

    def __init__(self, base: str, receiver: Receiver, client: httpx.Client) -> None:
        self.base, self.receiver, self._client = base, receiver, client
        self.auth = (KEY_ID, KEY_SECRET)

    def reset(self) -> None:
        self.control("DELETE", "/sandbox/state")
        self.receiver.clear()
        self.aim(back_off_seconds=[0.02])

    def aim(self, **overrides: Any) -> Any:
        urls = {
            "webhook_url": f"{self.receiver.base}/webhooks",
            "callback_url": f"{self.receiver.base}/callbacks/{{channel}}",
            "receipt_url": f"{self.receiver.base}/receipts",
        }
        return self.control("PUT", "/sandbox/targets", {**urls, **overrides})

    def control(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self._client.request(method, self.base + path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def script(self, target: str, operation: str, script: str, **more: Any) -> Any:
        body = {"target": target, "operation": operation, "script": script, **more}
        return self.control("PUT", "/sandbox/scripts", body)

    def state(self) -> Any:
        return self.control("GET", "/sandbox/state")

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A request to the gateway."""
        return self._client.request(method, self.base + path, json=body, auth=self.auth, **more)

    def gateway(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request to the gateway that succeeds."""
        answer = self.ask(method, path, body, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request to the gateway that it refuses with 400: the error object."""
        answer = self.ask(method, path, body, **more)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] == "BAD_REQUEST_ERROR"
        return answer.json()["error"]

    def order(self, amount: int = 19900, **more: Any) -> Any:
        return self.gateway("POST", "/v1/orders", {"amount": amount, "currency": "INR", **more})

    def pay(self, order_id: str, outcome: str = "succeed", **more: Any) -> Any:
        return self.control("POST", f"/sandbox/orders/{order_id}/pay", {"outcome": outcome, **more})

    def paid(self, amount: int = 19900, **more: Any) -> str:
        """The id of a captured payment."""
        return str(self.pay(self.order(amount)["id"], **more)["razorpay_payment_id"])

    def operator(self, method: str, path: str, raw: bytes = b"", **more: Any) -> httpx.Response:
        """A signed request to an operator's channel."""
        line = f"{method} /operators{path}"
        headers = {**signed(raw, line, channel=path.split("/")[1]), **more.pop("headers", {})}
        return self._client.request(
            method, f"{self.base}/operators{path}", content=raw, headers=headers, **more
        )

    def submit(
        self, reference: str, channel: str = "jio-a", *, amount: int = 19900, **more: Any
    ) -> httpx.Response:
        return self.operator("POST", f"/{channel}/recharges", recharge(reference, amount), **more)

    def status(self, reference: str, channel: str = "jio-a") -> httpx.Response:
        return self.operator("GET", f"/{channel}/recharges/{reference}")

    def deliveries(self, channel: str = "jio-a") -> dict[str, Any]:
        items = self.control("GET", f"/sandbox/operators/{channel}/deliveries")["items"]
        return {item["reference"]: item for item in items}


def operator_mac(
    stamp: str, channel: str, line: str, raw: bytes, *, secret: str, direction: str, version: int = 1
) -> str:
    """The signature of a message of a channel; `line` is its method and path, `secret` the one that all are derived from."""
    own = mac(secret, f"gencharge:{channel}:{direction}:{version}".encode())
    return mac(own, f"{stamp}.{channel}.{line}.".encode() + raw)


def signed(
    raw: bytes,
    line: str = "POST /operators/jio-a/recharges",
    *,
    channel: str = "jio-a",
    secret: str = OPERATOR_SECRET,
    direction: str = "requests",
    version: int = 1,
    at: float | None = None,
) -> dict[str, str]:
    """The headers of the operators' protocol."""
    stamp = str(int(at if at is not None else time.time()))
    signature = operator_mac(stamp, channel, line, raw, secret=secret, direction=direction, version=version)
    return {"X-Timestamp": stamp, "X-Signature": signature}


def callback_mac(notice: Received, channel: str, base: str) -> str:
    """What X-Signature of a callback must be; `base` is the receiver's."""
    path = "/" + base.split("/", 3)[3] + notice.path
    stamp = notice.headers["x-timestamp"]
    line = f"POST {path}"
    return operator_mac(stamp, channel, line, notice.raw, secret=OPERATOR_SECRET, direction="callbacks")


def recharge(reference: str, amount: int = 19900, phone: str = "9000001001") -> bytes:
    """The body of a submission."""
    body = {"reference": reference, "operator": "JIO", "phone_number": phone, "amount_paise": amount}
    return json.dumps(body).encode()


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Somebody who takes notices."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def running(receiver: Receiver) -> Iterator[Site]:
    """One sandbox for all tests of the room, in a thread with a loop of its own."""
    folder, port = Path(tempfile.mkdtemp(prefix="gencharge-sandbox-")), free_port()
    config = Config(
        folder=folder,
        key_id=KEY_ID,
        key_secret=KEY_SECRET,
        webhook_secret=WEBHOOK_SECRET,
        operator_secret=OPERATOR_SECRET,
        webhook_url=f"{receiver.base}/webhooks",
        callback_url=f"{receiver.base}/callbacks/{{channel}}",
        shop_url="http://shop.example",
        receipt_secret=RECEIPT_SECRET,
        send_timeout_seconds=2,
    )
    runner = server(config, host="127.0.0.1", port=port)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    until(lambda: runner.started)
    with httpx.Client(timeout=5, trust_env=False) as client:
        yield Site(f"http://127.0.0.1:{port}", receiver, client)
    runner.should_exit = True
    thread.join(10)
    bury()
    shutil.rmtree(folder)


@pytest.fixture
def site(running: Site) -> Site:
    """The sandbox, as on its first start."""
    running.reset()
    return running
