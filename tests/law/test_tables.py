"""The schema: migrations and models agree, and every table could be sharded (docs/decisions/0004)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, make_url

from gencharge import wiring
from gencharge.core.postgres import migrations
from gencharge.core.postgres.database import Base
from gencharge.core.settings import Settings
from gencharge.migrations import compare

PACKAGE = Path(__file__).parents[2] / "gencharge"
# Small, the same everywhere, replicated to every shard.
REFERENCE = {
    # Reports that the staff have made.
    "report_files",
    "report_schedules",
    # Work on backups of everything, and links to them.
    "backup_runs",
    "backup_links",
    # Batches of delivered events, each about many customers.
    "delivered_events",
    "operators",
    "circles",
    "plan_groups",
    "plans",
    "plan_versions",
    "offer_types",
    "offers",
    "offer_versions",
    "roles",
    "role_permissions",
    "admins",
    "admin_second_factors",
    "admin_recovery_codes",
    "catalogue_state",
    "session_cutoffs",  # one row
    "snapshot_versions",
    "audit_anchors",
    "audit_sealers",
    "operator_channels",
    "channel_breakers",
    "channel_floats",
    "webhook_endpoints",
    "receipt_series",
    "approvals",
    "work_reports",
    "work_assignments",
    "velocity_allowances",
    "campaigns",
    "offer_budgets",
    "campaign_figures",
    "data_keys",
    "recharge_figures",
    "recharge_month_figures",
    "area_figures",
    "area_counts",
    "active_plan_figures",
    "customer_figures",
    "plan_reminder_marks",
    # Sums by the day.
    "quote_counts",
    "offer_quote_counts",
}
# Global uniqueness, sharded by what must be unique.
DIRECTORY = {
    "phone_directory": "phone_number",
    "email_directory": "email",
    "referral_codes": "code",
    "referral_marks": "mark",
    "sign_in_failures": "phone_number",
    "velocity_payers": "network",
    "velocity_device_payers": "device_id",
    "code_sends": "name",
    "operator_references": "reference",
    "payment_orders": "order_id",
    "mandate_tokens": "token_hash",
    "gateway_events": "event_id",
    "adjustment_keys": "requested_by",
    # The staff's work on a statement, which is about all customers: read and changed by its run.
    "reconciliation_runs": "run_id",
    "reconciliation_differences": "run_id",
    # Kept by the endpoint that they go to: a message and its attempts lie in one place, the courier asks by endpoint.
    "webhook_deliveries": "endpoint_id",
    "webhook_attempts": "endpoint_id",
    # The counters of an offer, which all customers use.
    "offer_slots": "offer_id",
    "offer_codes": "code",
}
# Owned by a number.
BY_NUMBER = {"connections", "active_plans", "bill_payments", "lines"}


def shard_key(table: str) -> str | None:
    if table in REFERENCE:
        return None
    return DIRECTORY.get(table, "phone_number" if table in BY_NUMBER else "user_id")


def breaches(metadata: MetaData) -> list[str]:
    """Tables that a sharded PostgreSQL would refuse, or could not find in one place."""
    problems = []
    for table in metadata.sorted_tables:
        key = shard_key(table.name)
        if key is None:
            continue
        first = next(iter(table.primary_key.columns)).name
        if first != key:
            problems.append(f"{table.name}: the primary key starts with {first}, not with {key}")
        for index in table.indexes:
            if index.unique and key not in {column.name for column in index.columns}:
                problems.append(f"{table.name}: the unique index {index.name} is without {key}")
        for column in table.columns:
            if column.autoincrement is True or column.identity is not None:
                problems.append(f"{table.name}.{column.name}: ids are made by the application")
    return problems


def test_every_table_has_its_owner_first_and_unique_within_the_owner() -> None:
    assert breaches(Base.metadata) == []


def test_the_rule_catches_a_table_that_breaks_it() -> None:
    from sqlalchemy import Column, Index, Integer, Table, Text, Uuid

    metadata = MetaData()
    bad = Table(
        "bad",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("user_id", Uuid),
        Column("code", Text),
        Column("n", Integer),
    )
    Index("uq_bad_code", bad.c.code, unique=True)
    assert len(breaches(metadata)) == 2


def test_migrations_and_models_describe_the_same_schema(settings: Settings) -> None:
    url = make_url(settings.migration_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": compare.is_ours, "compare_type": True, "target_metadata": Base.metadata},
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert wiring.ROUTERS
    assert differences == []


def test_the_database_is_at_the_newest_revision(settings: Settings) -> None:
    assert migrations.current(settings) == migrations.head()
    assert migrations.upgrade(settings) is False


def test_no_table_of_ours_has_a_trigger_a_sequence_or_a_deferrable_constraint(settings: Settings) -> None:
    ours = [table.name for table in Base.metadata.sorted_tables]
    with psycopg.connect(settings.migration_url) as connection:
        triggers = connection.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text = ANY(%s)",
            (ours,),
        ).fetchall()
        deferrable = connection.execute(
            "SELECT conname FROM pg_constraint WHERE condeferrable AND conrelid::regclass::text = ANY(%s)",
            (ours,),
        ).fetchall()
        sequences = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'S' AND relname NOT LIKE 'procrastinate%'"
        ).fetchall()
    assert (triggers, deferrable, sequences) == ([], [], [])


OWNED = ("wallets", "transfers", "recharges", "adjustments")
_STATEMENT = re.compile(rf"\b(?:FROM|UPDATE|JOIN)\s+({'|'.join(OWNED)})\b", re.IGNORECASE)


def statements_without_owner(source: str) -> list[str]:
    """SQL texts in Python source that read or change a customer's table without naming the customer."""
    statements = []
    for node in ast.walk(ast.parse(source)):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and _STATEMENT.search(text) and "user_id" not in text:
            statements.append(text.strip()[:80])
    return statements


