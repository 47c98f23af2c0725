"""The embedded servers: real ones, durable, on sockets only, and never left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pymongo import MongoClient, WriteConcern
from redis import Redis as RedisClient

from gencharge.backups import cipher, wal_keys
from gencharge.core.settings import Settings
from gencharge.run.embedded import AlreadyRunning, EmbeddedServers, Postgres, Redis, ServerFailed, wal
from gencharge.run.embedded.binaries import missing_library
from gencharge.run.processes import wait_until_free

PROGRAMS = {"postgres", "mongod", "redis-server"}
# A parent that runs the servers of a folder until it is killed.
PARENT = """
import signal, sys
from pathlib import Path
from typing import Any
from gencharge.run.embedded import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])):
    print("ready", flush=True)
    signal.pause()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a path that is short enough for sockets, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedServers]:
    """One set of servers for the tests that only look at them, or restart one."""
    path = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    with EmbeddedServers(path) as servers:
        yield servers
    shutil.rmtree(path, ignore_errors=True)


def sql(servers: EmbeddedServers, statement: str) -> str:
    """The first column of the first row."""
    with psycopg.connect(servers.postgres.url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def documents_of(servers: EmbeddedServers) -> MongoClient[dict[str, Any]]:
    """A client whose writes count once they are in the journal."""
    return MongoClient(servers.mongo.url, journal=True)


def redis_of(server: Redis) -> RedisClient:
    """A client of the server."""
    return RedisClient.from_url(server.url, decode_responses=True)


def test_postgresql_is_a_durable_utf8_cluster_in_utc_with_checksums(running: EmbeddedServers) -> None:
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "",
    }
    assert {name: sql(running, f"SHOW {name}") for name in expected} == expected
    assert sql(running, "SELECT current_user || ' ' || current_database()") == "gencharge gencharge_dev"
    assert sql(running, "SELECT upper('é') || lower('ÀÉ')") == "Éàé"
    assert running.postgres.version.startswith("18.")


