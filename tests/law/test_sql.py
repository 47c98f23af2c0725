"""The law of the SQL: functions are files of their rooms, the database has them as the files say, and they run on shards.

Each rule is a function of one routine (and of all of them) that returns a line for each breach. docs/decisions/0012 says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from gencharge.core.postgres import functions
from gencharge.core.postgres.functions import Function
from gencharge.core.settings import Settings
from gencharge.wallet.models import Code
from tests.law.sql_text import Routine, Statement, keys, rooms
from tests.law.test_seam import outcomes_of

PACKAGE = functions.PACKAGE
LEDGER = frozenset({"transfers", "wallets"})
_DEFINES = re.compile(r"\bCREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\b", re.IGNORECASE)
# An instant and an interval: the sum depends on the time zone of the session, so it is not immutable.
_ARITHMETIC = re.compile(r"[+-]\s*(?:interval\b|make_interval\s*\()", re.IGNORECASE)
_BARE_CODE = re.compile(r"\b\d+::smallint|\bcode\s*(?:=|<>|:=|IN\s*\()\s*\d+", re.IGNORECASE)
_LOCKS = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b|\bUPDATE\s+\w+\s+SET\b|\bDELETE\s+FROM\b", re.IGNORECASE
)


def functions_in_migrations(folder: Path) -> list[str]:
    """Files of the migrations that define a function."""
    return [
        f"{path.name}: move the function to <room>/sql/<function>.sql; `gencharge migrate` installs it"
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".py", ".sql"} and _DEFINES.search(path.read_text(encoding="utf-8"))
    ]


def routines() -> list[Routine]:
    """The functions of all rooms."""
    return [Routine(function) for function in functions.read()]


def unstable(all_routines: Sequence[Routine], *, volatile: bool) -> re.Pattern[str]:
    """Calls whose result is not the same each time: those that are volatile, or all that are not immutable."""
    ours = [each.name for each in all_routines if each.is_volatile or not (volatile or each.is_immutable)]
    theirs = ["clock_timestamp", "random", "gen_random_uuid", "uuidv7", "nextval"]
    theirs += [] if volatile else ["now", "statement_timestamp", "transaction_timestamp"]
    return re.compile(rf"\b(?:{'|'.join([*ours, *theirs])})\s*\(", re.IGNORECASE)


def one_owner(routine: Routine, _all: Sequence[Routine]) -> Iterator[str]:
    """A statement is about one owner, so that it runs on one shard."""
    for statement in routine.statements:
        owners = {keys()[table] for table in statement.distributed}
        if len(owners) > 1:
            yield f"{_head(statement)}: tables of different owners ({_names(statement)}); write a statement for each"
        elif owners:
            (key,) = owners
            assert key is not None
            if statement.equalities(key) < len(statement.distributed):
                yield f"{_head(statement)}: add `{key} = ...` for each of its tables ({_names(statement)})"


def instants_outside_conditions(routine: Routine, everything: Sequence[Routine]) -> Iterator[str]:
    """A sharded PostgreSQL refuses what is not immutable inside CASE or coalesce, and what is volatile in a change."""
    changing, moving = unstable(everything, volatile=False), unstable(everything, volatile=True)
    for statement in routine.statements:
        if not statement.tables:
            continue
        if any(changing.search(part) or _ARITHMETIC.search(part) for part in statement.conditional):
            yield f"{_head(statement)}: computes inside CASE or coalesce; compute it into a variable first"
        if statement.changes_rows and moving.search(statement.text):
            yield f"{_head(statement)}: calls a volatile function; call it into a variable first"


def no_rows_of_reference_tables(routine: Routine, _all: Sequence[Routine]) -> Iterator[str]:
    """Distributing a reference table renames the type of its rows; a function that has it as a type breaks."""
    for table, key in keys().items():
        typed = re.compile(
            rf"\b\w+\s+{table}(?:%ROWTYPE|\[\])?\s*(?:[;,):=]|DEFAULT\b|$)|\bRETURNS\s+(?:SETOF\s+)?{table}\b"
        )
        if key is None and (typed.search(routine.header) or typed.search(routine.declarations)):
            yield f"has a row of {table} as a type; use `record`, or the columns that it needs"


def no_functions_as_tables(routine: Routine, everything: Sequence[Routine]) -> Iterator[str]:
    """A function that queries tables can't be called on a shard."""
    names = "|".join(each.name for each in everything)
    called = re.compile(rf"(?:\bFROM|\bJOIN|\bLATERAL|,)\s+(?:LATERAL\s+)?(?:{names})\s*\(", re.IGNORECASE)
    for statement in routine.statements:
        if statement.tables and (called.search(statement.text) or "LATERAL" in statement.text.upper()):
            yield f"{_head(statement)}: joins a function with tables; call it in a statement of its own (`x := f(...)`)"


