"""`gencharge rollup`: the figures of analytics."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gencharge.run import replica, terminal
from gencharge.run.replica import OnReplica
from gencharge.run.terminal import out

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

app = typer.Typer(help="The figures of analytics.", no_args_is_help=True)
_Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="The first day, in India. By default that of the first recharge."
    ),
]


def _settings() -> Settings:
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
    return settings


@app.command()
def verify(since: _Since = None, on_replica: OnReplica = False) -> None:
    """Compare the figures with the recharges and the ledger, to the paisa. It may run while events are counted.

    Exit status 1 if anything differs; each row that does is shown with how much too high it is.
    """
    settings = _settings()
    from gencharge.analytics import commands

    day = since.date() if since else None
    with terminal.one_line(), replica.one_line():
        code = commands.verify(settings, out.print, since=day, on_replica=on_replica)
    raise typer.Exit(code)


@app.command()
def rebuild(since: _Since = None) -> None:
    """Correct the figures from the recharges, a month at a time, each at once or not at all, and sum them by month.

    It may run while events are counted."""
    settings = _settings()
    from gencharge.analytics import commands

    raise typer.Exit(commands.rebuild(settings, out.print, since=since.date() if since else None))
