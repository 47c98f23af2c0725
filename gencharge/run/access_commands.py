"""Commands about who gets in: the first admin, a number that is closed, and the key that signs access tokens."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from gencharge.run import terminal
from gencharge.run.terminal import out

app = typer.Typer()
_OPERATE: Final = "Operate"


@app.command("create-first-admin", rich_help_panel=_OPERATE)
def create_first_admin(
    number: Annotated[str, typer.Argument(help="The phone number that the admin signs in with.")],
    name: Annotated[str, typer.Option(help="The admin's name.")],
    email: Annotated[str, typer.Option(help="The admin's e-mail address.")],
) -> None:
    """Create the first or the second SuperAdmin of an installation; refused if there are two."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
    from gencharge.admins import commands

    raise typer.Exit(commands.create_first(settings, out.print, phone_number=number, name=name, email=email))


@app.command("open-number", rich_help_panel=_OPERATE)
def open_number(
    number: Annotated[str, typer.Argument(help="The phone number that too many wrong codes closed.")],
    reason: Annotated[str, typer.Option(help="Why; the audit trail keeps it.")],
) -> None:
    """Let the owner of a closed number sign in again, if no admin is left who could."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
    from gencharge.auth import commands

    raise typer.Exit(commands.open_number(settings, out.print, number=number, reason=reason))


@app.command("signing-key", rich_help_panel=_OPERATE)
def signing_key() -> None:
    """Print a new key that signs access tokens, as the line of `.env` that it is."""
    from gencharge.sessions import signing_key as keys

    # Not through `out`: a terminal's width must not break the line.
    typer.echo(keys.line_of(keys.make()))
