"""Whose certificates are trusted: the system's, by every client that calls somebody."""

from __future__ import annotations

import ast
import inspect
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

import gencharge
from gencharge.core.tls import new_tls
from tests.make.certificates import certificate_of

PACKAGE = Path(gencharge.__file__).parent
# What makes a context by itself unless it is given one, and the argument that gives it. A transport has its own `verify`.
ARGUMENTS = {
    "httpx.Client": {"verify", "transport"},
    "httpx.AsyncClient": {"verify", "transport"},
    "httpx.HTTPTransport": {"verify"},
    "httpx.AsyncHTTPTransport": {"verify"},
    "aiosmtplib.SMTP": {"tls_context"},
}
MAKERS = {"httpx.create_ssl_context", "ssl.create_default_context", "ssl.SSLContext"}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is the test's."""


@pytest.fixture(autouse=True)
def contexts_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite makes one context and keeps it; here the system's list changes."""
    monkeypatch.setattr(ssl, "create_default_context", inspect.unwrap(ssl.create_default_context))


@contextmanager
def partner(served: ssl.SSLContext) -> Iterator[str]:
    """A partner's server with TLS; its address."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    server.socket = served.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_the_system_trusts_is_trusted_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, _ = certificate_of(tmp_path, "localhost")
    with partner(served) as url:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(url, verify=new_tls(), trust_env=False)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
        assert httpx.get(url, verify=new_tls(), trust_env=False).status_code == 204


def test_a_list_of_one_ca_is_enough_and_an_empty_system_gets_certifi_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate_of(tmp_path, "localhost")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    assert new_tls().cert_store_stats()["x509"] == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert new_tls().cert_store_stats()["x509"] > 50
    # A folder of hashed names, as `update-ca-certificates` fills it, is a list, too.
    (tmp_path / "empty" / "0a1b2c3d.0").touch()
    assert new_tls().cert_store_stats()["x509"] == 0


def clients_with_a_list_of_their_own(source: str) -> list[int]:
    """The lines that make a client or a context whose certificates are not `core.tls`'s."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        names = {keyword.arg for keyword in node.keywords}
        if name in MAKERS or (name in ARGUMENTS and not names & ARGUMENTS[name]):
            lines.append(node.lineno)
    return lines


def test_no_client_has_a_list_of_its_own() -> None:
    lines = [
        f"{path.relative_to(PACKAGE)}:{line}: pass verify=tls() of gencharge.core.tls"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "core" / "tls.py"
        for line in clients_with_a_list_of_their_own(path.read_text(encoding="utf-8"))
    ]
    assert lines == []


def test_a_client_with_a_list_of_its_own_is_found() -> None:
    source = "httpx.AsyncClient(timeout=1)\nhttpx.Client(verify=tls())\nssl.create_default_context()\n"
    assert clients_with_a_list_of_their_own(source) == [1, 3]
