"""`gencharge openapi`: the API as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from gencharge.run import terminal

_BUILD: Final = "Build on it"
app = typer.Typer()


@app.command(rich_help_panel=_BUILD)
def openapi(
    output: Annotated[Path | None, typer.Option(help="File to write; default standard output.")] = None,
) -> None:
    """Print the OpenAPI document."""
    settings = terminal.read_settings()
    import json

    from gencharge.api.main import create_app
    from gencharge.core.http.short_document import shorten

    text = json.dumps(shorten(create_app(settings).openapi()), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        with terminal.one_line():
            output.write_text(text, encoding="utf-8")
