"""The law of the statements in Python: what a sharded PostgreSQL would refuse, and who writes the ledger.

The functions' own rules are in test_sql.py; docs/decisions/0012 says why there are any.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from gencharge import wiring
from gencharge.core.rooms.checks import Check
from tests.law.house import File, house
from tests.law.sql_text import Statement, keys
from tests.law.test_sql import LEDGER, routines, unstable
from tests.law.test_tables import queries_without_owner

_MODELS = re.compile(r"\b(?:insert|update|delete)\((?:models\.)?(?:Transfer|Wallet)\b")
_BARE_CODE = re.compile(r"\bcode\s*(?:=|<>|IN\s*\()\s*\d+", re.IGNORECASE)
_ARITHMETIC = re.compile(r"[+-]\s*(?:interval\b|make_interval\s*\()", re.IGNORECASE)
_STATEMENT = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")
_CTE = re.compile(r"\b(\w+)\s+AS\s+MATERIALIZED\s*\(", re.IGNORECASE)


def texts(file: File) -> Iterator[tuple[int, Statement]]:
    """The SQL texts of a file that name one of our tables; what an f-string fills in is `filled`."""
    inner = set[int]()
    for node in file.nodes:
        if isinstance(node, ast.JoinedStr):
            inner.update(id(part) for part in ast.walk(node) if part is not node)
        elif not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in inner:
            continue
        text = (
            "".join(part.value if isinstance(part, ast.Constant) else "filled" for part in node.values)  # type: ignore[misc]
            if isinstance(node, ast.JoinedStr)
            else str(node.value)
        )
        statement = Statement(" ".join(re.sub(r"--[^\n]*", "", text).split()))
        if statement.tables:
            yield node.lineno, statement


def of_the_product(house: Iterable[File]) -> Iterator[File]:
    """The files whose statements the product runs. The migrations run on one server, before it is distributed."""
    for file in house:
        if file.module.startswith("gencharge.") and file.place not in {"migrations", "run"}:
            yield file


def instants(house: Iterable[File]) -> Iterator[str]:
    """No instant inside CASE or coalesce of a change, and no volatile function in it."""
    changing, moving = unstable(routines(), volatile=False), unstable(routines(), volatile=True)
    for file in of_the_product(house):
        for line, statement in texts(file):
            if not statement.written:
                continue
            if any(changing.search(part) or _ARITHMETIC.search(part) for part in statement.conditional):
                yield (
                    f"{file.path}:{line}: computes inside CASE or coalesce. Read the instant first (leases.read_instant) "
                    "and pass it as a parameter"
                )
            if statement.changes_rows and moving.search(statement.text):
                yield f"{file.path}:{line}: calls a volatile function in a change; for an instant write statement_time(:now)"


def locks(house: Iterable[File]) -> Iterator[str]:
    """Rows of several owners are never locked by a SELECT: a queue is claimed by `core.postgres.leases`."""
    for file in of_the_product(house):
        for line, statement in texts(file):
            owners = [keys()[table] for table in statement.distributed]
            if re.search(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b", statement.text) and not all(
                key is not None and statement.equalities(key) for key in owners
            ):
                yield f"{file.path}:{line}: locks rows of several owners; take them through a leases.Queue"
        if ".with_for_update(" in file.source:
            for name in queries_without_owner(file.source, locking=True):
                yield f"{file.path}: {name} locks rows of several owners; lock them one by one, in the order of their keys"
        for node in file.nodes:
            if isinstance(node, ast.keyword) and node.arg == "skip_locked":
                yield f"{file.path}:{node.value.lineno}: skips locked rows; take them through a leases.Queue"
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"clock_timestamp", "coalesce"}
                and ast.unparse(node.func.value) == "func"
            ):
                called = ast.unparse(node)
                if "clock_timestamp" in called or "func.now" in called:
                    yield f"{file.path}:{node.lineno}: `{called}`: write leases.instant(...), which bounds an index and a change"


def ledger(house: Iterable[File]) -> Iterator[str]:
    """`wallet/sql/` alone writes the ledger, and a code has a name."""
    for file in of_the_product(house):
        for line, statement in texts(file):
            if LEDGER & set(statement.written):
                yield f"{file.path}:{line}: writes the ledger; call a function of wallet/sql"
            if "transfers" in statement.tables and _BARE_CODE.search(statement.text):
                yield f"{file.path}:{line}: a code of the ledger as a number; write {{Code.REFUND:d}} or ledger_code('refund')"
        for number, text in enumerate(file.source.splitlines(), 1):
            if _MODELS.search(text):
                yield f"{file.path}:{number}: writes the ledger; call a function of wallet/sql"


def arguments(house: Iterable[File]) -> Iterator[str]:
    """No statement is made of what a function is given: an f-string fills in a file's own constants, or what is made of them."""
    for file in of_the_product(house):
        # Its statements are put together from its own tables of expressions; values are parameters.
        if re.fullmatch(r"gencharge/analytics/(?:area_)?crud\.py", file.path):
            continue
        for function in file.nodes:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            names_of_arguments = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
            for node in ast.walk(function):
                if isinstance(node, ast.JoinedStr) and _STATEMENT.search(_plain(node)):
                    names = {
                        part.id for part in ast.walk(node) if isinstance(part, ast.Name)
                    } & names_of_arguments
                    for name in sorted(names):
                        yield f"{file.path}:{node.lineno}: {name} becomes a part of the SQL; give it as a parameter (:{name})"


