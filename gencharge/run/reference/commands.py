"""The page of the commands, from the command line itself. It is handed in, because it imports these pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typer
import typer.main

from gencharge.run.reference import markdown

_INTRODUCTION: Final = """
The command is `.venv/bin/gencharge` after `make setup`, and `gencharge` where the package is installed. Every command reads the
same [settings](configuration.md), ends with 0 if all is well, and says in a line what is wrong. `gencharge --help` shows what
is here, `gencharge --version` the version; `gencharge --install-completion` teaches your shell to complete commands.
""".strip()
_KINDS: Final[dict[Any, str]] = {
    str: "TEXT",
    list[str]: "TEXT",
    int: "NUMBER",
    float: "NUMBER",
    Path: "FILE",
    datetime: "DAY",
}


def page(app: typer.Typer) -> Iterator[str]:
    """Every command by its group, with its arguments and options."""
    yield markdown.title("Commands")
    yield _INTRODUCTION + "\n"
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, command in _commands(typer.main.get_command(app)):
        panels.setdefault(name, []).append(command)
    for panel, commands in panels.items():
        yield f"## {panel}\n"
        for words, command in commands:
            yield from _command(words, command)


def _commands(app: Any) -> Iterator[tuple[str, tuple[str, Any]]]:
    """The panel of `gencharge --help` that a command is in, the words that call it, and the command."""
    for name, command in app.commands.items():
        if hasattr(command, "commands"):
            for part, inner in command.commands.items():
                yield command.rich_help_panel, (f"{name} {part}", inner)
        else:
            yield command.rich_help_panel, (name, command)


def _command(words: str, command: Any) -> Iterator[str]:
    usage = " ".join(f"[{_shape(part)}]" if not part.required else _shape(part) for part in command.params)
    yield f"### {words}\n\n    gencharge {words} {usage}".rstrip() + "\n"
    yield f"{command.help}\n"
    yield from markdown.table(
        ("argument", "default", "meaning"),
        ((f"`{_shape(part)}`", _default(part), str(part.help)) for part in command.params),
    )


def _shape(parameter: Any) -> str:
    """`NUMBER` for an argument, `--port NUMBER` for an option, `--yes` for a flag."""
    if parameter.opts == [parameter.name]:
        return str(parameter.name).upper()
    kind = parameter.type_descriptor.annotation
    return str(parameter.opts[0] if kind is bool else f"{parameter.opts[0]} {_KINDS[kind]}")


def _default(parameter: Any) -> str:
    return "" if parameter.default in (None, False) else f"`{parameter.default}`"
