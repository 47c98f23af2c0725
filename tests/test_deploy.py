"""The files of `deploy/`: systemd accepts the units, and nginx serves an API with TLS as its site says."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.test_dev import free_port

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
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


def nginx_folder(folder: Path, backend: int) -> tuple[int, int]:
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
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls_port} ssl"),
        ("    listen [::]:443 ssl http2;\n", ""),
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


@pytest.mark.skipif(
    not shutil.which("nginx") or not shutil.which("openssl"), reason="needs nginx and openssl"
)
def test_nginx_serves_with_tls_while_one_process_is_away_and_names_the_client(
    tmp_path: Path, backend: int
) -> None:
    port, tls_port = nginx_folder(tmp_path, backend)
    command = ["nginx", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        plain = httpx.get(f"http://127.0.0.1:{port}/v1/plans?limit=1", headers={"Host": NAME})
        assert plain.status_code == 308
        assert plain.headers["location"] == f"https://{NAME}/v1/plans?limit=1"
        with httpx.Client(verify=False, http2=False) as client:
            for _ in range(6):
                answer = client.get(
                    f"https://127.0.0.1:{tls_port}/v1/wallet",
                    headers={"Host": NAME, "X-Forwarded-For": "6.6.6.6"},
                )
                assert answer.status_code == 200
        seen = answer.json()
        assert seen["path"] == "/v1/wallet"
        assert seen["host"] == NAME
        # The last entry is nginx's own; what a client claims stands before it, and TRUSTED_PROXIES=1 ignores that.
        assert seen["x-forwarded-for"] == "6.6.6.6, 127.0.0.1"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    finally:
        process.terminate()
        assert process.wait(20) == 0


def wait_for(port: int) -> None:
    """Until nginx listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
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
