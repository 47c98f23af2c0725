"""Writes what is made from the code: the pages of `docs/reference/`, and `.env.example` beside `docs/`.

`make docs` writes them, `make check` fails when one is not what the code says.
"""

from __future__ import annotations

from pathlib import Path

import typer

from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.run.reference import announcements, api, commands, configuration, figures, problems, tables


def pages(settings: Settings, app: typer.Typer) -> dict[Path, str]:
    """The text of each file by its path, relative to the folder of the documentation. `app` is the command line."""
    document = create_app(settings).openapi()
    texts = {
        "reference/api.md": api.page(document),
        "reference/tables.md": tables.page(),
        "reference/configuration.md": configuration.page(),
        "reference/commands.md": commands.page(app),
        "reference/events.md": announcements.page(),
        "reference/figures.md": figures.page(document),
        "reference/errors.md": problems.page(document),
        "../.env.example": configuration.example_file(),
    }
    return {Path(name): "\n".join(lines) + "\n" for name, lines in texts.items()}


def stale(folder: Path, settings: Settings, app: typer.Typer) -> list[Path]:
    """The files of `folder` that are missing or not what the code says."""
    expected = {folder / name: text for name, text in pages(settings, app).items()}
    return [
        path
        for path, text in expected.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(folder: Path, settings: Settings, app: typer.Typer) -> None:
    """Write all files; `folder` is made if it is missing."""
    for name, text in pages(settings, app).items():
        path = folder / name
        folder.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