def test_mongodb_journals_and_redis_appends_every_write(running: EmbeddedServers) -> None:
    with documents_of(running) as client:
        before = client.admin.command("serverStatus")["wiredTiger"]["log"]["log sync operations"]
        client.get_database("t", write_concern=WriteConcern(j=True)).writes.insert_one({"a": 1})
        assert client.admin.command("serverStatus")["wiredTiger"]["log"]["log sync operations"] > before
        assert client.server_info()["version"] == running.mongo.version
    with redis_of(running.redis) as client:
        assert client.config_get("append*") == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "appendfilename": "appendonly.aof",
        }
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_on_tcp(running: EmbeddedServers) -> None:
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        listening |= {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    pids = [pid for server in running.servers for pid in server.left_running()]
    assert len(pids) > len(running.servers)  # PostgreSQL has several
    held = {os.readlink(entry) for pid in pids for entry in Path(f"/proc/{pid}/fd").iterdir()}
    assert not held & listening


def test_servers_never_run_as_root_and_their_sockets_are_private(running: EmbeddedServers) -> None:
    assert running.postgres.sockets.stat().st_mode & 0o077 == 0
    assert running.postgres.folder.stat().st_mode & 0o077 == 0
    if sys.platform == "linux":
        assert all(Path(f"/proc/{server.pid}").stat().st_uid != 0 for server in running.servers)


def test_data_survives_kill_and_restart_of_each_server(running: EmbeddedServers) -> None:
    sql(running, "CREATE TABLE survivor AS SELECT 42 AS n")
    with documents_of(running) as documents:
        documents.t.survivor.insert_one({"n": 42})
    with redis_of(running.redis) as client:
        client.set("survivor", 42)
    # Redis promises the last write only after its fsync, at most a second later; the kernel has it already,
    # and a kill of the process (unlike a power cut) loses nothing.
    for server in running.servers:
        server.kill()
        assert server.left_running() == []
        server.start()
    running.wait_ready()
    assert sql(running, "SELECT n FROM survivor") == "42"
    with documents_of(running) as documents:
        document = documents.t.survivor.find_one()
        assert document is not None
        assert document["n"] == 42
    with redis_of(running.redis) as client:
        assert client.get("survivor") == "42"


def test_a_second_owner_is_told_who_the_first_is(running: EmbeddedServers) -> None:
    second = EmbeddedServers(running.data_dir)
    with pytest.raises(AlreadyRunning, match=f"already running here \\(pid {os.getpid()}\\)"):
        second.start()
    running.check()


def test_a_server_that_ends_by_itself_is_noticed(running: EmbeddedServers) -> None:
    os.kill(running.redis.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while running.redis.running and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(ServerFailed, match="Redis stopped"):
        running.check()
    running.redis.start()
    running.redis.wait_ready()


def test_killing_the_parent_leaves_no_process_and_the_next_start_has_the_data(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    servers = EmbeddedServers(folder)
    sql(servers, "CREATE TABLE survivor AS SELECT 42 AS n")
    parent.kill()
    parent.communicate()
    # The next start waits for whatever is still shutting down.
    with servers:
        assert sql(servers, "SELECT n FROM survivor") == "42"
        parent_gone = [server.pid for server in servers.servers]
    assert all(not server.left_running() for server in servers.servers)
    assert len(set(parent_gone)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent dies")
def test_killing_the_parent_ends_the_servers_without_another_start(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    parent.kill()
    parent.communicate()
    servers = EmbeddedServers(folder)
    for server in servers.servers:
        assert wait_until_free(server.folder, PROGRAMS, timeout=5), server.label


def test_a_server_outlives_the_thread_that_started_it(folder: Path) -> None:
    server = Redis(folder)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    server.wait_ready()
    time.sleep(0.1)
    assert server.running
    server.stop()


def test_an_orphan_is_stopped_before_the_next_start(folder: Path) -> None:
    first = Redis(folder)
    first.start()
    first.wait_ready()
    with redis_of(first) as client:
        client.set("survivor", 42)
    # A second handle knows nothing of the first process, as after a crash of the parent on another system.
    second = Redis(folder)
    second.start()
    second.wait_ready()
    assert second.left_running() == [second.pid]
    assert not first.running
    with redis_of(second) as client:
        assert client.get("survivor") == "42"
    second.stop()


def test_stale_files_that_name_a_stranger_neither_stop_the_start_nor_kill_the_stranger(folder: Path) -> None:
    server = Postgres(folder)
    server.start()
    server.wait_ready()
    pid_file, lock_file = server.folder / "postmaster.pid", server.socket.with_name(".s.PGSQL.5432.lock")
    left = {path: path.read_text() for path in (pid_file, lock_file)}
    server.kill()
    owner = server.folder.stat()
    user = {} if os.geteuid() else {"user": owner.st_uid, "group": owner.st_gid}
    stranger = subprocess.Popen(["sleep", "60"], **user)  # type: ignore[call-overload]
    for path, text in left.items():
        path.write_text(text.replace(text.splitlines()[0], str(stranger.pid), 1))
    server.start()
    server.wait_ready()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    server.stop()
    assert not pid_file.exists()


def test_a_start_that_was_cut_off_in_initdb_is_done_again(folder: Path) -> None:
    draft = folder / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    server = Postgres(folder)
    server.start()
    server.wait_ready()
    assert not draft.exists()
    server.stop()
    (server.folder / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServerFailed, match="made by version 14, the server is 18"):
        server.start()


def test_a_folder_of_somebody_else_or_a_link_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    server = Redis(folder)
    server.sockets.symlink_to(folder / "elsewhere")
    with pytest.raises(ServerFailed, match="or is a link"):
        server.start()
    postgres = Postgres(folder)
    server.sockets.unlink()
    postgres.folder.mkdir()
    (postgres.folder / "precious").touch()
    with pytest.raises(ServerFailed, match="holds no database; move it away"):
        postgres.start()
    assert (postgres.folder / "precious").exists()


def test_a_long_path_gets_its_sockets_elsewhere_and_leaves_no_litter(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)
    servers = EmbeddedServers(deep, ["redis"])
    with servers:
        assert deep not in servers.redis.socket.parents
        with redis_of(servers.redis) as client:
            assert client.ping()
        sockets = servers.redis.sockets
    assert not sockets.exists()


def test_a_missing_shared_library_is_said_with_its_package() -> None:
    line = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    assert missing_library([line]) == "libcurl.so.4 is missing on this machine: apt-get install libcurl4"
    assert missing_library(["all is well"]) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_run_them_too(folder: Path) -> None:
    uid = 65534
    os.chown(folder, uid, uid)
    environment = {**os.environ, "HOME": str(folder)}
    user = {"user": uid, "group": uid, "extra_groups": [], "env": environment, "cwd": folder}
    try:
        subprocess.run(
            [sys.executable, "-c", "import gencharge.run.embedded"], capture_output=True, check=True, **user
        )  # type: ignore[call-overload]
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip("this Python or this checkout is not readable for other users")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, **user)  # type: ignore[call-overload]
    assert parent.stdout.readline() == b"ready\n"
    assert all(
        Path(f"/proc/{pid}").stat().st_uid == uid for pid in EmbeddedServers(folder).postgres.left_running()
    )
    parent.terminate()
    parent.communicate()


def test_the_log_is_archived_for_the_key_of_the_backups_which_the_server_never_gets(
    settings: Settings, tmp_path: Path
) -> None:
    key = tmp_path / "backup.key"
    key.write_text(cipher.new_key())
    changes = {"data_dir": tmp_path, "database_url": "", "backup_wal_dir": tmp_path / "archive"}
    own = settings.model_copy(update=changes | {"backup_key_file": key})
    postgres = EmbeddedServers.for_settings(own).postgres
    command = wal.settings(tmp_path / "archive", postgres.wal_public_key)["archive_command"]
    assert f" put --to {wal_keys.public_of(cipher.read_key(key))} " in command
    assert key.read_text() not in command
    plain = EmbeddedServers.for_settings(own.model_copy(update={"backup_key_file": None})).postgres
    assert (plain.wal_dir, plain.wal_public_key) == (postgres.wal_dir, "")
    key.write_text("no key")
    with pytest.raises(ServerFailed, match="BACKUP_KEY_FILE"):
        EmbeddedServers.for_settings(own)
