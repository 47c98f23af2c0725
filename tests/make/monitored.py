"""A process of the product whose metrics are read."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gencharge.core.settings import Settings
from tests.make import fork_server


@dataclass(frozen=True, slots=True)
class Monitored:
    """An API or a worker that runs, and where its metrics are."""

    process: fork_server.Process
    port: int
    log: Path


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: str, settings: Settings, folder: Path, **more: str) -> Iterator[Monitored]:
    """An API (`serve`) or a `worker` over the stores of these settings, with more of its environment. It has only been started."""
    port = free_port()
    environment = {
        "ENVIRONMENT": "test",
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": str(settings.database_url),
        "MONGO_URL": settings.mongo_url,
        "MONGO_DATABASE": settings.mongo_database,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "OTP_SECRET": settings.otp_secret.get_secret_value(),
        "PORT" if command == "serve" else "WORKER_METRICS_PORT": str(port),
    }
    inherited = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
    log = folder / f"{command}.log"
    process = fork_server.start(
        "gencharge", command, folder=folder, log=log, environment=inherited | environment | more
    )
    try:
        yield Monitored(process, port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