def test_every_statement_on_a_customers_table_names_the_customer() -> None:
    statements = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "checks.py" or {"migrations", "sandbox"} & set(path.parts):
            continue  # the checks sweep all customers on purpose; the sandbox is an outside party with its own tables
        statements.extend(statements_without_owner(path.read_text(encoding="utf-8")))
    assert statements == []


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM transfers WHERE id = 1", "UPDATE wallets SET posted = 1"]
)
def test_the_statement_rule_catches_what_breaks_it(statement: str) -> None:
    assert statements_without_owner(f"query = {statement!r}") != []


# Queries that ask every shard, on purpose.
SCATTERED = {
    # The staff's lists, which begin with whichever filter is given.
    "offers/crud.py:list_uses",
    "offers/codes_crud.py:list_page",
    # Reports of the staff.
    "reports/catalogue_crud.py:_select_offers",
    "reports/ledger_crud.py:_select_ledger",
    "reports/payments_crud.py:_select_payments",
    "reports/people_crud.py:_select_referrals",
    "reports/people_crud.py:_select_sessions",
    "reports/people_crud.py:_select_users",
    "reports/sales_crud.py:_select_active_plans",
    "reports/sales_crud.py:_select_autopays",
    "reports/sales_crud.py:_select_transactions",
    # The export and the erasure of one customer: codes lie by their text, and these have an index of their own.
    "offers/codes_crud.py:_of_customer",
    "offers/codes_crud.py:delete_free_of",
    "wallet/history_crud.py:select_all_events",
    "wallet/adjustments_crud.py:select_all",
    "payments/crud.py:select_all_payments",
    "payments/crud.py:list_events",
    # The staff's search by an id or a number.
    "payments/search_crud.py:find_by_id",
    "payments/search_crud.py:list_by_reference",
    "recharge/crud.py:find_by_id",
    "recharge/crud.py:list_by_reference",
    "recharge/crud.py:list_of_number",
    "recharge/crud.py:select_all_recharges",
    "reconciliation/crud.py:select_runs",
    "complaints/crud.py:list_all",
    "users/kyc_crud.py:list_all",
    "users/staff_crud.py:select_present",
    "users/staff_crud.py:select_archived",
    "webhooks/crud.py:select_deliveries",
    "velocity/crud.py:select_held_back",
    "referrals/crud.py:select_all",
    "autopay/crud.py:select_all_autopays",
    "autopay/topups_crud.py:select_all",
    "mandates/crud.py:select_all",
    "payouts/crud.py:select_all",
    # A worker's look at all wallets that are due, as a claim of a queue is.
    "autopay/topups_crud.py:list_due",
    # The gateway's fees, by the day.
    "analytics/revenue_crud.py:list_fees",
    # By an id without its owner: a delivery, the runs of a day.
    "webhooks/crud.py:find_delivery",
    "reconciliation/crud.py:find_finished",
    "reconciliation/crud.py:lock_day",
    "reconciliation/crud.py:supersede",
    # What a customer has at all numbers; the staff's list of plans.
    "operators/crud.py:list_connections",
    "operators/crud.py:delete_connections",
    "recharge/plans_crud.py:select_current_plans",
    # By what others call a thing, for the staff's search.
    "receipts/crud.py:find_by_number",
    "channels/queue_crud.py:find_by_operator_reference",
    "payments/search_crud.py:list_by_gateway",
    "payments/search_crud.py:_refunded_by",
    "payouts/crud.py:list_by_id",
    "payouts/crud.py:list_by_gateway",
    "recharge/refund_crud.py:find_refunded",
    "recharge/bill_crud.py:list_paid",
    "complaints/crud.py:find_recharge",
    # Sessions of everybody that ended lately, or long ago.
    "sessions/crud.py:set_all_revoked",
    "sessions/crud.py:delete_old",
    # Wrong codes of long ago.
    "auth/crud.py:delete_old_failures",
    "velocity/crud.py:purge",
    # Who paid from which network, for a day.
    "velocity/crud.py:delete_of_user",
    "velocity/crud.py:delete_payers",
    # The bills of all customers that want a reminder today: few, by an index of what is due.
    "bills/crud.py:list_to_remind",
    # The staff's list of bills.
    "bills/crud.py:select_all_bills",
    # Everybody whom a campaign may be for.
    "campaigns/crud.py:list_users",
    # Where a referred customer registered from, kept by the mark.
    "referrals/crud.py:delete_marks",
    "referrals/crud.py:purge_marks",
    "auth/sends_crud.py:delete_old_sends",
    "auth/crud.py:delete_old_contact_changes",
}


