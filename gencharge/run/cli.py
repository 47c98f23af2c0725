"""The `gencharge` command. Each command imports what it needs when it runs, so that none waits for the others."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from gencharge.run import (
    access_commands,
    backups,
    build_commands,
    rollup_commands,
    secrets_commands,
    simulate_command,
    terminal,
    upgrade_command,
)
from gencharge.run.replica import OnReplica
from gencharge.run.report_command import app as report_app
from gencharge.run.terminal import err, out

app = typer.Typer(
    name="gencharge",
    help="Mobile recharge and telecom wallet: the servers, and the tools to run them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_RUN: Final = "Run"  # the first of the groups of `gencharge --help`
_DATA: Final = "Data and schema"
_OPERATE: Final = "Operate"
_BUILD: Final = "Build on it"
_SCALE_USERS: Final = 1_000_000
_SCALE_TRANSACTIONS: Final = 5_000_000
ledger = typer.Typer(help="The double-entry ledger.", no_args_is_help=True)
app.add_typer(ledger, name="ledger", rich_help_panel=_OPERATE)
audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(audit, name="audit", rich_help_panel=_OPERATE)
app.add_typer(backups.app, name="backup", rich_help_panel=_OPERATE)
app.add_typer(secrets_commands.app, name="secrets", rich_help_panel=_OPERATE)
app.add_typer(rollup_commands.app, name="rollup", rich_help_panel=_OPERATE)
plans = typer.Typer(help="The catalogue as a file.", no_args_is_help=True)
app.add_typer(plans, name="plans", rich_help_panel=_DATA)
for group in (access_commands.app, report_app, simulate_command.app, build_commands.app, upgrade_command.app):
    app.add_typer(group)


def _print_version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        typer.echo(f"GenCharge {version('gencharge')}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


@app.command(rich_help_panel=_RUN)
def dev() -> None:
    """Start everything for development: stores, migrations, sample data, API and worker."""
    settings = terminal.read_settings()
    terminal.refuse_unusable_host(settings.host)
    terminal.refuse_exposure(settings, settings.host)
    from gencharge.run import dev as development

    with terminal.one_line():
        raise typer.Exit(development.run(settings))


@app.command(rich_help_panel=_RUN)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port to listen on; default PORT.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
) -> None:
    """Serve the API."""
    settings = terminal.read_settings()
    host, port = host or settings.host, port or settings.port
    terminal.refuse_unusable_host(host)
    terminal.refuse_exposure(settings, host)
    with terminal.one_line():
        terminal.require_embedded_postgres(settings)
        from gencharge.run import machine

        machine.require_free(host, port)
        settings.take_secrets()
        terminal.require_usable_login(settings)
    terminal.warn_of_other_schema(settings)
    terminal.refuse_other_data_key(settings)
    from gencharge.run import serving

    raise typer.Exit(serving.serve(host=host, port=port, workers=workers))


@app.command(rich_help_panel=_RUN)
def worker() -> None:
    """Deliver events and run jobs, until SIGTERM."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_embedded_postgres(settings)
        settings.take_secrets()
        terminal.require_usable_login(settings.for_worker())
    terminal.warn_of_other_schema(settings)
    terminal.refuse_other_data_key(settings)
    import uvloop

    from gencharge.run import worker as background

    try:
        uvloop.run(background.main())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command(rich_help_panel=_RUN)
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port to listen on; default SANDBOX_PORT.")
    ] = None,
) -> None:
    """Play the payment gateway and the operators, for development and tests."""
    settings = terminal.read_settings()
    if not settings.is_development:
        err.print("gencharge sandbox is for development; production talks to the real gateway and operators")
        raise typer.Exit(1)
    port = port or settings.sandbox_port
    terminal.refuse_host_of_sandbox(host)
    with terminal.one_line():
        from gencharge.run import machine

        machine.require_free(host, port)
        (settings.data_dir.resolve() / "sandbox").mkdir(parents=True, exist_ok=True)
        settings.take_secrets()
    from sandbox import server

    server.run(settings, host=host, port=port)


@app.command(rich_help_panel=_RUN)
def login(
    number: Annotated[str, typer.Argument(help="The phone number, such as 9000001001.")],
) -> None:
    """Sign in to the API that runs here, and print the access token."""
    settings = terminal.read_settings()
    from gencharge.run import session

    with terminal.one_line():
        token = session.sign_in(settings, number, lambda: typer.prompt("Code", err=True))
    typer.echo(token)


@app.command(rich_help_panel=_DATA)
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the data of the embedded stores; the next start begins with the sample data."""
    settings = terminal.read_settings()
    from gencharge.run import reset as stores

    if not yes:
        typer.confirm(f"Delete all data in {settings.data_dir.resolve()}?", abort=True)
    with terminal.one_line():
        removed = stores.reset(settings)
    out.print("The data is gone." if removed else "There is no data.")


@app.command(rich_help_panel=_DATA)
def migrate(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change: do it, and take it back.")
    ] = False,
    sql: Annotated[bool, typer.Option("--sql", help="With --dry-run: the statements, too.")] = False,
    most_seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="With --dry-run: for how long it may hold locks.")
    ] = 10.0,
) -> None:
    """Bring the database to this version's schema. Embedded stores that do not run are started for it; on a new machine it makes them."""
    settings = terminal.read_settings()
    with terminal.one_line(), terminal.embedded_stores(settings):
        terminal.require_migration_login(settings)
        from gencharge.run import migrating

        if dry_run:
            lines = migrating.rehearse(settings, limit_seconds=most_seconds, sql=sql)
            terminal.conclude(lines, ok=True)
        changed = migrating.upgrade(settings)
    out.print("The schema was brought up to date." if changed else "The schema is up to date.")


