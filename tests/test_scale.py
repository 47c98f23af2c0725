"""The scale data, small: the very code of `gencharge seed --scale`, and what must hold of what it makes."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

import scale
from gencharge import wiring
from gencharge.analytics import service as analytics
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from gencharge.core.values.phone import parse_mobile
from gencharge.seed import phone_of as sample_phone_of
from scale import progress
from scale.calendar import Calendar
from scale.people import code_of, id_at, instant, phone_of
from tests.conftest import TEMPLATE, database_of, fresh_database, test_settings
from tests.make import fork_server

SMALL = scale.Size(users=1_000, transactions=5_000, seed=7)


@pytest.fixture(scope="module")
async def settings(servers: Path, worker_id: str) -> Settings:
    """Settings of a database with a small set of the scale data."""
    loaded = test_settings(servers, database_of(servers, worker_id, "scale"))
    assert await scale.load(loaded, SMALL, progress.Silent())
    return loaded


@pytest.fixture
def connection(settings: Settings) -> Any:
    """A plain connection to it."""
    with psycopg.connect(settings.postgres_url) as connection:
        yield connection


def value(connection: psycopg.Connection[Any], query: str) -> Any:
    """The one value of a query."""
    row = connection.execute(query).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]


async def test_every_check_of_the_ledger_passes(settings: Settings) -> None:
    database = Database(settings, name="tests")
    report = await checks.run(database, wiring.CHECKS)
    await database.close()
    assert report.ok, report.lines


async def test_the_figures_are_what_the_recharges_and_the_ledger_say(settings: Settings) -> None:
    database = Database(settings, name="tests")
    differences = await analytics.find_differences(database, lambda first, until: None)
    await database.close()
    assert differences == []


def test_every_kind_of_sale_is_among_the_figures(connection: psycopg.Connection[Any]) -> None:
    kinds = value(
        connection,
        """SELECT array[sum(sold) > sum(delivered), sum(failed) > 0, sum(refunded) > 0, sum(delivered_discount) > 0,
           sum(cashback) > 0, sum(commission) > 0, sum(delivery_seconds) > 0] FROM recharge_figures WHERE cut = 'all'""",
    )
    assert kinds == [True] * 7
    channels = value(connection, "SELECT count(DISTINCT key) FROM recharge_figures WHERE cut = 'channel'")
    assert channels > 3
    unknown = value(
        connection,
        "SELECT count(*) FROM recharge_figures WHERE cut = 'circle' AND key = 'unknown' AND sold > 1",
    )
    assert unknown == 0


async def test_figures_that_a_cut_off_run_did_not_count_are_counted_by_the_next(
    settings: Settings, connection: psycopg.Connection[Any]
) -> None:
    count = "SELECT count(*) FROM recharge_figures"
    before = value(connection, count)
    connection.execute("DELETE FROM recharge_figures")
    connection.commit()
    assert not await scale.load(settings, SMALL, progress.Silent())
    assert value(connection, count) == before > 0


async def test_a_size_is_a_number_of_recharges(servers: Path, worker_id: str) -> None:
    own = test_settings(servers, database_of(servers, worker_id, "scale_sized"))
    assert await scale.load(own, scale.Size(users=120, recharges=1_000), progress.Silent())
    with psycopg.connect(own.postgres_url) as connection:
        assert (
            value(connection, "SELECT count(*) FROM recharges WHERE idempotency_key LIKE 'scale-%'") == 1_000
        )


async def test_a_database_with_other_customers_is_refused(servers: Path, worker_id: str) -> None:
    own = test_settings(servers, database_of(servers, worker_id, "scale_others"))
    with psycopg.connect(own.postgres_url) as connection:
        connection.execute(
            "INSERT INTO users (user_id, phone_number, referral_code) VALUES (gen_random_uuid(), '+919812345678', 'OTHER001')"
        )
    with pytest.raises(scale.Refused, match="1 customers of this database are no sample customers"):
        await scale.load(own, scale.Size(users=50, transactions=100), progress.Silent())


def test_an_unknown_size_is_refused() -> None:
    assert scale.Size.named("10m", 3) == scale.Size(users=1_000_000, recharges=10_000_000, seed=3, groups=10)
    assert scale.Size.named("100k").groups == 1
    with pytest.raises(scale.Refused, match="There is no size '2m': 100k, 1m, 10m"):
        scale.Size.named("2m")


@pytest.mark.parametrize(
    "wrong",
    [
        {"users": 0},
        {"users": 100_000_000},
        {"users": 101, "groups": 10},
        {"users": 100, "recharges": 1_001, "groups": 10},
        {"users": 110, "transactions": 110, "groups": 11},
        {"users": 90_000_000, "groups": 5},
    ],
)
def test_a_size_that_can_not_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(scale.Refused):
        scale.Size(**wrong)


@pytest.fixture(scope="module")
async def grouped(servers: Path, worker_id: str) -> Settings:
    """Settings of a database with three groups of customers."""
    loaded = test_settings(servers, database_of(servers, worker_id, "scale_grouped"))
    size = scale.Size(users=300, recharges=2_100, seed=5, groups=3)
    assert await scale.load(loaded, size, progress.Silent())
    return loaded


async def test_the_books_of_groups_are_clean_and_their_figures_right(grouped: Settings) -> None:
    database = Database(grouped, name="tests")
    report = await checks.run(database, wiring.CHECKS)
    differences = await analytics.find_differences(database, lambda first, until: None)
    await database.close()
    assert report.ok, report.lines
    assert differences == []


def test_each_group_does_the_same_under_ids_and_numbers_of_its_own(grouped: Settings) -> None:
    with psycopg.connect(grouped.postgres_url) as connection:
        group = "substr(phone_number, 6, 1)"
        rows = connection.execute(
            f"SELECT {group}, count(*), sum(price), count(DISTINCT user_id), count(DISTINCT id), count(DISTINCT operator_reference)"
            " FROM recharges WHERE idempotency_key LIKE 'scale-%' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        assert [row[0] for row in rows] == ["0", "1", "2"]
        assert rows[0][1] == 700
        assert len({row[1:] for row in rows}) == 1
        distinct = "count(DISTINCT {0}) = count({0})"
        for table, column in (
            *(("recharges", "id"), ("recharges", "operator_reference"), ("transfers", "id")),
            *(("payments", "order_id"), ("payments", "idempotency_key"), ("payment_orders", "order_id")),
            *(("users", "name || email"), ("users", "referral_code"), ("operator_references", "reference")),
            ("wallets", "user_id"),
        ):
            assert value(connection, f"SELECT {distinct.format(column)} FROM {table}"), (table, column)
        # Nobody pays with the ids of another group.
        for table in ("transfers", "recharges", "payments", "active_plans", "offer_uses", "fulfilments"):
            lost = f"SELECT count(*) FROM {table} WHERE user_id NOT IN (SELECT user_id FROM users)"
            assert value(connection, lost) == 0
        lost = (
            "SELECT count(*) FROM transfers WHERE code = 2 AND key <> reference_id::text AND key <> 'opening'"
        )
        assert value(connection, lost) == 0


def test_rows_that_were_there_before_stay(connection: psycopg.Connection[Any]) -> None:
    # The tables are emptied for the load, and the sample data comes back.
    assert value(connection, "SELECT count(*) FROM users WHERE phone_number NOT LIKE '+9191%'") > 10
    ours = "user_id IN (SELECT user_id FROM users WHERE phone_number LIKE '+9191%')"
    assert value(connection, f"SELECT count(*) FROM transfers WHERE NOT {ours}") > 10


def test_no_page_needs_to_be_written_again(connection: psycopg.Connection[Any]) -> None:
    for table in ("transfers", "recharges", "payments", "active_plans", "wallets"):
        # The few rows that were there before come last, as any others.
        visible = value(connection, f"SELECT relallvisible FROM pg_class WHERE relname = '{table}'")
        used = value(connection, f"SELECT count(DISTINCT (ctid::text::point)[0]) FROM {table}")
        assert visible >= used - 2, table


def test_customers_act_more_each_month_in_the_evening_and_before_a_festival() -> None:
    started, ended = datetime(2024, 11, 22, 7, 11, tzinfo=UTC), datetime(2026, 11, 22, 7, 11, tzinfo=UTC)
    calendar = Calendar(int(started.timestamp() * 1000), int(ended.timestamp() * 1000))
    parts = 200_000
    times = [instant(calendar.at(number / parts)).astimezone(clock.IST) for number in range(parts)]
    assert times == sorted(times)
    assert started <= times[0]
    assert times[-1] < ended
    months = Counter(f"{at:%Y-%m}" for at in times)
    assert months["2025-10"] > 1.1 * months["2025-09"]
    assert 1.7 < months["2026-10"] / months["2025-10"] < 2.3
    hours = Counter(at.hour for at in times)
    assert hours[20] > 10 * hours[3] > 0
    days = Counter(at.weekday() for at in times)
    assert days[5] > 1.1 * days[1]


def test_the_schema_is_what_the_migrations_made_it(
    settings: Settings, servers: Path, connection: psycopg.Connection[Any]
) -> None:
    # The load puts indexes and primary keys aside for a while.
    objects = """
        SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid::regclass::text IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')
        UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid > 0 ORDER BY 1, 2
    """
    with psycopg.connect(test_settings(servers, TEMPLATE).postgres_url) as template:
        schema = template.execute(objects).fetchall()
    assert len(schema) > 50
    assert connection.execute(objects).fetchall() == schema


def test_there_is_as_much_of_it_as_was_asked_for(connection: psycopg.Connection[Any]) -> None:
    assert value(connection, "SELECT count(*) FROM users WHERE phone_number LIKE '+9191%'") == SMALL.users
    ours = "user_id IN (SELECT user_id FROM users WHERE phone_number LIKE '+9191%')"
    assert value(connection, f"SELECT count(*) FROM transfers WHERE {ours}") == SMALL.transactions
    assert value(connection, f"SELECT count(*) FROM wallets WHERE {ours}") == SMALL.users


def test_a_number_an_address_and_a_code_lead_to_their_owner(connection: psycopg.Connection[Any]) -> None:
    lost = """
        SELECT count(*) FROM users
        LEFT JOIN phone_directory AS phones ON phones.phone_number = users.phone_number
        LEFT JOIN email_directory AS emails ON emails.email = users.email
        LEFT JOIN referral_codes AS codes ON codes.code = users.referral_code
        WHERE codes.user_id IS DISTINCT FROM users.user_id
           OR status <> 'archived' AND phones.owner_id IS DISTINCT FROM users.user_id
           OR status <> 'archived' AND users.email IS NOT NULL AND emails.owner_id IS DISTINCT FROM users.user_id
           OR status = 'archived' AND (phones.owner_id = users.user_id OR emails.owner_id = users.user_id)
    """
    assert value(connection, lost) == 0


def test_every_status_type_and_code_is_there(connection: psycopg.Connection[Any]) -> None:
    assert value(connection, "SELECT count(DISTINCT status) FROM users") == 4
    assert value(connection, "SELECT count(DISTINCT (user_type, kyc_tier)) FROM users") == 4
    assert value(connection, "SELECT count(DISTINCT code) FROM transfers") == 13
    states = value(connection, "SELECT array_agg(DISTINCT status ORDER BY status) FROM active_plans")
    assert states == ["active", "cancelled", "expired", "queued", "replaced"]
    assert value(connection, "SELECT count(DISTINCT status) FROM adjustments") >= 3


def test_times_fit_together(connection: psycopg.Connection[Any]) -> None:
    late = "SELECT count(*) FROM {} JOIN users USING (user_id) WHERE {}.created_at < users.created_at"
    for table in ("transfers", "recharges", "active_plans"):
        assert value(connection, late.format(table, table)) == 0
        assert value(connection, f"SELECT count(*) FROM {table} WHERE created_at > now()") == 0
    # The first 48 bits of a UUIDv7 are the milliseconds of its row.
    of_id = "('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint"
    apart = f"SELECT max(abs({of_id} - extract(epoch FROM created_at) * 1000)) FROM recharges"
    assert value(connection, apart) < 1
    assert value(connection, "SELECT count(*) FROM active_plans WHERE valid_until <= valid_from") == 0
    unfit = "SELECT count(*) FROM active_plans WHERE (status = 'active') <> (valid_from <= now() AND valid_until > now())"
    assert value(connection, f"{unfit} AND status IN ('active', 'expired')") == 0


def test_no_two_base_plans_of_a_number_run_at_once(connection: psycopg.Connection[Any]) -> None:
    over = """
        SELECT count(*) FROM active_plans AS one JOIN active_plans AS other USING (phone_number)
        WHERE one.recharge_id < other.recharge_id AND NOT one.is_addon AND NOT other.is_addon
          AND one.status NOT IN ('cancelled', 'queued') AND other.status NOT IN ('cancelled', 'queued')
          AND (one.valid_from, coalesce(one.ended_at, one.valid_until))
              OVERLAPS (other.valid_from, coalesce(other.ended_at, other.valid_until))
    """
    assert value(connection, over) == 0
    waiting = """
        SELECT count(*) FROM active_plans AS waiting WHERE status = 'queued' AND NOT EXISTS (
            SELECT FROM active_plans AS running WHERE running.phone_number = waiting.phone_number
            AND running.status = 'active' AND NOT running.is_addon)
    """
    assert value(connection, waiting) == 0


async def test_a_second_run_changes_nothing_and_a_larger_one_is_refused(settings: Settings) -> None:
    assert not await scale.load(settings, SMALL, progress.Silent())
    assert not await scale.load(settings, scale.Size(users=100, transactions=10), progress.Silent())
    with pytest.raises(scale.Refused, match="smaller set"):
        await scale.load(settings, scale.Size(users=3_000, transactions=10), progress.Silent())


async def test_an_interrupted_run_leaves_nothing_of_it_behind(servers: Path, worker_id: str) -> None:
    own = test_settings(servers, database_of(servers, worker_id, "scale_cut"))

    class Cut(progress.Silent):
        def begin(self, what: str, total: int) -> None:
            if what == "wallets and lines":
                raise asyncio.CancelledError

    size = scale.Size(users=50, transactions=100)
    with pytest.raises(asyncio.CancelledError):
        await scale.load(own, size, Cut())
    with psycopg.connect(own.postgres_url) as connection:
        assert value(connection, "SELECT count(*) FROM users WHERE phone_number LIKE '+9191%'") == 0
    assert await scale.load(own, size, progress.Silent())


async def test_the_same_seed_gives_the_same_customers(servers: Path, worker_id: str) -> None:
    customers, began = [], clock.now()
    for attempt in ("one", "two"):
        own = test_settings(servers, database_of(servers, worker_id, f"scale_{attempt}"))
        # How busy an hour is depends on the hour.
        with clock.at(began):
            await scale.load(own, scale.Size(users=60, transactions=300, seed=3), progress.Silent())
        with psycopg.connect(own.postgres_url) as connection:
            query = "SELECT amount, code, operator, count(*) FROM transfers GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            customers.append(connection.execute(query).fetchall())
    assert customers[0] == customers[1]


@pytest.mark.parametrize(
    ("name", "environment", "reason"),
    [
        ("gencharge", "development", "ends in _dev, _test, _scale"),
        ("gencharge_scale", "production", "production"),
    ],
)
def test_a_database_that_may_be_real_is_refused(name: str, environment: str, reason: str) -> None:
    safe = Settings(_env_file=None, database_url=f"postgresql://localhost/{name}")  # type: ignore[call-arg]
    settings = safe.model_copy(update={"environment": Environment(environment)})
    with pytest.raises(scale.Refused, match=reason):
        scale.check_safe(settings)


def test_the_command_refuses_in_one_line(servers: Path, worker_id: str, tmp_path: Path) -> None:
    name = f"gencharge_real{''.join(filter(str.isdigit, worker_id))}"
    name = fresh_database(servers, name)
    url = test_settings(servers, name, dev_fixed_otp="").database_url
    answer = fork_server.run(
        *("seed", "--scale", "--users", "10", "--transactions", "10"),
        folder=tmp_path,
        environment={"PATH": "", "DATABASE_URL": url, "DATA_DIR": str(tmp_path)},
        timeout=60,
    )
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert f"this one is '{name}'" in answer.stderr


def test_numbers_and_codes_never_repeat_nor_meet_the_sample_users() -> None:
    numbers = {phone_of(number) for number in range(200_000)}
    assert len(numbers) == 200_000
    assert len({code_of(number) for number in range(200_000)}) == 200_000
    assert not numbers & {sample_phone_of(number) for number in range(1, 51)}
    assert parse_mobile(phone_of(99_999)) == phone_of(99_999)


def test_ids_are_of_version_7_and_in_the_order_of_time() -> None:
    earlier, later = id_at(1_700_000_000_000, 2**36 - 1), id_at(1_700_000_000_001, 0)
    assert earlier.version == later.version == 7
    assert earlier < later
    assert instant(1_700_000_000_000).isoformat() == "2023-11-14T22:13:20+00:00"


def test_without_a_terminal_progress_is_a_line_for_each_tenth() -> None:
    console = Console(record=True, width=80)
    with progress.shown(console) as meter:
        meter.begin("customers", 200)
        for _ in range(200):
            meter.advance(1)
    lines = console.export_text().splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("customers: 10 %")


def test_in_a_terminal_progress_is_a_bar() -> None:
    console = Console(record=True, width=80, force_terminal=True)
    with progress.shown(console) as meter:
        meter.begin("customers", 200)
        meter.advance(150)
        meter.begin("transactions", 100)
        meter.advance(100)
    shown = console.export_text()
    assert "customers" in shown
    assert "200/200" in shown
    assert "100/100" in shown