def own_tables(routine: Routine, _all: Sequence[Routine]) -> Iterator[str]:
    """A function changes tables of its own room; others through their rooms' functions."""
    for statement in routine.statements:
        for table in statement.written:
            owner = rooms()[table]
            if owner != routine.function.room:
                door = (
                    "wallet_transfer or ledger_transfer" if table in LEDGER else f"a function of {owner}/sql"
                )
                yield f"{_head(statement)}: {table} belongs to {owner}; call {door}"


def codes_by_name(routine: Routine, _all: Sequence[Routine]) -> Iterator[str]:
    """A code of the ledger is `ledger_code('refund')`, never a number."""
    if routine.name != "ledger_code" and (bare := _BARE_CODE.search(routine.body)):
        yield f"`{bare[0]}`: write ledger_code('<name>')"


def plpgsql(routine: Routine, _all: Sequence[Routine]) -> Iterator[str]:
    """LANGUAGE sql is inlined into the caller's query, which then is about tables of several owners."""
    if "LANGUAGE plpgsql" not in routine.header:
        yield "is not LANGUAGE plpgsql"


def undescribed(routine: Routine, everything: Sequence[Routine]) -> Iterator[str]:
    """The comment on top says what the function does, which outcomes it has, and which locks it takes."""
    if not routine.comment:
        yield "has no comment on top: arguments, outcomes, locks"
        return
    if not re.search(r"\block", routine.comment, re.IGNORECASE):
        yield "the comment does not say which rows it locks, or `Takes no lock.`"
    elif "takes no lock" in routine.comment.lower() and (taken := _locks(routine, everything)):
        yield f"the comment says that it takes no lock, but: {taken}"
    if re.search(r"\bOUT outcome\b|\) RETURNS text\b", routine.header):
        own = outcomes_of(routine.name, {routine.name: f"{routine.body}; RETURN;"})
        missing = {word for word in own if f"'{word}'" not in routine.comment}
        if missing:
            yield f"the comment does not name the outcomes {', '.join(sorted(missing))}"


RULES = (
    one_owner,
    instants_outside_conditions,
    no_rows_of_reference_tables,
    no_functions_as_tables,
    own_tables,
    codes_by_name,
    plpgsql,
    undescribed,
)


def breaches(subject: Routine, everything: Sequence[Routine]) -> list[str]:
    """What a function breaks of all rules."""
    where = f"{subject.function.room}/sql/{subject.name}.sql"
    return [f"{where}: {line}" for rule in RULES for line in rule(subject, everything)]


def _head(statement: Statement) -> str:
    return f"`{statement.text[:60]}`"


def _names(statement: Statement) -> str:
    return ", ".join(sorted(set(statement.distributed)))


def _locks(routine: Routine, everything: Sequence[Routine]) -> str:
    """The first thing by which a function locks rows: a statement of its own, or a call of a function that does."""
    for statement in routine.statements:
        if _LOCKS.search(statement.text):
            return _head(statement)
    for other in everything:
        if (
            other.name != routine.name
            and re.search(rf"\b{other.name}\s*\(", routine.body)
            and _locks(other, everything)
        ):
            return f"it calls {other.name}"
    return ""


# ---- the functions of the product


