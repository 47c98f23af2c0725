"""Three PostgreSQL servers under Patroni with the configuration of `deploy/patroni.yml`, and an etcd: real processes on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import yaml  # type: ignore[import-untyped]

from gencharge.run.embedded.binaries import find_postgres
from gencharge.run.embedded.ownership import own_folder, server_account
from gencharge.run.processes import spawn
from tests.make.pooler import free_port

FILE = Path(__file__).parent.parent.parent / "deploy" / "patroni.yml"
# Patroni in an environment of its own: its libraries are no business of the product's.
PATRONI = os.environ.get("PATRONI") or shutil.which("patroni")
ETCD = os.environ.get("ETCD") or shutil.which("etcd")
needs_patroni = pytest.mark.skipif(
    not PATRONI or not ETCD,
    reason="needs Patroni and etcd: pip install 'patroni[etcd3]' 'psycopg[binary]' into an environment of its own, PATRONI=its program; "
    "Debian's package etcd-server, or ETCD=its program",
)
_SECONDS = 120


class Cluster:
    """Three nodes; `hosts` is what DATABASE_URL names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._account = server_account(folder / "nowhere")
        if self._account is not None:
            self._account = replace(self._account, passes=True)
        self._etcd_ports = free_port(), free_port()
        self._ports = {f"db{number}": (free_port(), free_port()) for number in (1, 2, 3)}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.hosts = ",".join(f"127.0.0.1:{port}" for port, _ in self._ports.values())

    def start(self) -> None:
        """Start all; returns when there is a leader with two standbys, one of them synchronous."""
        own_folder(self._folder, self._account, 0o755)
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        self._spawn(
            "etcd",
            *(str(ETCD), "--data-dir", str(self._folder / "etcd"), "--enable-v2=true"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", f"default={peer}"),
        )
        for name in self._ports:
            self.start_node(name)
            wait_until(lambda name=name: self._is_up(name), "a node did not start")  # type: ignore[misc]
        wait_until(lambda: self.is_whole(), "no leader with two standbys")

    def start_node(self, name: str) -> None:
        """Start Patroni of a node, which starts PostgreSQL."""
        port, rest = self._ports[name]
        data = self._folder / name
        binary = find_postgres()
        assert binary is not None
        text = FILE.read_text(encoding="utf-8")
        for old, new in (
            ("name: db1", f"name: {name}"),
            ("10.0.0.1:8008", f"127.0.0.1:{rest}"),
            ("10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379", f"127.0.0.1:{self._etcd_ports[0]}"),
            ("10.0.0.1:5432", f"127.0.0.1:{port}"),
            ("/var/lib/postgresql/18/gencharge", str(data / "data")),
            ("/usr/lib/postgresql/18/bin", str(binary.path.parent)),
            ("/var/lib/postgresql/.pgpass-patroni", str(data / "pgpass")),
            ("/var/run/postgresql", str(data)),
            ("10.0.0.0/24", "127.0.0.1/32"),
            # Without TLS on the loopback, and as another user than postgres.
            ("local all all peer", "local all all trust"),
            ("hostssl", "host"),
            (
                '    ssl: "on"\n    ssl_cert_file: /etc/patroni/server.crt\n    ssl_key_file: /etc/patroni/server.key\n',
                "",
            ),
            ("mode: automatic", 'mode: "off"'),
        ):
            assert old in text, old
            text = text.replace(old, new)
        own_folder(data, self._account)
        file = data / "patroni.yml"
        file.write_text(text)
        file.chmod(0o644)
        self._spawn(name, str(PATRONI), str(file))

    def stop(self) -> None:
        """End everything by force."""
        for name in list(self._processes):
            self.kill(name)

    def kill(self, name: str) -> None:
        """A node with all its processes, or the etcd, as the power going off does."""
        process = self._processes.pop(name)
        family = [process, *psutil.Process(process.pid).children(recursive=True)] if _lives(process) else []
        # PostgreSQL is in a session of its own, and goes on if Patroni alone is killed.
        family += self._servers(name)
        for each in family:
            try:
                os.kill(each.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait(30)

    def kill_postgres(self, name: str) -> None:
        """PostgreSQL of a node only; its Patroni goes on."""
        for each in self._servers(name):
            try:
                os.kill(each.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def freeze_patroni(self, name: str, seconds: float) -> None:
        """Patroni of a node stands still until `seconds` after another node leads; its PostgreSQL goes on, and its clients stay with it."""
        process = self._processes[name]
        os.kill(process.pid, signal.SIGSTOP)
        try:
            others = [each for each in self._ports if each != name]
            wait_until(
                lambda: any(
                    member["role"] == "leader" and member["name"] != name and member["state"] == "running"
                    for other in others
                    for member in self._members(other)
                ),
                "nobody took over",
            )
            time.sleep(seconds)
        finally:
            os.kill(process.pid, signal.SIGCONT)

    def switch_over(self) -> None:
        """Let another node lead, in order. Raises AssertionError if Patroni refuses."""
        leader = self.leader()
        assert leader is not None
        url = f"http://127.0.0.1:{self._ports[leader][1]}/switchover"
        answer = httpx.post(url, json={"leader": leader}, timeout=60)
        assert answer.status_code == 200, answer.text

    def leader(self) -> str | None:
        """The name of the node that leads and runs, or None."""
        for name in self._ports:
            for member in self._members(name):
                if member["role"] == "leader" and member["state"] == "running":
                    return str(member["name"])
        return None

    def is_whole(self) -> bool:
        """Whether one leads and two follow it, one of them synchronously."""
        members = self._members(self.leader() or "db1")
        roles = sorted(member["role"] for member in members)
        return roles == ["leader", "replica", "sync_standby"] and all(
            member["state"] in {"running", "streaming"} for member in members
        )

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements at the leader as the superuser, each by itself."""
        url = (
            f"postgresql://postgres:PASSWORD-OF-POSTGRES@{self.hosts}/{database}?target_session_attrs=primary"
        )
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def _members(self, asked: str) -> list[dict[str, Any]]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._ports[asked][1]}/cluster", timeout=5)
        except httpx.TransportError:
            return []
        return list(answer.json().get("members", []))

    def _is_up(self, name: str) -> bool:
        assert _lives(self._processes[name]), (self._folder / f"{name}.log").read_text()[-3_000:]
        return any(
            member["name"] == name and member["state"] in {"running", "streaming"}
            for member in self._members(name)
        )

    def _servers(self, name: str) -> list[psutil.Process]:
        """PostgreSQL's processes of a node."""
        data = str(self._folder / name / "data")
        first = [
            process
            for process in psutil.process_iter(["cmdline"])
            if data in (process.info["cmdline"] or ()) and "postgres" in process.info["cmdline"][0]
        ]
        return [each for process in first for each in (process, *process.children(recursive=True))]

    def _spawn(self, name: str, *command: str) -> None:
        self._processes[name] = spawn(
            command,
            folder=self._folder,
            log=self._folder / f"{name}.log",
            account=self._account,
            environment={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
        )


def _lives(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def wait_until(holds: Callable[[], bool], problem: str) -> None:
    """Return when it holds; raises AssertionError after two minutes."""
    end = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < end, problem
        time.sleep(0.3)


def patroni_configuration() -> dict[str, Any]:
    """The file of `deploy/` as it is."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))
