"""`make audit` says what is known of every package of the locks, or that it can't."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests import advisories
from tests.advisories import NotChecked

ROOT = Path(__file__).parent.parent
WEAK = {
    "id": "PYSEC-2026-1",
    "summary": "Reads beyond the end.",
    "affected": [
        {
            "package": {"name": "two", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}
LOCK = """# by uv
one==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:00
Two[extra]==2.0 \\
    --hash=sha256:11 \\
    --hash=sha256:22
    # via one
two==1.9 ; python_full_version < '3.11.5'
"""


class Service:
    """A service of advisories on this machine, which speaks OSV's protocol."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name, version = query["package"]["name"], query["version"]
                service.asked.append((name, version))
                body = json.dumps({"vulns": [WEAK]} if (name, version) == ("two", "2.0") else {}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_parts: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.options = [
            "--vulnerability-service=osv",
            f"--osv-url=http://127.0.0.1:{self.server.server_port}/v1/query",
        ]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = Thread(target=service.server.serve_forever)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with locks."""
    for lock in advisories.LOCKS:
        (tmp_path / lock).write_text("")
    (tmp_path / "requirements.txt").write_text(LOCK)
    return tmp_path


def test_every_package_is_asked_about_whatever_platform_it_is_for(
    service: Service, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert advisories.main(service.options, folder) == advisories.WEAK
    assert sorted(service.asked) == [("one", "1.0"), ("two", "1.9"), ("two", "2.0")]
    assert capsys.readouterr().out.splitlines() == [
        "two 2.0: PYSEC-2026-1, fixed in 2.1",
        "Packages checked: 3. With a known weakness: 1.",
    ]


def test_nothing_known_is_said(service: Service, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "requirements.txt").write_text("one==1.0\n")
    assert advisories.main(service.options, folder) == advisories.CLEAN
    assert capsys.readouterr().out == "Packages checked: 1. With a known weakness: 0.\n"


def test_without_a_network_it_fails_with_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = ["--vulnerability-service=osv", "--osv-url=http://127.0.0.1:9/v1/query", "--timeout=2"]
    assert advisories.main(nowhere, folder) == advisories.NOT_CHECKED
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.startswith(
        "The audit is not complete: no answer of the service of advisories; is there a network?"
    )


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([{"name": "one", "version": "1.0", "vulns": []}], "two 2.0 (not in the report)"),
        (
            [
                {"name": "One", "version": "1.0", "vulns": []},
                {"name": "two", "skip_reason": "not found on the service"},
            ],
            "two 2.0 (not found on the service)",
        ),
        ([{"name": "two", "version": "2.1", "vulns": []}], "one 1.0 (not in the report), two 2.0"),
    ],
)
def test_a_package_that_was_skipped_is_a_failure(entries: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(NotChecked, match=re.escape(problem)):
        advisories.weaknesses_in(json.dumps({"dependencies": entries}), [("one", "1.0"), ("two", "2.0")])


@pytest.mark.parametrize(
    "report", ["", "no JSON", "[]", "{}", '{"dependencies": [{}]}', '{"dependencies": [1]}']
)
def test_a_report_that_says_nothing_is_a_failure(report: str) -> None:
    with pytest.raises(NotChecked):
        advisories.weaknesses_in(report, [("one", "1.0")])


def test_a_line_that_pins_nothing_is_a_failure() -> None:
    with pytest.raises(NotChecked, match=r"names no version: one>=1\.0"):
        advisories.read_packages(["one>=1.0 --hash=sha256:00\n"])


def test_the_locks_are_read_whole() -> None:
    texts = [(ROOT / lock).read_text() for lock in advisories.LOCKS]
    packages = advisories.read_packages(texts)
    pinned = {
        line.split()[0] for text in texts for line in text.splitlines() if re.match(r"[A-Za-z0-9].*==", line)
    }
    assert len(packages) == len(pinned) > 100
    assert [package for run in advisories.in_runs(packages) for package in run]
    assert sorted(package for run in advisories.in_runs(packages) for package in run) == packages


def test_make_audit_asks_the_service_that_is_named(service: Service) -> None:
    arguments = [
        *("make", "--no-print-directory", "--old-file=.venv/.stamp", "audit"),
        f"ARGS={' '.join(service.options)}",
    ]
    run = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(service.asked) == len(
        advisories.read_packages((ROOT / lock).read_text() for lock in advisories.LOCKS)
    )
    assert run.stdout.endswith("With a known weakness: 0.\n")