def test_no_migration_defines_a_function() -> None:
    assert functions_in_migrations(PACKAGE / "migrations") == []


def test_the_rule_on_migrations_catches_a_function(tmp_path: Path) -> None:
    (tmp_path / "0099_bad.py").write_text('op.execute("create function f() returns void")')
    (tmp_path / "0100_good.py").write_text('op.execute("DROP FUNCTION f()")')
    [breach] = functions_in_migrations(tmp_path)
    assert breach.startswith("0099_bad.py: move the function")


def test_the_database_has_exactly_the_functions_of_the_files(settings: Settings) -> None:
    files = functions.read()
    with psycopg.connect(settings.migration_url) as connection:
        rows = connection.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'procrastinate_%'"
        ).fetchall()
        assert functions.outdated(connection, files) == []
    assert sorted(name for (name,) in rows) == sorted(function.name for function in files)


def test_every_function_keeps_the_rules() -> None:
    everything = routines()
    assert [line for routine in everything for line in breaches(routine, everything)] == []


def test_the_codes_of_the_ledger_have_the_same_numbers_in_sql_and_in_python(settings: Settings) -> None:
    [routine] = [each for each in routines() if each.name == "ledger_code"]
    named = {
        name: int(number) for name, number in re.findall(r"WHEN '(\w+)' THEN RETURN (\d+)", routine.body)
    }
    assert named == {code.name.lower(): code.value for code in Code}
    with psycopg.connect(settings.migration_url) as connection:
        row = connection.execute("SELECT ledger_code('refund')").fetchone()
        assert row == (Code.REFUND.value,)
        with pytest.raises(psycopg.errors.CaseNotFound):
            connection.execute("SELECT ledger_code('unheard_of')")


# ---- each rule catches what breaks it


