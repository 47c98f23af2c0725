"""`gencharge seed --scale`, as the terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

import scale
from gencharge.run import terminal
from scale import progress

if TYPE_CHECKING:
    from gencharge.core.settings import Settings


def seed(settings: Settings, users: int, transactions: int, chance: int, name: str = "") -> None:
    """Add so many customers and movements, or a size by name, with a bar that shows how far it is."""
    with terminal.one_line():
        terminal.require_database(settings)
        try:
            scale.check_safe(settings)
            size = scale.Size.named(name, chance) if name else scale.Size(users, transactions, chance)
            with progress.shown(terminal.err) as meter:
                scale.seed(settings, size, meter)
        except scale.Refused as problem:
            terminal.err.print(str(problem))
            raise typer.Exit(1) from None
    terminal.out.print("The scale data is in place.")
