"""`gencharge simulate`: months of life in minutes, on servers of its own, and whether the books are true at the end."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gencharge.run import terminal
from gencharge.run.terminal import err, out

if TYPE_CHECKING:
    from datetime import date

    from gencharge.core.settings import Settings
    from simulation.inspection import Report
    from simulation.town import Size

app = typer.Typer()
_BUILD: Final = "Build on it"
_LINES: Final = 10
_SHOWN: Final = 40


@app.command("simulate", rich_help_panel=_BUILD)
def simulate(
    days: Annotated[int, typer.Option(min=2, max=1_000, help="How long.")] = 90,
    customers: Annotated[int, typer.Option(min=1, max=100_000, help="How many people.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Another number gives another life; the same one the same.")] = 1,
    crashes: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.2,
            help="How often a process stops at a crash point that it passes: 0.02 is each 50th time.",
        ),
    ] = 0.0,
) -> None:
    """Live months of customers, staff and outages on servers of its own, and check the books at the end.

    It touches no other data. Exit status 1 if anything is not as it has to be.
    """
    from simulation.town import Size

    folder = Path(tempfile.mkdtemp(prefix="gencharge-simulate-"))
    began = time.monotonic()
    try:
        with terminal.one_line():
            report = _run(folder, Size(days, customers, seed, crashes))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _show(report, time.monotonic() - began)
    raise typer.Exit(0 if report.ok else 1)


def settings_of(folder: Path) -> Settings:
    """Settings with servers of their own in `folder`: nothing of an installation's .env or environment leads elsewhere."""
    from gencharge.core.settings import Environment, Settings
    from gencharge.run.sample import with_sandbox

    return with_sandbox(
        Settings(
            _env_file=None,
            data_dir=folder,
            environment=Environment.DEVELOPMENT,
            database_url="",
            migration_database_url="",
            mongo_url="",
            redis_url="",
        )
    )


def _run(folder: Path, size: Size) -> Report:
    import uvloop

    from gencharge.core.postgres import migrations
    from gencharge.run.embedded import EmbeddedServers

    settings = settings_of(folder)
    terminal.quiet_log(settings)
    servers = EmbeddedServers(folder)
    # The data is thrown away at the end, so nothing waits for the disk.
    servers.postgres.fsync = False
    with servers:
        settings.take_secrets()
        migrations.upgrade(settings)
        return uvloop.run(_live(settings, size))


async def _live(settings: Settings, size: Size) -> Report:
    from contextlib import closing

    from gencharge.core.stores.stores import Stores
    from gencharge.run.sample import SandboxInside
    from simulation.driver import simulate as live

    lived = 0

    def on_day(day: date) -> None:
        nonlocal lived
        lived += 1
        if lived % max(1, size.days // _LINES) == 0:
            err.print(f"{day:%d %b %Y}: day {lived} of {size.days}")

    stores = Stores.open(settings, name="gencharge-simulate")
    try:
        with closing(SandboxInside(settings)) as outside:
            return await live(stores, outside, size, on_day)
    finally:
        await stores.close()


def _show(report: Report, seconds: float) -> None:
    for what, number in sorted(report.counts.items()):
        out.print(f"{number:>9,}  {what}")
    for code, number in sorted(report.refused.items()):
        out.print(f"{number:>9,}  refused: {code}")
    out.print(f"Life {report.digest}, lived in {seconds:.0f} s.")
    for problem in report.problems[:_SHOWN]:
        err.print(f"FAIL  {problem}")
    if len(report.problems) > _SHOWN:
        err.print(f"and {len(report.problems) - _SHOWN} more")
    if report.ok:
        out.print("The books are true: every check, every wallet, every delivery, every notice.")
