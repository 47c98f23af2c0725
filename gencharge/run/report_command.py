"""`gencharge report`: what the rooms hold, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gencharge.run import terminal
from gencharge.run.terminal import out

app = typer.Typer()


@app.command(rich_help_panel="Data and schema")
def report(
    name: Annotated[str, typer.Argument(help="Which report, such as transactions.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write; an earlier one is replaced.")
    ],
    file_format: Annotated[str, typer.Option("--format", help="csv, json, xlsx, pdf or parquet.")] = "csv",
    columns: Annotated[
        str | None, typer.Option(help="Names of columns with commas between. By default all.")
    ] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", help="A filter, such as operator=JIO; as often as needed.")
    ] = None,
) -> None:
    """Write a report of any size to a file. Numbers and addresses are whole."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
    pairs = [one.partition("=") for one in filters or ()]
    from gencharge.reports import commands

    code = commands.write(
        settings,
        name,
        output,
        out.print,
        file_format=file_format,
        columns=columns,
        filters={key: value for key, _, value in pairs},
    )
    raise typer.Exit(code)
