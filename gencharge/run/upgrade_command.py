"""`gencharge upgrade-data`: the embedded data of an older PostgreSQL."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from gencharge.run import terminal
from gencharge.run.terminal import err, out

app = typer.Typer()
_SHOWN_EVERY_SECONDS = 1.0


@app.command("upgrade-data", rich_help_panel="Data and schema")
def upgrade_data(
    remove_old: Annotated[
        bool, typer.Option("--remove-old", help="Only delete the old data that earlier upgrades have left.")
    ] = False,
) -> None:
    """Bring the embedded PostgreSQL's data to this version's PostgreSQL. The old data stay beside them."""
    settings = terminal.read_settings()
    with terminal.one_line():
        from gencharge.run.embedded import EmbeddedServers, ServerFailed, major_upgrade

        if settings.database_url:
            raise ServerFailed("DATABASE_URL names a server of your own: pg_upgrade is the way for it")
        servers = EmbeddedServers(settings.data_dir, ["postgres"])
        servers.lock()
        try:
            if remove_old:
                gone = major_upgrade.remove_old(settings.data_dir)
                terminal.conclude(
                    [f"{folder} was deleted" for folder in gone] or ["There are no old data."], ok=True
                )
            last = time.monotonic()

            def progress(database: str, done: int) -> None:
                nonlocal last
                if time.monotonic() - last >= _SHOWN_EVERY_SECONDS:
                    last = time.monotonic()
                    err.print(f"{database}: {done / 1e6:.0f} MB")

            done = major_upgrade.upgrade(settings.data_dir, progress)
        finally:
            servers.stop()
    if done is None:
        out.print("The data are of this version's PostgreSQL already.")
        return
    out.print(
        f"{len(done.databases)} databases with {done.rows} rows were brought from PostgreSQL {done.from_version} to {done.to_version}."
    )
    out.print(f"The old data are in {done.old_folder}; `gencharge upgrade-data --remove-old` deletes them.")
