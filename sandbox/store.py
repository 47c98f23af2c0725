"""All state of the sandbox, in one SQLite file; money in paise, instants in seconds of the sandbox's clock.

One process, one connection, and no `await` between BEGIN and COMMIT: the event loop itself is the lock, so fifty equal
requests at once are fifty transactions one after the other. WAL keeps what was committed when the process is killed.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_LETTERS: Final = string.ascii_letters + string.digits
TABLES: Final = (
    "meta",
    "orders",
    "payments",
    "refunds",
    "idempotency",
    "customers",
    "tokens",
    "contacts",
    "fund_accounts",
    "payouts",
    "channels",
    "recharges",
    "bills",
    "seen",
    "delivered",
    "later",
    "notices",
    "scripts",
)
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount > 0), amount_paid INTEGER NOT NULL DEFAULT 0,
    currency TEXT NOT NULL, receipt TEXT, status TEXT NOT NULL DEFAULT 'created', attempts INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL, capture INTEGER NOT NULL, customer_id TEXT, method TEXT, mandate TEXT, created_at REAL NOT NULL,
    CHECK (amount_paid IN (0, amount))) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_receipt ON orders (receipt);
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, amount INTEGER NOT NULL, currency TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'created', method TEXT NOT NULL, captured INTEGER NOT NULL DEFAULT 0,
    amount_refunded INTEGER NOT NULL DEFAULT 0, fee INTEGER NOT NULL DEFAULT 0, tax INTEGER NOT NULL DEFAULT 0,
    email TEXT, contact TEXT, notes TEXT NOT NULL, customer_id TEXT, token_id TEXT, error TEXT,
    created_at REAL NOT NULL, captured_at REAL, CHECK (amount_refunded BETWEEN 0 AND amount),
    CHECK (amount_refunded = 0 OR captured)) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id);
CREATE INDEX IF NOT EXISTS payments_by_day ON payments (captured_at);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, payment_id TEXT NOT NULL REFERENCES payments, amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, receipt TEXT UNIQUE, status TEXT NOT NULL, speed TEXT NOT NULL, notes TEXT NOT NULL,
    created_at REAL NOT NULL, processed_at REAL) STRICT;
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id);
CREATE INDEX IF NOT EXISTS refunds_by_day ON refunds (processed_at);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, refund_id TEXT NOT NULL REFERENCES refunds) STRICT;
CREATE TABLE IF NOT EXISTS customers (
    id TEXT PRIMARY KEY, name TEXT, email TEXT, contact TEXT, notes TEXT NOT NULL, created_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, method TEXT NOT NULL, status TEXT NOT NULL,
    max_amount INTEGER NOT NULL, frequency TEXT, expire_at INTEGER, created_at REAL NOT NULL, used_at REAL) STRICT;
CREATE TABLE IF NOT EXISTS contacts (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS fund_accounts (
    id TEXT PRIMARY KEY, contact_id TEXT NOT NULL REFERENCES contacts, kind TEXT NOT NULL, address TEXT NOT NULL,
    created_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payouts (
    id TEXT PRIMARY KEY, fund_account_id TEXT NOT NULL REFERENCES fund_accounts, amount INTEGER NOT NULL CHECK (amount > 0),
    mode TEXT NOT NULL, reference TEXT NOT NULL, status TEXT NOT NULL, utr TEXT, reason TEXT, key TEXT UNIQUE,
    digest TEXT NOT NULL, created_at REAL NOT NULL, notes TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE INDEX IF NOT EXISTS payouts_by_reference ON payouts (reference);
CREATE TABLE IF NOT EXISTS channels (
    name TEXT PRIMARY KEY, float_paise INTEGER NOT NULL, used_paise INTEGER NOT NULL DEFAULT 0,
    commission_basis_points INTEGER NOT NULL, answers TEXT NOT NULL CHECK (answers IN ('final', 'accepted')), settle_seconds REAL NOT NULL,
    callbacks INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS recharges (
    channel TEXT NOT NULL REFERENCES channels, reference TEXT NOT NULL, digest TEXT NOT NULL, operator TEXT NOT NULL,
    phone_number TEXT NOT NULL, plan_code TEXT, amount_paise INTEGER NOT NULL CHECK (amount_paise > 0),
    status TEXT NOT NULL CHECK (status IN ('pending', 'success', 'failed')), operator_reference TEXT NOT NULL,
    reason TEXT, commission_paise INTEGER NOT NULL, submitted_at REAL NOT NULL, completed_at REAL, bill_reference TEXT,
    PRIMARY KEY (channel, reference)) STRICT;
CREATE INDEX IF NOT EXISTS recharges_by_day ON recharges (channel, completed_at);
-- The bill of a postpaid number; without a reference there is none. What is left to pay of it is `amount_paise`.
CREATE TABLE IF NOT EXISTS bills (
    phone_number TEXT PRIMARY KEY, operator TEXT NOT NULL, bill_reference TEXT, customer_name TEXT NOT NULL,
    amount_paise INTEGER NOT NULL CHECK (amount_paise >= 0), minimum_paise INTEGER NOT NULL CHECK (minimum_paise >= 0),
    part_payment TEXT NOT NULL CHECK (part_payment IN ('exact', 'minimum', 'any')), due_on TEXT, period_from TEXT,
    period_to TEXT) STRICT;
-- How often a subject was asked for, and how often that was taken: what a test asserts on.
CREATE TABLE IF NOT EXISTS seen (
    target TEXT NOT NULL, subject TEXT NOT NULL, times INTEGER NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (target, subject)) STRICT;
-- No uniqueness on purpose: a second delivery has to show, not to be refused by the table.
CREATE TABLE IF NOT EXISTS delivered (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, reference TEXT NOT NULL, delivered_at REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS delivered_by_reference ON delivered (channel, reference);
CREATE TABLE IF NOT EXISTS later (
    id INTEGER PRIMARY KEY, due_at REAL NOT NULL, action TEXT NOT NULL, arguments TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS later_by_due ON later (due_at);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, event_id TEXT NOT NULL, event TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, forged INTEGER NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'given_up')), last_answer TEXT,
    created_at REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS notices_queued ON notices (due_at, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS notices_untried ON notices (subject, id) WHERE state = 'queued' AND attempts = 0;
CREATE TABLE IF NOT EXISTS scripts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, operation TEXT NOT NULL, script TEXT NOT NULL, seconds REAL NOT NULL,
    count INTEGER NOT NULL, reason TEXT, remaining INTEGER, matches TEXT NOT NULL, share REAL NOT NULL,
    hits INTEGER NOT NULL DEFAULT 0, UNIQUE (target, operation, matches, script)) STRICT;
"""


