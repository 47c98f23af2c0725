"""What stands between a client and PostgreSQL: a proxy that drops what a session starts with, and PgBouncer."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gencharge.core import database_urls
from gencharge.core.settings import Settings

_PLAIN = 196_608
_ALLOWED = {"user", "database", "application_name", "client_encoding"}
_IGNORED = (
    "jit,lock_timeout,statement_timeout,idle_in_transaction_session_timeout,role,enable_seqscan,options"
)


def parts_of(settings: Settings) -> tuple[str, str, str]:
    """The folder of the embedded server's socket, the login and the database."""
    [(folder, _)] = database_urls.hosts_of(settings.postgres_url)
    login = settings.postgres_url.partition("://")[2].partition("@")[0]
    return folder, login, settings.database_name


@asynccontextmanager
async def _proxy(settings: Settings, *, forgetful: bool) -> AsyncIterator[int]:
    folder, _, _ = parts_of(settings)

    open_writers = set[asyncio.StreamWriter]()
    serving = set[asyncio.Task[None]]()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with suppress(OSError, EOFError):
            start = await _start(reader, writer) if forgetful else b""
            ahead, back = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
            open_writers.add(back)
            back.write(start)
            await asyncio.gather(_pipe(reader, back), _pipe(ahead, writer))

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(pass_on(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_writers:
            writer.close()
        await asyncio.gather(*serving)
        for writer in open_writers:
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def forgetful_proxy(settings: Settings) -> AsyncIterator[str]:
    """A URL that leads to the same database, through a proxy that ignores a session's parameters, as a pooler can be told to."""
    _, login, database = parts_of(settings)
    async with _proxy(settings, forgetful=True) as port:
        yield f"postgresql://{login}@127.0.0.1:{port}/{database}?sslmode=disable"


async def _start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    while True:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        body = await reader.readexactly(length - 4)
        (code,) = struct.unpack("!i", body[:4])
        if code == _PLAIN:
            break
        writer.write(b"N")  # neither TLS nor GSSAPI
    words = body[4:].rstrip(b"\0").split(b"\0")
    pairs = [
        (name, value)
        for name, value in zip(words[::2], words[1::2], strict=True)
        if name.decode() in _ALLOWED
    ]
    message = body[:4] + b"".join(name + b"\0" + value + b"\0" for name, value in pairs) + b"\0"
    return struct.pack("!i", len(message) + 4) + message


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def pgbouncer_version() -> tuple[int, int]:
    """The version of the PgBouncer on this machine, of which tests need one."""
    words = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = words.split()[1].split(".")[:2]
    return int(major), int(minor)


def _program() -> str:
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    assert program is not None, "the test is skipped without it"
    return program


@asynccontextmanager
async def pgbouncer(
    folder: Path, settings: Settings, *, ignore: bool = True, connect_query: str = ""
) -> AsyncIterator[str]:
    """A URL that leads to the same database through PgBouncer in transaction mode."""
    program = _program()
    _, login, database = parts_of(settings)
    query = f" connect_query='{connect_query}'" if connect_query else ""
    port = free_port()
    async with _proxy(settings, forgetful=False) as server_port:
        lines = [
            "[databases]",
            f"{database} = host=127.0.0.1 port={server_port} user={login}{query}",
            "[pgbouncer]",
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =",
            f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 4\nlogfile = {folder}/log",
            *([f"ignore_startup_parameters = {_IGNORED}"] if ignore else []),
        ]
        (folder / "ini").write_text("\n".join(lines) + "\n")
        # It refuses to be root.
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        if user:
            shutil.chown(folder, "nobody")
        process = subprocess.Popen(
            [program, *user, str(folder / "ini")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(20):
                while not await _listens(port):
                    assert process.poll() is None, "PgBouncer did not start"
            yield f"postgresql://{login}@127.0.0.1:{port}/{database}?sslmode=disable"
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 10)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await asyncio.sleep(0.05)
        return False
    writer.close()
    return True


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