def bad(
    body: str, *, room: str = "recharge", declare: str = "", comment: str = "Takes no lock.", rest: str = ""
) -> list[str]:
    """What the rules say of a function with this body."""
    rest = rest or "(p_user uuid, p_now timestamptz) RETURNS void LANGUAGE plpgsql"
    source = f"-- {comment}\nCREATE OR REPLACE FUNCTION trial{rest} AS $$\nDECLARE\n    {declare}\nBEGIN\n    {body}\nEND $$;\n"
    trial = Routine(Function(room, "trial", source.replace("-- \n", "")))
    return breaches(trial, [*routines(), trial])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("PERFORM FROM recharges WHERE id = p_id;", "add `user_id = ...`"),
        ("SELECT count(*) INTO n FROM recharges;", "add `user_id = ...`"),
        ("IF x THEN PERFORM FROM recharges WHERE id = p_id; END IF;", "add `user_id = ...`"),
        ("PERFORM FROM transfers, recharges WHERE recharges.user_id = p_user;", "add `user_id = ...`"),
        ("PERFORM FROM connections AS c WHERE c.user_id = p_user;", "add `phone_number = ...`"),
        (
            "PERFORM FROM recharges AS r JOIN active_plans AS a ON a.recharge_id = r.id "
            "WHERE r.user_id = p_user AND a.phone_number = p_phone;",
            "tables of different owners",
        ),
        (
            "WITH sold AS (INSERT INTO recharges (user_id) VALUES (p_user)) INSERT INTO lines (phone_number) VALUES (p_phone);",
            "tables of different owners",
        ),
        ("INSERT INTO recharges (id, price) VALUES (p_id, 1);", "add `user_id = ...`"),
        (
            "PERFORM FROM recharges WHERE user_id = p_user AND created_at > coalesce(p_now, now());",
            "computes inside CASE or coalesce",
        ),
        (
            "PERFORM FROM recharges WHERE user_id = p_user AND price = CASE WHEN a THEN f(new_uuid7()) END;",
            "computes inside CASE or coalesce",
        ),
        (
            "PERFORM FROM recharges WHERE user_id = p_user AND at = CASE WHEN a THEN p_now + interval '1 day' END;",
            "computes inside CASE or coalesce",
        ),
        (
            "UPDATE recharges SET completed_at = clock_timestamp() WHERE user_id = p_user;",
            "calls a volatile function",
        ),
        ("DELETE FROM recharges WHERE user_id = p_user AND id = new_uuid7();", "calls a volatile function"),
        (
            "SELECT * INTO x FROM plans, LATERAL (SELECT 1) AS y WHERE plan_id = p_plan;",
            "joins a function with tables",
        ),
        (
            "SELECT * INTO x FROM plans AS p LEFT JOIN known_connection(p_phone, p_user) AS k ON true;",
            "joins a function with tables",
        ),
        ("INSERT INTO transfers (user_id) VALUES (p_user);", "call wallet_transfer or ledger_transfer"),
        ("UPDATE wallets SET posted = 0 WHERE user_id = p_user;", "call wallet_transfer or ledger_transfer"),
        (
            "DELETE FROM payments WHERE user_id = p_user;",
            "payments belongs to payments; call a function of payments/sql",
        ),
        ("INSERT INTO events (user_id) VALUES (p_user);", "events belongs to core"),
        ("PERFORM ledger_transfer(p_user, 'a', 'b', 1, 14::smallint);", "write ledger_code"),
        ("PERFORM FROM transfers WHERE user_id = p_user AND code = 4;", "write ledger_code"),
        ("PERFORM FROM transfers WHERE user_id = p_user AND code IN (4, 5);", "write ledger_code"),
        ("PERFORM FROM recharges WHERE user_id = p_user FOR UPDATE;", "says that it takes no lock"),
        ("PERFORM lock_line(p_phone);", "says that it takes no lock, but: it calls lock_line"),
        ("PERFORM fail_recharge(p_user, p_id);", "says that it takes no lock, but: it calls"),
    ],
)
def test_a_rule_catches_a_statement_that_breaks_it(body: str, reason: str) -> None:
    assert any(reason in line for line in bad(body))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"declare": "v_plan plans;"}, "has a row of plans as a type"),
        ({"declare": "v_operator operators%ROWTYPE;"}, "has a row of operators as a type"),
        ({"rest": "(p_plan plans) RETURNS void LANGUAGE plpgsql"}, "has a row of plans as a type"),
        ({"rest": "(p_user uuid) RETURNS SETOF plans LANGUAGE plpgsql"}, "has a row of plans as a type"),
        ({"rest": "(p_user uuid) RETURNS void LANGUAGE sql"}, "is not LANGUAGE plpgsql"),
        ({"comment": ""}, "has no comment on top"),
        ({"comment": "Does it."}, "does not say which rows it locks"),
        (
            {"rest": "(p_user uuid) RETURNS text LANGUAGE plpgsql", "body": "RETURN 'done';"},
            "does not name the outcomes done",
        ),
        (
            {"rest": "(p_user uuid, OUT outcome text) LANGUAGE plpgsql", "body": "outcome := 'done';"},
            "does not name the outcomes done",
        ),
    ],
)
def test_a_rule_catches_a_header_that_breaks_it(parts: dict[str, str], reason: str) -> None:
    assert any(reason in line for line in bad(**{"body": "RETURN;", **parts}))


@pytest.mark.parametrize(
    "body",
    [
        "PERFORM FROM recharges WHERE user_id = p_user AND id = p_id;",
        "PERFORM FROM recharges AS r JOIN transfers AS t ON t.user_id = r.user_id WHERE r.user_id = p_user;",
        "INSERT INTO recharges (id, user_id) VALUES (new_uuid7(), p_user);",
        "SELECT p.price_paise INTO x FROM plans AS p LEFT JOIN operators AS o ON o.code = p.operator;",
        "x := CASE WHEN y THEN new_uuid7() ELSE z END; PERFORM add_event(p_user, CASE WHEN y THEN 'A' ELSE 'B' END);",
        "PERFORM FROM transfers WHERE user_id = p_user AND code = ledger_code('refund');",
    ],
)
def test_what_is_allowed_is_not_caught(body: str) -> None:
    assert bad(body) == []