def owned_models() -> dict[str, str]:
    """The models of tables that are spread over shards, and the attribute that names the owner."""
    return {
        mapper.class_.__name__: key
        for mapper in Base.registry.mappers
        if (key := shard_key(mapper.local_table.name)) is not None  # type: ignore[attr-defined]
    }


def queries_without_owner(source: str, *, locking: bool = False) -> list[str]:
    """Functions that query an owned table through its model without naming the owner in that very query.

    `Model.key == ...`, `Model.key.in_(...)` and `tuple_(Model.key, ...)` name it; so does a column that was given a name before. `locking`: only
    those that lock the rows.
    """
    models = owned_models()
    starts = re.compile(rf"\b(?:select|update|delete)\(({'|'.join(models)})\b")
    if not re.search(starts.pattern.replace("\\(", "\\(\\s*", 1), source):
        return []  # without parsing it: most files
    names = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        conditions = {
            target.id: ast.unparse(node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        chains = {ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for start in {match.group(0) for chain in chains if (match := starts.match(chain))}:
            model = start.partition("(")[2]
            key = rf"{model}\.{models[model]}"
            names_owner = re.compile(rf"\b{key} ==|\b{key}\.in_\(|\btuple_\({key}, ")
            of_model = [chain for chain in chains if chain.startswith(start)]
            if locking and not any(".with_for_update(" in chain for chain in of_model):
                continue
            filled = [_fill(chain, conditions) for chain in of_model]
            if not any(names_owner.search(chain) for chain in filled):
                names.append(function.name)
    return names


def _fill(chain: str, values: dict[str, str]) -> str:
    """A call with the expressions in the place of the local names that stand for them."""
    return re.sub(r"\b\w+\b", lambda word: values.get(word[0], word[0]), chain)


def test_every_query_on_an_owned_table_names_the_owner_but_those_that_are_known_to_ask_all() -> None:
    queries = {
        f"{path.relative_to(PACKAGE).as_posix()}:{name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in queries_without_owner(path.read_text(encoding="utf-8"))
    }
    assert queries == SCATTERED


@pytest.mark.parametrize(
    ("query", "caught"),
    [
        ("select(Transfer).where(Transfer.id == 1)", True),
        ("select(Transfer)", True),
        ("update(Wallet).values(posted=Wallet.user_id)", True),
        ("select(Recharge.phone_number).where(Recharge.user_id == user)", False),
        ("select(Transfer).where(Transfer.user_id == user).limit(1)", False),
        ("select(Recharge).where(tuple_(Recharge.user_id, Recharge.id).in_(keys))", False),
        ("select(ActivePlan).where(ActivePlan.user_id == user)", True),
        ("select(ActivePlan).where(ActivePlan.phone_number == user)", False),
        ("delete(WebhookDelivery).where(WebhookDelivery.delivery_id == user)", True),
        ("select(Plan).where(Plan.plan_id == user)", False),
        ("select(Recharge).where(tuple_(Recharge.id, Recharge.price).in_(keys))", True),
    ],
)
def test_the_query_rule_catches_what_breaks_it(query: str, caught: bool) -> None:
    assert bool(queries_without_owner(f"def find(user):\n    return {query}\n")) is caught
