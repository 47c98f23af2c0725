"""`gencharge secrets`: the keys that personal data are encrypted with."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gencharge.run import terminal

app = typer.Typer(help="The keys that personal data are encrypted with.", no_args_is_help=True)


@app.callback()
def _secrets() -> None:
    # A group of one command needs a callback, or its name would be left out.
    pass


@app.command("rotate")
def rotate_secrets(
    master: Annotated[
        bool,
        typer.Option(
            "--master", help="Only wrap the data keys under a new DATA_KEY; needs PREVIOUS_DATA_KEY."
        ),
    ] = False,
) -> None:
    """Encrypt personal data and stored secrets under a new data key. Started again after a break, it goes on."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
        if not master:
            terminal.require(settings, "mongo")
        settings.take_secrets()
        from gencharge.run import data_keys

        terminal.quiet_log(settings)
        work = data_keys.rewrap if master else data_keys.rotate
        ok = asyncio.run(work(settings, terminal.out.print))
    raise typer.Exit(0 if ok else 1)
