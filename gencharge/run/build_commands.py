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
    postman: Annotated[
        bool,
        typer.Option(
            "--postman", help="As a Postman collection (v2.1), with the requests of the document's examples."
        ),
    ] = False,
) -> None:
    """Print the OpenAPI document, or a Postman collection of it."""
    settings = terminal.read_settings()
    import json

    from gencharge.api.main import create_app
    from gencharge.api.postman import collection
    from gencharge.core.http.short_document import shorten

    document = create_app(settings).openapi()
    described = (
        collection(document, base_url=f"http://127.0.0.1:{settings.port}") if postman else shorten(document)
    )
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(text, nl=False)
    else:
        with terminal.one_line():
            output.write_text(text, encoding="utf-8")