@app.command(rich_help_panel=_DATA)
def seed(
    size: Annotated[str, typer.Argument(help="With --scale: recharges, 100k, 1m or 10m.")] = "",
    scale: Annotated[
        bool, typer.Option("--scale", help="A million customers and their transactions, for measuring.")
    ] = False,
    users: Annotated[int, typer.Option(min=1, help="With --scale: how many customers.")] = _SCALE_USERS,
    transactions: Annotated[
        int, typer.Option(min=0, help="With --scale: how many movements.")
    ] = _SCALE_TRANSACTIONS,
    chance: Annotated[int, typer.Option("--seed", help="With --scale: which of all customers.")] = 1,
) -> None:
    """Add the sample data; what is there already stays as it is."""
    settings = terminal.read_settings()
    if not settings.is_development:
        err.print(
            "ENVIRONMENT: production has no sample data; its sample admins and numbers are known to everybody"
        )
        raise typer.Exit(1)
    is_usual = (users, transactions) == (_SCALE_USERS, _SCALE_TRANSACTIONS)
    if (size and not is_usual) or not (scale or (is_usual and not size and chance == 1)):
        err.print("A size, or --users and --transactions, and --seed go with --scale")
        raise typer.Exit(2)
    if scale:
        from gencharge.run import scale_data

        scale_data.seed(settings, users, transactions, chance, size)
        return
    with terminal.one_line():
        terminal.require_database(settings)
        from gencharge.run import sample

        if sample.has_life(settings):
            terminal.require(settings, "mongo")
        added = sample.seed(settings)
    out.print("The sample data is in place." if added is None else f"Added {added}.")


@app.command(rich_help_panel=_OPERATE)
def doctor() -> None:
    """Show each store, its version, where it comes from, and what is wrong."""
    settings = terminal.read_settings()
    from gencharge.run import doctor as diagnosis
    from gencharge.run.report import show

    report = diagnosis.examine(settings)
    # A terminal's own width if there is one; a pipe gets every word on one line.
    show(report, Console() if out.is_terminal else Console(width=10_000))
    raise typer.Exit(0 if report.ok else 1)


@app.command(rich_help_panel=_OPERATE)
def reconcile(
    day: Annotated[str | None, typer.Option(help="YYYY-MM-DD in India; default yesterday.")] = None,
    counterparty: Annotated[
        str | None, typer.Option(help="gateway:razorpay, or a channel's code; default all that were used.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The statement as CSV or JSON, instead of the API's.", dir_okay=False)
    ] = None,
) -> None:
    """Match the gateway's and the operators' statements of a day with the books."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
    from gencharge.reconciliation import commands
    from gencharge.run import sample

    terminal.quiet_log(settings)
    settings = sample.with_sandbox(settings)
    raise typer.Exit(commands.reconcile(settings, out.print, day=day, counterparty=counterparty, file=file))


@ledger.command()
def verify(on_replica: OnReplica = False) -> None:
    """Check that the books balance and that every cached balance follows from the transfers."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
        from gencharge.run import verification

        report = verification.ledger(settings, on_replica=on_replica)
    terminal.conclude(report.lines, ok=report.ok)


@audit.command("verify")
def verify_audit() -> None:
    """Check that no entry of the audit trail was changed, removed, inserted or moved."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
        terminal.require(settings, "mongo")
        from gencharge.run import verification

        report = asyncio.run(verification.verify_audit(settings))
    terminal.conclude(report.lines, ok=report.ok)


@plans.command("export")
def export_plans(
    file: Annotated[Path, typer.Argument(help="Where to write; .csv or .xlsx.")],
) -> None:
    """Write all plans to a file, to be edited and imported."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
        from gencharge.plans import commands

        raise typer.Exit(commands.export_to(settings, file, out.print))


@plans.command("import")
def import_plans(
    file: Annotated[Path, typer.Argument(help="What to read; .csv or .xlsx.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
) -> None:
    """Create and change the plans of a file, all of them or none."""
    settings = terminal.read_settings()
    with terminal.one_line():
        terminal.require_database(settings)
        from gencharge.plans import commands

        raise typer.Exit(commands.import_from(settings, file, out.print, dry_run=dry_run))


@app.command(rich_help_panel=_BUILD)
def reference(
    folder: Annotated[Path, typer.Option(help="Where the pages are; .env.example goes beside it.")] = Path(
        "docs"
    ),
    check: Annotated[
        bool, typer.Option(help="Write nothing; fail when a page is not what the code says.")
    ] = False,
) -> None:
    """Write what is made from the code: the pages of docs/reference, and .env.example."""
    settings = terminal.read_settings()
    from gencharge.run.reference import pages

    with terminal.one_line():
        if not check:
            pages.write(folder, settings, app)
            return
        stale = pages.stale(folder, settings, app)
    for path in stale:
        err.print(f"{path} is not what the code says: make docs")
    raise typer.Exit(1 if stale else 0)
