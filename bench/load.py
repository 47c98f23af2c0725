"""Prepared requests, and the load generator that sends them: wrk if it is installed, else `bench.generator`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_SCRIPT = Path(__file__).with_name("request.lua")
KEY = "@KEY@"


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the generator saw."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return self.requests / self.seconds


def get(path: str, token: str = "") -> bytes:
    """A GET as it is sent."""
    return _request("GET", path, token, "", b"")


def post(path: str, token: str, body: bytes, **headers: str) -> bytes:
    """A POST of JSON with the mark of an Idempotency-Key, which the generator fills in."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return _request(
        "POST", path, token, f"Content-Type: application/json\r\nIdempotency-Key: {KEY}\r\n{more}", body
    )


def _request(method: str, path: str, token: str, headers: str, body: bytes) -> bytes:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}{headers}{length}\r\n".encode() + body
    )


def write(file: Path, requests: Iterable[bytes]) -> Path:
    """Write the file that the generators read."""
    file.write_bytes(b"".join(request + b"\0" for request in requests))
    return file


def generator_name() -> str:
    """Which generator `drive` uses on this machine."""
    return "wrk" if shutil.which("wrk") else "bench.generator (Python)"


def drive(port: int, file: Path, *, seconds: float, connections: int) -> Load:
    """Send the file's requests round and round for `seconds`."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _python(port, file, connections, ["--seconds", str(seconds)])
    # wrk knows whole seconds only.
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    words = [wrk, *options, "-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", str(file), uuid4().hex]
    return _run(words)


def send(port: int, file: Path, *, count: int, connections: int) -> Load:
    """Send `count` requests."""
    return _python(port, file, connections, ["--count", str(count)])


def _python(port: int, file: Path, connections: int, limit: Sequence[str]) -> Load:
    module = [sys.executable, "-m", "bench.generator"]
    return _run([*module, str(port), str(file), uuid4().hex, str(connections), *limit])


def _run(words: Sequence[str]) -> Load:
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=_SCRIPT.parent.parent)
    return Load(**json.loads(done.stdout.splitlines()[-1]))
