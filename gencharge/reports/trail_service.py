"""Reports whose rows are not in one table: the audit trail, the backups, and a customer's own transactions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Final

from gencharge.audit import service as audit
from gencharge.backups import service as backups
from gencharge.core.http.web import to_json
from gencharge.core.stores.stores import Stores
from gencharge.core.wording import worded
from gencharge.reports.definitions import Ask, Batch, Column, Kind, Report
from gencharge.reports.query_schemas import AuditReportQuery, BackupsQuery, PeriodQuery
from gencharge.sessions.guards import Resource
from gencharge.wallet import service as wallet

# What every report takes: its form, and its time.
_NO_FILTERS: Final = set(PeriodQuery.model_fields)


async def _read_trail(stores: Stores, ask: Ask) -> AsyncGenerator[Batch, None]:
    query: AuditReportQuery = ask.query
    filters = query.model_dump(exclude_none=True, exclude=_NO_FILTERS)
    async for entries in audit.walk(stores.documents, since=query.since, until=query.until, **filters):
        yield [
            (
                entry.entry_id,
                entry.occurred_at,
                entry.actor_kind,
                entry.actor_id,
                entry.action,
                entry.object_type,
                entry.object_id,
                entry.user_id,
                to_json(entry.changes).decode(),
                to_json(entry.details).decode(),
                entry.reason,
                entry.result,
                entry.request_id,
                entry.address,
                entry.sequence,
                entry.hash,
            )
            for entry in entries
        ]


async def _read_own_transactions(stores: Stores, ask: Ask) -> AsyncGenerator[Batch, None]:
    query: PeriodQuery = ask.query
    pages = wallet.walk_history(stores.database, ask.principal.user_id, since=query.since, until=query.until)
    async for transactions in pages:
        yield [
            (
                row.transaction_id,
                row.created_at,
                row.category.value,
                row.txn_type.value,
                row.status.value,
                row.description,
                row.amount.paise,
                row.wallet_change.paise,
                row.held.paise,
                row.phone_number,
                row.operator,
                row.payment_method,
                row.reference_id,
                row.updated_at,
            )
            for row in transactions
        ]


async def _read_backups(stores: Stores, ask: Ask) -> AsyncGenerator[Batch, None]:
    query: BackupsQuery = ask.query
    async for lines in backups.walk(stores, query.status):
        yield [_backup_row(line) for line in lines]


def _backup_row(line: backups.Listed) -> tuple[object, ...]:
    backup, run = line.backup, line.run
    options = run.options if run is not None else {}
    known = backup.description if backup is not None else options
    summary = backup.summary if backup is not None and backup.description else {}
    verification = (backup.verification if backup is not None else None) or {}
    seconds = known.get("duration_seconds")
    return (
        line.backup_id,
        line.status,
        str(known.get("description", "")),
        known.get("selection" if backup is not None else "tables", []),
        backup.made_at if backup is not None else run.created_at if run is not None else None,
        backup.size_bytes if backup is not None else None,
        None if seconds is None else round(seconds),
        backup.is_encrypted if backup is not None else None,
        summary.get("tables"),
        summary.get("rows"),
        summary.get("documents"),
        summary.get("files"),
        verification.get("ok"),
        datetime.fromisoformat(verification["at"]) if verification else None,
        run.requested_by if run is not None else None,
        run.failure if run is not None else None,
    )


TRAIL: Final = Report(
    name="audit",
    title=worded("Audit trail"),
    about="Who did what to what, from where, and how it went. Personal data in it is masked.",
    resource=Resource.AUDIT_LOGS,
    columns=(
        Column("entry_id", Kind.ID, "The entry."),
        Column("occurred_at", Kind.INSTANT, "When it happened."),
        Column("actor_kind", Kind.TEXT, "Who did it: user, admin or system."),
        Column("actor_id", Kind.TEXT, "Empty: the system."),
        Column("action", Kind.TEXT, "What happened."),
        Column("object_type", Kind.TEXT, "To what it was done."),
        Column("object_id", Kind.TEXT, "To which one."),
        Column("user_id", Kind.ID, "The customer whom it concerned."),
        Column("changes", Kind.TEXT, "Old and new values, as JSON."),
        Column("details", Kind.TEXT, "What else is known about it, as JSON."),
        Column("reason", Kind.TEXT, "Why, if somebody said so."),
        Column("result", Kind.TEXT, "How it went."),
        Column("request_id", Kind.TEXT, "Of the request."),
        Column("address", Kind.TEXT, "From where."),
        Column("sequence", Kind.INTEGER, "Its place in the chain; empty: not sealed yet."),
        Column("hash", Kind.TEXT, "Of the entry and of the one before it."),
    ),
    brief=("occurred_at", "actor_kind", "actor_id", "action", "object_type", "object_id", "result"),
    query=AuditReportQuery,
    stream=_read_trail,
)
BACKUPS: Final = Report(
    name="backups",
    title=worded("Backups"),
    about="The list of backups: those in the storage, and for a month those that came to nothing.",
    resource=Resource.BACKUPS,
    columns=(
        Column("backup", Kind.ID, "Its name."),
        Column("status", Kind.TEXT, "ready; or waiting, running, failed, cancelled."),
        Column("description", Kind.TEXT, "What it was made for."),
        Column(
            "selection", Kind.WORDS, "The tables that it was limited to; empty: none, everything is in it."
        ),
        Column("begun_at", Kind.INSTANT, "When it was begun."),
        Column("size_bytes", Kind.INTEGER, "Of its file; empty until it is ready.", total=True),
        Column("duration_seconds", Kind.INTEGER, "How long it took."),
        Column("is_encrypted", Kind.BOOLEAN, "Whether its file can be read with a key only."),
        Column("tables", Kind.INTEGER, "How many tables are in it."),
        Column("rows", Kind.INTEGER, "How many rows are in them."),
        Column("documents", Kind.INTEGER, "How many documents of MongoDB."),
        Column("files", Kind.INTEGER, "How many files."),
        Column("is_verified", Kind.BOOLEAN, "What its last verification found; empty: there was none."),
        Column("verified_at", Kind.INSTANT, "When that was."),
        Column(
            "requested_by", Kind.ID, "The admin who had it made; empty: the schedule, or the command line."
        ),
        Column("failure", Kind.TEXT, "The code of what went wrong."),
    ),
    brief=("backup", "status", "begun_at", "size_bytes", "duration_seconds", "is_verified", "verified_at"),
    query=BackupsQuery,
    stream=_read_backups,
)
OWN_TRANSACTIONS: Final = Report(
    name="transactions",
    title=worded("Transactions of your wallet"),
    about="A row for each recharge, top-up, refund and reward, as your history shows them.",
    resource=None,
    columns=(
        Column("transaction_id", Kind.ID, "The transaction."),
        Column("created_at", Kind.INSTANT, "When it began."),
        Column("category", Kind.TEXT, "What it was for."),
        Column("txn_type", Kind.TEXT, "credit or debit."),
        Column("status", Kind.TEXT, "pending, completed or failed."),
        Column("description", Kind.TEXT, "What it was, in words."),
        Column("amount", Kind.MONEY, "What it was about."),
        Column("wallet_change", Kind.MONEY, "What it has done to the balance.", total=True),
        Column("held", Kind.MONEY, "What of it is set aside.", total=True),
        Column("phone_number", Kind.TEXT, "The number that was recharged."),
        Column("operator", Kind.TEXT, "Its operator."),
        Column("payment_method", Kind.TEXT, "How it was paid."),
        Column("reference_id", Kind.ID, "The recharge, payment or refund that it belongs to."),
        Column("updated_at", Kind.INSTANT, "When money last moved for it."),
    ),
    brief=("created_at", "category", "description", "amount", "wallet_change", "status"),
    query=PeriodQuery,
    stream=_read_own_transactions,
)
