"""The files of `deploy/`: systemd accepts the units, and nginx serves an API with TLS as its site says."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gencharge.run import serving, worker
from tests.test_dev import free_port

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = "".join(
    (ROOT / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    for page in ("deploy", "upgrade", "containers", "poolers")
)
NAME = "recharge.example.in"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the path and the headers of the request, as the API behind nginx sees them."""

    def do_GET(self) -> None:
        body = json.dumps(
            {"path": self.path, **{key.lower(): value for key, value in self.headers.items()}}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def backend() -> Iterator[int]:
    """The port of a server that stands in for an API process."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def nginx_folder(folder: Path, backend: int, *, sign_in_rate: str = "60r/m") -> tuple[int, int]:
    """Write the site of `deploy/`, with a certificate of its own and on free ports: its ports for HTTP and HTTPS."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    port, tls_port = free_port(), free_port()
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (
        ("127.0.0.1:8000", f"127.0.0.1:{backend}"),
        ("127.0.0.1:8001", f"127.0.0.1:{free_port()}"),  # the process that restarts
        ("listen 80", f"listen 127.0.0.1:{port}"),
        ("    listen [::]:80 default_server;\n", ""),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls_port} ssl"),
        ("    listen [::]:443 ssl http2 default_server;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/nginx/snippets/gencharge-proxy.conf", str(DEPLOY / "nginx-proxy.conf")),
        # A test is one address, and has no time.
        ("rate=60r/m", f"rate={sign_in_rate}"),
        ("client_header_timeout 10s", "client_header_timeout 1s"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(folder / "cert.pem")),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(folder / "key.pem")),
    ):
        assert old in site, old
        site = site.replace(old, new)
    paths = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths}\n{site}}}\n"
    )
    return port, tls_port


@contextmanager
def nginx(folder: Path, backend: int, **options: str) -> Iterator[tuple[int, int]]:
    """nginx with the site, once it listens: its ports for HTTP and HTTPS."""
    port, tls_port = nginx_folder(folder, backend, **options)
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, tls_port
    finally:
        process.terminate()
        assert process.wait(20) == 0


needs_nginx = pytest.mark.skipif(
    not shutil.which("nginx") or not shutil.which("openssl"), reason="needs nginx and openssl"
)


