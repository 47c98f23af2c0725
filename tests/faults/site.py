"""A whole installation for fault tests: stores, API and worker, each a real process that a test may kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx

from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.core.values.ids import new_id
from gencharge.core.velocity_settings import Velocity
from gencharge.run.embedded import Mongo, Postgres, Redis
from gencharge.seed import seed, user_id_of
from gencharge.sessions.tokens import Keyring, Principal
from tests.make import fork_server
from tests.make.fork_server import Process
from tests.make.prepared import prepare

# On two cores that many others use, too, a start takes a minute.
_START_SECONDS = 180
SECRET = "fault-tests-only-secret-0123456789-abcdefghijklmn"


@dataclass
class Site:
    """Started by `start`, ended by `stop`; single parts by their own methods."""

    folder: Path
    port: int = 0
    # Settings of this installation only.
    more: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.postgres, self.mongo, self.redis = Postgres(self.folder), Mongo(self.folder), Redis(self.folder)
        self.port, self.sandbox_port, self.port_beside = _free_ports(3)
        self.url, self.sandbox_url = (f"http://127.0.0.1:{port}" for port in (self.port, self.sandbox_port))

    @property
    def environment(self) -> dict[str, str]:
        """What the product's processes are started with."""
        return {
            "ENVIRONMENT": "test",
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": embedded_postgres_url(self.folder),
            "MONGO_URL": embedded_mongo_url(self.folder),
            "REDIS_URL": embedded_redis_url(self.folder),
            "SECRET_KEY": SECRET,
            "OTP_SECRET": SECRET,
            "DEV_FIXED_OTP": "111111",
            "ACCESS_TOKEN_EXPIRE_MINUTES": "5",
            "DUPLICATE_WINDOW_SECONDS": "0",
            "OUTBOX_LEASE_SECONDS": "2",
            # All clients of a test share one address.
            "OTP_SENDS_PER_ADDRESS_HOUR": "100000",
            "OTP_SENDS_PER_PREFIX_HOUR": "100000",
            # A few customers do here in minutes what others do in a year.
            **{name.upper(): "0" for name in Velocity.model_fields if "alert" not in name},
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "PAYMENT_GATEWAY_URL": self.sandbox_url,
            **self.more,
        }

    @property
    def inherited(self) -> dict[str, str]:
        """What this process's environment adds: all but the names of stores."""
        return {key: value for key, value in os.environ.items() if not key.endswith("_URL")}

    @property
    def settings(self) -> Settings:
        """The same as settings of this process."""
        values = {
            name.lower(): json.loads(value) if value[:1] == "[" else value
            for name, value in self.environment.items()
        }
        return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]

    def start(self) -> None:
        """Stores, schema, sample data, API and worker."""
        self.start_stores()
        self.start_process("worker")
        self.start_api()

    def start_stores(self) -> None:
        """Stores with schema and sample data, without a process of the product."""
        prepare(self.folder)
        for server in (self.mongo, self.redis, self.postgres):
            server.start()
        for server in (self.postgres, self.redis, self.mongo):
            server.wait_ready()
        seed(self.settings)  # what depends on the settings, such as the address of the sandbox

    def stop(self) -> None:
        """End everything."""
        for name in list(self.processes):
            self.kill(name)
        for server in (self.postgres, self.mongo, self.redis):
            server.stop()

    def start_process(self, name: str, *, program: str = "gencharge", **more: str) -> None:
        """Start `gencharge serve`, `worker` or `sandbox`, with `more` in its environment; or another program."""
        self.processes[name] = fork_server.start(
            program,
            name,
            folder=self.folder,
            log=self.folder / f"{name}.log",
            environment=self.inherited | self.environment | more,
        )

    def start_sandbox(self) -> None:
        """Start the outside parties and wait until they answer."""
        self.start_process("sandbox")
        self._wait_for(f"{self.sandbox_url}/sandbox/state", "sandbox")

    def start_api(self, **more: str) -> None:
        """Start the API and wait until it answers."""
        self.start_process("serve", **more)
        self.wait_for_api()

    def wait_for_api(self) -> None:
        """Return when the API answers; raises AssertionError with the end of its log."""
        self._wait_for(f"{self.url}/health/ready", "serve")

    def _wait_for(self, url: str, name: str) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            try:
                if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError((self.folder / f"{name}.log").read_text()[-3_000:])

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process of the product and wait for its end."""
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(20)

    def headers(self, numbers: Iterable[int]) -> list[dict[str, str]]:
        """Authorization headers of the sample users with these numbers."""
        return self.headers_of(user_id_of(number) for number in numbers)

    def headers_of(self, user_ids: Iterable[UUID]) -> list[dict[str, str]]:
        """Authorization headers of these customers."""
        keys = Keyring(self.settings)
        return [
            {"Authorization": f"Bearer {keys.sign(Principal(user_id, 'user', new_id()))}"}
            for user_id in user_ids
        ]

    def user(self, number: int) -> UUID:
        """The id of a sample user."""
        return user_id_of(number)


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