def _plain(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


RULES = (instants, locks, ledger, arguments)


def scattered_joins(check: Check) -> Iterator[str]:
    """A check joins tables of one owner on that owner, and others only as MATERIALIZED scans of one owner each."""
    text = " ".join(check.breaches.split())
    parts = [Statement(part) for part in (*_materialized(text), _without_materialized(text))]
    for part in parts:
        owners = {keys()[table] for table in part.distributed}
        if len(owners) > 1:
            yield (
                f"{check.name}: reads tables of different owners ({', '.join(sorted(set(part.distributed)))}) at once; "
                "read each in a CTE of its own (WITH x AS MATERIALIZED ...) and join those"
            )
        for key in owners:
            for joined, condition in _joins(part.text):
                if keys().get(joined, key) is not None and not re.search(rf"\b{key}\b", condition):
                    yield f"{check.name}: joins {joined} without {key}; add it to the condition"


def _materialized(text: str) -> Iterator[str]:
    for start in _CTE.finditer(text):
        yield text[start.end() : _closing(text, start.end())]


def _without_materialized(text: str) -> str:
    plain, last = "", 0
    for start in _CTE.finditer(text):
        plain += text[last : start.end()]
        last = _closing(text, start.end())
    plain += text[last:]
    return plain if not _CTE.search(text) else re.sub(r"^WITH .*?\) (?=SELECT)", "", plain)


def _closing(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if not depth:
            return position
    raise AssertionError(f"unbalanced parentheses in {text[:60]!r}")


def _joins(text: str) -> Iterator[tuple[str, str]]:
    """(what is joined, its condition) of each JOIN; a subquery goes by its alias."""
    for join in re.finditer(r"\bJOIN\s+(?:LATERAL\s+)?", text):
        end = _closing(text, join.end() + 1) + 1 if text[join.end() : join.end() + 1] == "(" else join.end()
        named = re.match(r"\s*(?:AS\s+)?(\w+)", text[end:])
        rest = re.split(r"\b(?:WHERE|JOIN|GROUP BY|ORDER BY)\b", text[end:], maxsplit=1)[0]
        yield (named[1] if named else "", rest.partition(" ON ")[2] or rest.partition(" USING ")[2])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_statements_of_the_product_keep_the_rules(rule) -> None:  # type: ignore[no-untyped-def]
    assert list(rule(house())) == []


def test_every_check_joins_by_owner() -> None:
    assert len(wiring.CHECKS) > 20
    assert [line for check in wiring.CHECKS for line in scattered_joins(check)] == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            'X = "UPDATE payments SET checks = CASE WHEN a THEN now() END WHERE user_id = :u"',
            "inside CASE or coalesce",
        ),
        (
            "X = f\"UPDATE payments SET next_check_at = coalesce({Y}, now() + interval '1 s') WHERE user_id = :u\"",
            "inside CASE or coalesce",
        ),
        (
            'X = "INSERT INTO payments (user_id, at) SELECT :u, CASE WHEN a THEN statement_time(:n) END"',
            "inside CASE or coalesce",
        ),
        (
            'X = "UPDATE payments SET at = clock_timestamp() WHERE user_id = :u"',
            "a volatile function in a change",
        ),
        (
            'X = "SELECT 1 FROM payments WHERE due LIMIT 1 FOR UPDATE SKIP LOCKED"',
            "locks rows of several owners",
        ),
        ("x = select(Payment).with_for_update(skip_locked=True)", "skips locked rows"),
        (
            "def f(u):\n    return select(Payment).where(Payment.payment_id == u).with_for_update()",
            "locks rows of several owners",
        ),
        ("x = func.coalesce(pinned, func.now())", "write leases.instant"),
        ("x = update(Payment).values(at=func.clock_timestamp())", "write leases.instant"),
        ('X = "UPDATE wallets SET posted = 0 WHERE user_id = :u"', "writes the ledger"),
        ('X = "INSERT INTO transfers (user_id) VALUES (:u)"', "writes the ledger"),
        ("x = insert(Wallet).values(user_id=u)", "writes the ledger"),
        ('X = "SELECT 1 FROM transfers WHERE user_id = :u AND code = 4"', "code of the ledger as a number"),
        (
            "def f(db, key):\n    return text(f\"SELECT 1 FROM plans WHERE name = '{key}'\")",
            "a part of the SQL",
        ),
    ],
)
def test_a_rule_catches_what_breaks_it(source: str, reason: str) -> None:
    planted = [File("gencharge/payments/trial_crud.py", source)]
    breaches = [line for rule in RULES for line in rule(planted)]
    assert any(reason in line and "trial_crud" in line for line in breaches)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            "SELECT 1 FROM payments JOIN payment_orders ON payment_orders.payment_id = payments.payment_id",
            "tables of different owners",
        ),
        (
            "SELECT 1 FROM payments LEFT JOIN refunds ON refunds.payment_id = payments.payment_id WHERE payments.user_id = 1",
            "joins refunds without user_id",
        ),
        (
            "SELECT 1 FROM payments LEFT JOIN (SELECT payment_id FROM refunds WHERE user_id > 1) AS r ON r.payment_id = x",
            "joins r without user_id",
        ),
        (
            "WITH a AS MATERIALIZED (SELECT 1 FROM payments, active_plans) SELECT 1 FROM a",
            "tables of different owners",
        ),
    ],
)
def test_the_rule_on_checks_catches_what_breaks_it(query: str, reason: str) -> None:
    assert any(reason in line for line in scattered_joins(Check("trial", query)))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM payments LEFT JOIN refunds ON refunds.user_id = payments.user_id",
        "SELECT 1 FROM wallets FULL JOIN (SELECT user_id FROM transfers) AS sums USING (user_id)",
        "SELECT 1 FROM plans LEFT JOIN operators ON operators.code = plans.operator",
        "WITH a AS MATERIALIZED (SELECT x FROM payments), b AS MATERIALIZED (SELECT x FROM active_plans) "
        "SELECT 1 FROM a FULL JOIN b ON a.x = b.x",
    ],
)
def test_what_is_allowed_in_a_check_is_not_caught(query: str) -> None:
    assert list(scattered_joins(Check("trial", query))) == []
