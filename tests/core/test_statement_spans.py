"""SQL statements as spans: by name, with their text, without values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from gencharge.core.postgres.database import Database
from gencharge.core.postgres.statement_spans import describe
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans
from tests.make.collector import Collector, collector, tracing


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT posted, held FROM wallets WHERE user_id = $1::UUID", "SELECT wallets"),
        ("SELECT * FROM recharge_from_wallet($1, $2)", "SELECT recharge_from_wallet"),
        ("insert into events (id) values ($1)", "INSERT events"),
        ("UPDATE ONLY wallets SET posted = $1", "UPDATE wallets"),
        ("DELETE FROM deliveries USING unnest($1) AS done", "DELETE deliveries"),
        ("WITH due AS (SELECT id FROM jobs) UPDATE jobs SET x = $1", "SELECT jobs"),
        ("-- why it is so\n  SET LOCAL statement_timeout = '5s'", "SET"),
        ("SELECT 1", "SELECT"),
        ("", ""),
    ],
)
def test_a_statement_has_a_short_name(statement: str, name: str) -> None:
    assert describe(statement)[0] == name


def test_its_text_is_one_line_without_literals() -> None:
    _, line = describe(
        "SELECT id\n  FROM users -- of 9876543210\n WHERE phone = '+919876543210' AND name = 'O''Hara' AND age > 41.5 AND a1 = $2"
    )
    assert line == "SELECT id FROM users WHERE phone = ? AND name = ? AND age > ? AND a1 = $2"
    assert len(describe("SELECT " + "column, " * 500)[1]) == 500


@pytest.fixture
def there() -> Iterator[Collector]:
    with collector() as there:
        yield there


@pytest.fixture
async def database(settings: Settings, there: Collector) -> AsyncIterator[Database]:
    """A database of a process that traces."""
    with tracing(settings, there):
        database = Database(settings)
        yield database
        await database.close()


async def test_statements_of_a_unit_are_its_children(database: Database, there: Collector) -> None:
    with spans.work("job", spans.Kind.INTERNAL, {}):
        async with database.transaction() as db:
            await db.execute(
                text("SELECT 1 FROM users WHERE phone_number = :phone"), {"phone": "+919876543210"}
            )
        await database.fetch_row("SELECT 2 FROM wallets WHERE user_id::text = $1", "canary")
    job = there.wait_for("job")
    for name in ("SELECT users", "SELECT wallets"):
        [span] = there.named(name)
        assert (span.parent_id, span.kind, span.failed) == (job.span_id, 3, False)
        assert span.attributes["db.system.name"] == "postgresql"
    assert there.named("SELECT wallets")[0].attributes["db.query.text"].startswith("SELECT ? FROM wallets")
    assert b"canary" not in b"".join(there.bodies)
    assert b"987654" not in b"".join(there.bodies)


async def test_a_statement_that_fails_is_marked_by_the_errors_class(
    database: Database, there: Collector
) -> None:
    with spans.work("job", spans.Kind.INTERNAL, {}):
        with pytest.raises(Exception, match="canary"):
            async with database.transaction() as db:
                await db.execute(
                    text("SELECT CAST(:x AS text)::integer FROM users RIGHT JOIN roles ON true"),
                    {"x": "canary"},
                )
        with pytest.raises(Exception, match="canary"):
            await database.fetch_row("SELECT $1::text::integer FROM now()", "canary")
    there.wait_for("job")
    failed = [span for span in there.spans if span.failed]
    assert [span.name for span in failed] == ["SELECT users", "SELECT now"]
    assert failed[1].attributes["error.type"] == "InvalidTextRepresentationError"
    assert b"canary" not in b"".join(there.bodies)


async def test_statements_outside_of_a_trace_are_not_recorded(database: Database, there: Collector) -> None:
    await database.ping()
    await database.fetch_row("SELECT 1")
    with spans.work("job", spans.Kind.INTERNAL, {}):
        pass
    there.wait_for("job")
    assert [span.name for span in there.spans] == ["job"]