class Store:
    """The file and its one connection; use it from the event loop's thread only."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(folder / "sandbox.sqlite3", isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;"
        )
        self.db.executescript(_SCHEMA)
        self._add_column("recharges", "bill_reference", "TEXT")
        self._add_column("payouts", "notes", "TEXT NOT NULL DEFAULT '{}'")

    def _add_column(self, table: str, name: str, kind: str) -> None:
        """Add a column that the file of an earlier release does not have."""
        known = {row["name"] for row in self.db.execute(f"PRAGMA table_info({table})")}
        if name not in known:
            self.db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing of it. The block must not wait for anything else."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def wipe(self) -> None:
        """Forget everything, as on the first start."""
        with self.transaction() as db:
            for table in reversed(TABLES):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the list above

    def remember(self, name: str, value: object) -> None:
        """Keep a small value under a name."""
        self.db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    def recall(self, name: str, default: Any) -> Any:
        """The value kept under `name`."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row["value"]) if row else default

    def close(self) -> None:
        """Close the file."""
        self.db.close()


def insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    """Add a row; its rowid. Table and column names are ours, never from outside."""
    columns = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    added = db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
    return added.lastrowid or 0


def find(db: sqlite3.Connection, table: str, key: str) -> sqlite3.Row | None:
    """The row with this id, or None."""
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM {table} WHERE id = ?", (key,)).fetchone()  # noqa: S608
    return row


def new_id(prefix: str) -> str:
    """An id of the gateway's shape: `pay_` and 14 letters or digits."""
    return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(14))
