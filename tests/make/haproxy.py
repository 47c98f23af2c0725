"""HAProxy with the configuration of `deploy/`, on ports of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.make.pooler import free_port

NAME = "recharge.example.in"
FILE = Path(__file__).parent.parent.parent / "deploy" / "haproxy.cfg"
PROGRAM = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
needs_haproxy = pytest.mark.skipif(PROGRAM is None, reason="needs haproxy (Debian's package haproxy)")
# The lines by which another process is asked when a connection is refused.
_RETRIES = "    retries 3\n    retry-on conn-failure\n    option redispatch 1\n"


def configuration(
    apis: Sequence[int], *, port: int, tls_port: int | None, certificate: Path | None, retries: bool = True
) -> str:
    """The file of `deploy/` for these ports of API processes; without `tls_port` it serves in clear, to callers of any name.

    Without `retries` a request that meets a process which has gone is lost.
    """
    text = FILE.read_text(encoding="utf-8")
    servers = "".join(f"    server api-{api} 127.0.0.1:{api}\n" for api in apis)
    plain = tls_port is None or certificate is None
    tls = f"    bind :443 ssl crt /etc/haproxy/{NAME}.pem"
    changes = [
        ("    server api-8000 127.0.0.1:8000\n    server api-8001 127.0.0.1:8001\n", servers),
        # Who is not root may open fewer files.
        ("maxconn 20000", "maxconn 1000"),
        ("    bind :80\n", f"    bind 127.0.0.1:{port}\n"),
        (tls, "    # TLS:" if plain else f"    bind 127.0.0.1:{tls_port} ssl crt {certificate}"),
    ]
    if plain:
        changes.append(("    http-request redirect scheme https code 308 unless { ssl_fc }\n", ""))
        changes.append(("    http-request silent-drop unless ours\n", ""))
        # A test is one address.
        changes.append(("sc_http_req_rate(0) gt 500", "sc_http_req_rate(0) gt 1000000"))
    if not retries:
        changes.append((_RETRIES, "    retries 0\n"))
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def haproxy(folder: Path, text: str, *, port: int) -> Iterator[None]:
    """HAProxy with this configuration, once it listens on `port`."""
    assert PROGRAM is not None, "the test is skipped without it"
    file = folder / "haproxy.cfg"
    file.write_text(text)
    checked = subprocess.run([PROGRAM, "-c", "-f", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    # A warning is a line that does not mean what it seems to.
    assert "WARNING" not in checked.stderr, checked.stderr
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-db", "-f", str(file)], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 30
        while not _listens(port):
            assert process.poll() is None, (folder / "haproxy.log").read_text()
            assert time.monotonic() < end, "HAProxy did not start"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def two_ports() -> tuple[int, int]:
    """Ports for HTTP and HTTPS."""
    return free_port(), free_port()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
