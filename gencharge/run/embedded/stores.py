"""PostgreSQL, MongoDB and Redis: how each is set up, and how it says that it is ready."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.run.embedded import disk, wal
from gencharge.run.embedded.binaries import Binary, find_mongod, find_postgres, find_redis
from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.embedded.ownership import own_folder
from gencharge.run.embedded.server import Server
from gencharge.run.processes import Account, find_in_folder, last_lines, launched, send, wait_until_free


class Postgres(Server):
    """PostgreSQL with checksums, fsync and a socket; the superuser is `gencharge`, without a password."""

    name = "postgres"
    label = "PostgreSQL"
    program = "postgres"
    setting = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "Fast" shutdown: clients are cut off, the rest is orderly.
    # Off for data that nobody needs after a power cut: then nothing waits for the disk.
    fsync = True
    # The folder that the write-ahead log is archived in, and the base backups beside it; None: it is not archived.
    wal_dir: Path | None = None
    # The public key that the log is archived with, in hexadecimal digits; empty: it is not encrypted.
    wal_public_key: str = ""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        # Settings of this server beside the usual ones.
        self.more: dict[str, str] = {}

    @property
    def url(self) -> str:
        """libpq-style URL of the database `gencharge_dev`."""
        return embedded_postgres_url(self.data_dir)

    @property
    def socket(self) -> Path:
        """The Unix socket, named as libpq wants it."""
        return self.sockets / ".s.PGSQL.5432"

    def _find(self) -> Binary | None:
        return find_postgres()

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.sockets}"',
            "fsync": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            "synchronous_commit": "on",
            "shared_buffers": "128MB",
            "max_connections": "200",
            "work_mem": "8MB",
            "effective_cache_size": "1GB",
            "random_page_cost": "1.1",
            "jit": "off",  # Its warm-up costs more than the short queries here take.
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_lock_waits": "on",
            "log_min_duration_statement": "1s",
            "cluster_name": "gencharge",
            **(wal.settings(self.wal_dir, self.wal_public_key) if self.wal_dir else {}),
            **self.more,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binary.path), "-D", str(self.folder), *options]

    def _answers(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _passes(self) -> list[Path]:
        own = super()._passes()
        if self.wal_dir is not None:
            own.append(wal.make_folder(self.wal_dir))
        if self.wal_dir is not None or "restore_command" in self.more:
            own += wal.programs()
        return own

    def _prepare(self, account: Account | None) -> None:
        if self.wal_dir is not None:
            wal.own(self.wal_dir, account)
        if self.version == "unknown":
            raise ServerFailed(f"PostgreSQL: {self.binary.problem()}")
        finish_switch(self.data_dir)
        marker = self.folder / "PG_VERSION"
        if not marker.exists():
            if self.folder.exists() and any(self.folder.iterdir()):
                raise ServerFailed(f"PostgreSQL: {self.folder} holds no database; move it away")
            self._create_cluster(account)
        own_folder(self.folder, account, mode=0o700)
        made_by, major = marker.read_text().strip(), self.version.partition(".")[0]
        if made_by != major:
            older = made_by.isdigit() and int(made_by) < int(major)
            way = "`gencharge upgrade-data` brings it to that" if older else "run the GenCharge that made it"
            raise ServerFailed(
                f"PostgreSQL: {self.folder} was made by version {made_by}, the server is {major}: {way}, or set "
                f"DATA_DIR to another folder"
            )
        # No process works in the folder (checked before), so what these files say about one is stale; the pid
        # in them may belong to a stranger by now, and the server would refuse to start.
        for stale in (self.folder / "postmaster.pid", self.socket.with_name(self.socket.name + ".lock")):
            stale.unlink(missing_ok=True)

    def _create_cluster(self, account: Account | None) -> None:
        """Run initdb in a folder next to the final one and rename it: a crash in between leaves nothing half made."""
        draft = self.folder.with_name("postgres.new")
        # An initdb whose parent was killed goes on alone.
        send(find_in_folder(draft, {"initdb", "postgres"}), signal.SIGKILL)
        wait_until_free(draft, {"initdb", "postgres"}, timeout=10)
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(draft, account, mode=0o700)
        # Since 17 the server has its own C.UTF-8, with upper and lower case for every script and the same sort
        # order on every machine.
        modern = int(self.version.partition(".")[0]) >= 17
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if modern else []
        initdb = [
            *("--username=gencharge", "--auth=trust", "--encoding=UTF8", "--no-locale", "--data-checksums"),
            *locale,
        ]
        self._run([self.binary.sibling("initdb"), "-D", str(draft), *initdb], draft, account)
        single = [str(self.binary.path), "--single", "-D", str(draft), "template1"]
        self._run(single, draft, account, feed=b"CREATE DATABASE gencharge_dev;\n")
        draft.rename(self.folder)

    def _run(self, command: list[str], folder: Path, account: Account | None, feed: bytes = b"") -> None:
        # The environment's locale may not exist on this machine; initdb would refuse it.
        done = subprocess.run(  # noqa: S603 - fixed programs
            launched(command, death_signal=signal.SIGKILL, account=account),
            input=feed,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            reason = disk.shortage(self.data_dir) or " | ".join(last_lines(self.log, 3))
            raise ServerFailed(f"PostgreSQL: {Path(command[0]).name} failed: {reason}")


def finish_switch(data_dir: Path) -> None:
    """Put the data that an upgrade has made in their place, if it was ended after it had taken the old ones away."""
    upgraded, folder = data_dir / "postgres.upgraded", data_dir / "postgres"
    if upgraded.exists() and not folder.exists():
        upgraded.rename(folder)


class Mongo(Server):
    """MongoDB, one node, journal on (its default)."""

    name = "mongo"
    label = "MongoDB"
    program = "mongod"
    setting = "MONGO_URL"

    @property
    def url(self) -> str:
        """The client URL of the socket."""
        return embedded_mongo_url(self.data_dir)

    @property
    def socket(self) -> Path:
        """The Unix socket; mongod derives this name from its port number, which it does not open."""
        return self.sockets / "mongodb-27017.sock"

    def _find(self) -> Binary | None:
        return find_mongod(self.data_dir / "lib")

    def _command(self) -> list[str]:
        # The one bind address is the socket that the prefix leads to anyway: no TCP port is opened.
        listen = ["--bind_ip", str(self.socket), "--unixSocketPrefix", str(self.sockets)]
        # A relative path, so that nothing above the folder matters while it runs.
        storage = ["--dbpath", ".", "--wiredTigerCacheSizeGB", "0.25", "--filePermissions", "0600"]
        quiet = ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        return [str(self.binary.path), *listen, *storage, *quiet]

    def _answers(self) -> bool:
        # mongod listens only after it has opened (and recovered) its data.
        return _ask(self.socket, b"") is not None


class Redis(Server):
    """Redis with an append-only file, synced every second; it never evicts."""

    name = "redis"
    label = "Redis"
    program = "redis-server"
    setting = "REDIS_URL"

    @property
    def url(self) -> str:
        """The client URL of the socket."""
        return embedded_redis_url(self.data_dir)

    @property
    def socket(self) -> Path:
        """The Unix socket."""
        return self.sockets / "redis.sock"

    def _find(self) -> Binary | None:
        return find_redis()

    def _command(self) -> list[str]:
        listen = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        # Sessions and one-time passwords must not vanish silently: a full store refuses writes instead.
        memory = ["--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--databases", "64"]
        return [str(self.binary.path), *listen, *durable, *memory, "--dir", ".", "--daemonize", "no"]

    def _answers(self) -> bool:
        return _ask(self.socket, b"PING\r\n") == b"+PONG\r\n"


def _ask(path: Path, request: bytes) -> bytes | None:
    """Connect, send, read one answer; None when nobody listens. An empty request only connects."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(request)
            return client.recv(64) if request else b""
        except OSError:
            return None