@needs_nginx
def test_nginx_serves_with_tls_while_one_process_is_away_and_names_the_client(
    tmp_path: Path, backend: int
) -> None:
    with nginx(tmp_path, backend) as (port, tls_port):
        plain = httpx.get(f"http://127.0.0.1:{port}/v1/plans?limit=1", headers={"Host": NAME})
        assert plain.status_code == 308
        assert plain.headers["location"] == f"https://{NAME}/v1/plans?limit=1"
        for _ in range(6):
            answer = get(tls_port, "/v1/wallet", **{"X-Forwarded-For": "6.6.6.6"})
            assert answer.status_code == 200
        seen = answer.json()
        assert seen["path"] == "/v1/wallet"
        assert seen["host"] == NAME
        # The last entry is nginx's own; what a client claims stands before it, and TRUSTED_PROXIES=1 ignores that.
        assert seen["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
        assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
        assert get(tls_port, "/metrics", Authorization="Bearer x").json()["authorization"] == "Bearer x"


def test_every_server_of_nginx_names_tls_1_2_and_1_3_only() -> None:
    """OpenSSL may refuse older ones by itself; the next machine's may not."""
    for path in DEPLOY.glob("*.conf"):
        text = path.read_text(encoding="utf-8")
        protocols = [line.split() for line in re.findall(r"^\s*ssl_protocols ([^;]*);", text, re.MULTILINE)]
        assert all(set(each) == {"TLSv1.2", "TLSv1.3"} for each in protocols), path
        assert len(protocols) == len(re.findall(r"^\s*listen 443 ", text, re.MULTILINE)), path


@needs_nginx
def test_nginx_answers_no_other_name_and_no_old_protocol(tmp_path: Path, backend: int) -> None:
    with nginx(tmp_path, backend) as (port, tls_port):
        for headers in ({"Host": "evil.example"}, {"Host": f"127.0.0.1:{port}"}):
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(f"http://127.0.0.1:{port}/", headers=headers)
        assert handshake(tls_port, "evil.example", ssl.TLSVersion.TLSv1_3) is None
        assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_1) is None
        assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        assert handshake(tls_port, NAME, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


@needs_nginx
def test_nginx_bounds_heads_slow_clients_and_tries_to_sign_in(tmp_path: Path, backend: int) -> None:
    with nginx(tmp_path, backend, sign_in_rate="1r/m") as (port, tls_port):
        assert get(tls_port, "/v1/plans", Cookie="x" * 40_000).status_code == 400
        statuses = [get(tls_port, "/v1/auth/sessions").status_code for _ in range(70)]
        assert statuses.count(200) == 61  # one, and the burst
        assert set(statuses) == {200, 429}
        assert get(tls_port, "/v1/plans").status_code == 200
        with socket.create_connection(("127.0.0.1", port), 10) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
            assert slow.recv(100) == b""  # left, and not answered


def get(tls_port: int, path: str, **headers: str) -> httpx.Response:
    """Ask the site, by its name."""
    with httpx.Client(verify=unverified(), timeout=20) as client:
        return client.get(
            f"https://127.0.0.1:{tls_port}{path}",
            headers={"Host": NAME, **headers},
            extensions={"sni_hostname": NAME},
        )


def unverified() -> ssl.SSLContext:
    """A context that takes the certificate of the test. Not the default one, which all tests of a process share (tests/conftest.py)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def handshake(tls_port: int, name: str, version: ssl.TLSVersion) -> str | None:
    """The protocol that nginx agrees to with a client that speaks this one only; None if it refuses."""
    context = unverified()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", tls_port), 10) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name) as secured:
                return secured.version()
        except (ssl.SSLError, ConnectionError):
            return None


def wait_for(port: int) -> None:
    """Until nginx listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": NAME})
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = tmp_path / "gencharge"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units = [path.name for path in sorted(DEPLOY.glob("*.service"))]
    assert len(units) == 2
    for unit in units:
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        assert "/opt/gencharge/bin/gencharge " in text
        (tmp_path / unit.replace("@.", "@8000.")).write_text(
            text.replace("/opt/gencharge/bin/gencharge", str(program))
        )
    files = [str(tmp_path / unit.replace("@.", "@8000.")) for unit in units]
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    problems = [line for line in checked.stderr.splitlines() if str(tmp_path) in line or "gencharge" in line]
    assert problems == []
    assert checked.returncode == 0, checked.stderr


def test_the_guide_names_every_file_and_the_ports_of_the_site() -> None:
    for path in DEPLOY.iterdir():
        assert f"deploy/{path.name}" in GUIDE, path.name
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for port in ("8000", "8001"):
        assert f"gencharge-api@{port}" in GUIDE
        assert f"server 127.0.0.1:{port}" in site


@pytest.mark.parametrize(
    ("ready", "restarted"),
    [
        ({"8000", "8001"}, ["gencharge-worker", "gencharge-api@8000", "gencharge-api@8001"]),
        ({"8001"}, ["gencharge-worker", "gencharge-api@8000"]),
        ({"8000"}, ["gencharge-worker", "gencharge-api@8000", "gencharge-api@8001"]),
        ({"8000", "8001", "no worker"}, ["gencharge-worker"]),
    ],
)
def test_an_upgrade_stops_at_the_process_that_does_not_come_back(
    tmp_path: Path, ready: set[str], restarted: list[str]
) -> None:
    """The command of the guide, with tools that write down what they are asked, and a curl for which only some are ready."""
    page = (ROOT / "docs" / "how-to" / "upgrade.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^ *(?:/opt/gencharge/src/)(deploy/rolling-restart .*)$", page, re.MULTILINE)
    ports = sorted(ready - {"no worker"})
    tools = {
        "systemctl": f'case $1 in restart) echo "$2" >> "$LOG";; *) exit {3 * ("no worker" in ready)};; esac',
        "curl": f'case "$*" in {" | ".join(f"*:{port}/*" for port in ports)}) exit 0;; *) exit 22;; esac',
        "sleep": "exit 0",
    }
    for name, body in tools.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\n{body}\n")
        tool.chmod(0o755)
    log = tmp_path / "log"
    path = f"{tmp_path}:{os.environ['PATH']}"
    answer = subprocess.run(
        command.split(), cwd=ROOT, env={"PATH": path, "LOG": str(log)}, capture_output=True, text=True
    )
    assert log.read_text().split() == restarted
    is_whole = ready == {"8000", "8001"}
    assert ("All run the new release." in answer.stdout) == is_whole
    assert (answer.returncode == 0) == is_whole
    # Who reads the end of the output knows which unit to look at.
    assert answer.stderr == "" if is_whole else f"journalctl -u {restarted[-1]}\n" in answer.stderr


def test_the_units_leave_a_process_the_time_that_it_takes_to_stop() -> None:
    for unit, seconds in (
        ("gencharge-api@.service", 5 + serving.STOP_SECONDS),  # with the SHUTDOWN_DELAY_SECONDS of the guide
        ("gencharge-worker.service", worker._STOP_SECONDS),
    ):
        [limit] = re.findall(
            r"^TimeoutStopSec=(\d+)$", (DEPLOY / unit).read_text(encoding="utf-8"), re.MULTILINE
        )
        assert int(limit) > seconds, unit
