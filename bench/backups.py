"""Measure a backup and a restore at a size.

    python -m bench backups [--data-dir FOLDER] [--size 100k|1m|10m] [--no-restore] [--sales]

With `--data-dir` the servers' data stays for the next run. Backup and restore are the commands `gencharge backup create` and `restore`, in
processes of their own, encrypted. Their memory is the largest sum of the resident memory of the command and the programs that it runs;
what PostgreSQL itself uses is not in it. With `--sales` an API sells at the same time, as fast as it can: how much of its throughput subscribe keeps
while the backup is made. Two seconds beside it and two seconds while it is paused take turns, so that others on the machine slow both. A missed goal is no
failure: exit status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil
from rich.console import Console
from rich.table import Table

import scale
from bench import filled, load
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import Customer, World
from gencharge.backups import cipher, crud, names
from gencharge.core.settings import Settings

GOAL_SECONDS, GOAL_MB, GOAL_KEPT = 90.0, 300.0, 0.7
_CONNECTIONS: Final = 16
_WINDOW_SECONDS, _ALONE_SECONDS = 2.0, 6.0
_RESTORED: Final = "gencharge_bench_restored"
_LOOK_SECONDS: Final = 0.05
# Sessions of a backup that work, and do not wait for the program to take what they send.
_AT_WORK: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gencharge-backup' AND pid <> pg_backend_pid()"
    " AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Client'"
)
_CUSTOMERS: Final = (
    "SELECT user_id, phone_number FROM users WHERE referral_code LIKE 'BENCH%' ORDER BY referral_code"
)


@dataclass(slots=True)
class Run:
    """A command that has ended."""

    seconds: float
    # Largest sum of resident memory, and CPU of the command and its programs together.
    mb: float
    cpu_seconds: float
    # CPU of the sessions of PostgreSQL that ended while it ran: those of the command.
    postgres_seconds: float
    output: str
    progress_lines: int


@dataclass(slots=True)
class _Watch:
    """Looks at a process and all that it starts, until it has ended."""

    pid: int
    mb: float = 0.0
    cpu: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.pid)
            rss = 0
            for process in (own, *own.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    rss += process.memory_info().rss
                    times = process.cpu_times()
                    self.cpu[process.pid] = times.user + times.system
            self.mb = max(self.mb, rss / 1e6)


def command(words: Sequence[str], folder: Path, environment: dict[str, str]) -> Run:
    """Run a `gencharge` command and watch it. Raises RuntimeError with what it said if it fails."""
    before, began = _postgres_seconds(folder), time.perf_counter()
    with (folder / "command.log").open("w+b") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gencharge", *words],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        watch = _Watch(process.pid)
        while process.poll() is None:
            watch.look()
            time.sleep(_LOOK_SECONDS)
        assert process.stdout is not None, "it is a pipe"
        output = process.stdout.read().decode()
        errors.seek(0)
        lines = errors.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(words)} ended with {process.returncode}:\n{output[-2000:]}\n{lines[-2000:]}"
        )
    seconds = time.perf_counter() - began
    own = sum(watch.cpu.values())
    return Run(seconds, watch.mb, own, _postgres_seconds(folder) - before, output, len(lines.splitlines()))


def _postgres_seconds(folder: Path) -> float:
    """CPU of all sessions that have ended since the server started."""
    pid = int((folder / "postgres" / "postmaster.pid").read_text().partition("\n")[0])
    times = psutil.Process(pid).cpu_times()
    return float(times.children_user + times.children_system)


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(
        prog="bench backups", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the servers' folder, kept for the next run")
    parser.add_argument("--size", choices=scale.NAMED, default="1m")
    parser.add_argument("--no-restore", action="store_true", help="only the backup")
    parser.add_argument("--sales", action="store_true", help="sell while a backup is made, and nothing else")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    console.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}")
    with filled.database(options.data_dir, scale.Size.named(options.size), console) as settings:
        folder = settings.data_dir.resolve()
        key = folder / "backup.key"
        key.write_text(cipher.new_key())
        environment = World(folder).environment(filled.DATABASE) | {
            "BACKUP_KEY_FILE": str(key),
            "BACKUP_DIR": str(folder / "backups"),
        }
        if options.sales:
            _sell(console, settings, environment)
            return
        table = Table(
            "what", "seconds", "goal", "MB", "goal", "CPU s: command", "PostgreSQL", "progress lines"
        )
        backup = command(["backup", "create"], folder, environment)
        _row(console, table, "backup create", backup)
        console.print(backup.output.strip())
        if not options.no_restore:
            backup_id = backup.output.partition(":")[0].strip()
            restored = command(["backup", "restore", backup_id, "--database", _RESTORED], folder, environment)
            _row(console, table, "backup restore, with its proofs", restored)
            _drop(settings)
        console.print(table)
        for path in (folder / "backups" / names.FOLDER).iterdir():
            path.unlink()


def _sell(console: Console, settings: Settings, environment: dict[str, str]) -> None:
    """Measure subscribe before, during and after a backup."""
    folder, bench_world = settings.data_dir.resolve(), World(settings.data_dir.resolve())
    _people(bench_world, settings)
    environment = bench_world.environment(filled.DATABASE) | environment
    with (
        Server("api", "gencharge.api.main:create_app", folder, environment) as server,
        ThreadPoolExecutor(1) as thread,
    ):
        server.wait_ready()
        plan_id = bench_world.addon(settings.postgres_url)
        requests = load.write(folder / "sales", bench_world.subscriptions(SUBSCRIBE, plan_id))

        def drive(seconds: float) -> load.Load:
            return load.drive(server.port, requests, seconds=seconds, connections=_CONNECTIONS)

        drive(_ALONE_SECONDS)
        work = thread.submit(command, ["backup", "create"], folder, environment)
        beside, alone = list[load.Load](), list[load.Load]()
        while not work.done():
            beside.append(drive(_WINDOW_SECONDS))
            with _paused(settings):
                if not work.done():
                    alone.append(drive(_WINDOW_SECONDS))
        work.result()
    # In the last window beside it the backup may have ended.
    beside = beside[:-1]
    pairs = [one.per_second / other.per_second for one, other in zip(beside, alone, strict=False)]
    beside_it, without = _per_second(beside), _per_second(alone)
    errors = sum(each.errors for each in (*beside, *alone))
    console.print(
        f"subscribe: {without:.0f}/s while the backup is paused, {beside_it:.0f}/s beside it: {beside_it / without:.0%} of its throughput (goal {GOAL_KEPT:.0%});"
        f" of {len(pairs)} pairs of windows the middle one {statistics.median(pairs):.0%}; {errors} errors;"
        f" 99 % within {statistics.median(each.p99_ms for each in alone):.0f} ms and {statistics.median(each.p99_ms for each in beside):.0f} ms"
    )


def _per_second(windows: Sequence[load.Load]) -> float:
    return sum(each.requests for each in windows) / sum(each.seconds for each in windows)


@contextmanager
def _paused(settings: Settings) -> Iterator[None]:
    """The backup's own processes stand still, and so do its sessions, once they have ended the statement that they are at."""
    stopped = list[psutil.Process]()
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process().children(recursive=True):
            words = process.cmdline()
            if words[-2:] == ["backup", "create"] or (words and words[0].endswith("pg_dump")):
                process.suspend()
                stopped.append(process)
    with crud.connected(settings.migration_url, autocommit=True) as connection:
        while (row := connection.execute(_AT_WORK).fetchone()) is not None and row[0]:
            time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _people(bench_world: World, settings: Settings) -> None:
    """The benchmark's customers, who stay in a folder that stays."""
    with crud.connected(settings.migration_url, autocommit=True) as connection:
        customers = [Customer(*row) for row in connection.execute(_CUSTOMERS)]
    if customers:
        bench_world.customers = customers
    else:
        asyncio.run(bench_world.fill(settings))


def _drop(settings: Settings) -> None:
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        crud.drop_database(connection, _RESTORED)


def _row(console: Console, table: Table, what: str, run: Run) -> None:
    console.print(f"{what}: {run.seconds:.1f} s")
    table.add_row(
        what,
        f"{run.seconds:.1f}",
        f"{GOAL_SECONDS:.0f}",
        f"{run.mb:.0f}",
        f"{GOAL_MB:.0f}",
        f"{run.cpu_seconds:.1f}",
        f"{run.postgres_seconds:.1f}",
        str(run.progress_lines),
    )
