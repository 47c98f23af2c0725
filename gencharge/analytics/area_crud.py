"""The statements of all areas: counting their facts, and reading them. What is counted is said by the area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import figures_crud
from gencharge.analytics.areas import ALL, NOW, OPERATOR, Area, Fact
from gencharge.analytics.models import MEASURES
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.values import clock

_SUMS: Final = ("operator", "cut", "key", *MEASURES)
_KEYS: Final = "cut, day, fact, operator, key"
_IN_SCOPE: Final = "(CAST(:operators AS text[]) IS NULL OR operator = ANY(CAST(:operators AS text[])))"


@dataclass(frozen=True, slots=True)
class AreaRow:
    """Part of an answer. `day` is None for all days together; `amount` in paise."""

    fact: str
    cut: str
    key: str
    day: date | None
    count: int
    amount: int


def _select(name: str, at: str, operator: str, amount: str, keys: dict[str, str], source: str) -> str:
    columns = ", ".join(f"({expression})::text AS key_{cut}" for cut, expression in keys.items())
    return f"SELECT '{name}' AS fact, {at} AS at, {operator} AS operator, ({amount})::bigint AS amount, {columns} {source}"


def _facts(area: Area) -> str:
    """The facts of the instants from :since up to :until, and what there is at :now, if that is one of them."""
    cuts = _cuts(area)
    parts = [
        _select(
            fact.name,
            fact.at,
            fact.operator,
            fact.amount or "0",
            {cut: fact.keys.get(cut, "NULL") for cut in cuts},
            f"{fact.source} AND {fact.at} >= :since AND {fact.at} < :until",
        )
        for fact in area.counted_facts
    ]
    if area.state is not None:
        state = area.state
        at = "CAST(:now AS timestamptz)"
        source = f"{state.source} AND {at} >= :since AND {at} < :until"
        keys = {cut: state.keys.get(cut, "NULL") for cut in cuts}
        parts.append(_select(NOW, at, state.operator, "0", keys, source))
    return " UNION ALL ".join(parts)


def _cuts(area: Area) -> list[str]:
    """All cuts of the facts that are counted from tables. An area without any has one that no fact has a key in."""
    of_facts = {cut: None for fact in area.counted_facts for cut in fact.keys}
    return [*of_facts, *(area.state.keys if area.state else ())] or ["none"]


def _counted(area: Area) -> str:
    cuts = _cuts(area)
    name = " ".join(f"WHEN grouping(key_{cut}) = 0 THEN '{cut}'" for cut in cuts)
    key = " ".join(f"WHEN grouping(key_{cut}) = 0 THEN key_{cut}" for cut in cuts)
    return f"""
        SELECT {_KEYS}, count, amount FROM (
            SELECT CASE {name} ELSE '{ALL}' END AS cut, day, fact, operator, CASE {key} ELSE '' END AS key,
                   count(*)::bigint AS count, sum(amount)::bigint AS amount
            FROM (SELECT *, (at AT TIME ZONE 'Asia/Kolkata')::date AS day FROM ({_facts(area)}) AS facts) AS dated
            GROUP BY fact, day, operator, GROUPING SETS ((), {", ".join(f"(key_{cut})" for cut in cuts)})
        ) AS counted WHERE key IS NOT NULL
    """


# Of the figures of recharges: each day. `list_days` says on which day something was.
_BY_DAY: Final = "recharge_figures"
# Whole months as their sums, under their first day, and the days before and after them.
_BY_MONTH: Final = f"""(
    SELECT month AS day, {", ".join(_SUMS)} FROM recharge_month_figures WHERE month = ANY(CAST(:months AS date[]))
    UNION ALL SELECT day, {", ".join(_SUMS)} FROM recharge_figures WHERE day BETWEEN :first AND :before
    UNION ALL SELECT day, {", ".join(_SUMS)} FROM recharge_figures WHERE day BETWEEN :after AND :last
) AS sums"""


def _of_recharges(area: Area, fact: Fact, source: str) -> str:
    """A fact as the figures of recharges have it: all together, which are those of the base cut, and by the cuts that the area shows."""
    names = " ".join(f"WHEN '{cut}' THEN '{name}'" for cut, name in area.recharge_cuts.items())
    columns = f"({fact.count})::bigint AS count, ({fact.amount or '0'})::bigint AS amount"
    cuts = ", ".join(f"'{cut}'" for cut in area.recharge_cuts)
    return f"""
        SELECT '{ALL}' AS cut, day, '{fact.name}' AS fact, operator, '' AS key, {columns} FROM {source} WHERE cut = '{area.base}'
        UNION ALL SELECT CASE cut {names} END, day, '{fact.name}', operator, key, {columns}
        FROM {source} WHERE cut IN ({cuts})
    """


def _rows(area: Area, source: str) -> str:
    parts = [_of_recharges(area, fact, source) for fact in area.recharge_facts]
    if area.is_kept:
        parts.append(f"SELECT {_KEYS}, count, amount FROM area_figures WHERE area = '{area.name}'")
    elif area.counted_facts or area.state:
        parts.append(_counted(area))
    return " UNION ALL ".join(f"({part})" for part in parts)


@cache
def _count(area: Area) -> TextClause:
    window = f"area = '{area.name}' AND day >= :first AND day < :last"
    return text(
        f"""
        WITH due AS MATERIALIZED ({_counted(area)}), gone AS (
            DELETE FROM area_figures AS own
            -- What there was on an earlier day is not counted again.
            WHERE {window} AND (fact <> '{NOW}' OR day = (CAST(:now AS timestamptz) AT TIME ZONE 'Asia/Kolkata')::date)
              AND NOT EXISTS (SELECT FROM due WHERE (due.cut, due.day, due.fact, due.operator, due.key)
                                                  = (own.cut, own.day, own.fact, own.operator, own.key))
            RETURNING 1
        ), changed AS (
            INSERT INTO area_figures AS own (area, {_KEYS}, count, amount)
            SELECT '{area.name}', {_KEYS}, count, amount FROM due
            ON CONFLICT (area, {_KEYS}) DO UPDATE SET count = excluded.count, amount = excluded.amount
            WHERE (own.count, own.amount) IS DISTINCT FROM (excluded.count, excluded.amount)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
        """,
    )


@cache
def _differences(area: Area) -> TextClause:
    return text(
        f"""
        WITH due AS (SELECT * FROM ({_counted(area)}) AS counted WHERE fact <> '{NOW}'), own AS (
            SELECT {_KEYS}, count, amount FROM area_figures
            WHERE area = '{area.name}' AND fact <> '{NOW}' AND day >= :first AND day < :last
        )
        SELECT '{area.name}' AS area, fact, day, operator, cut, key,
               coalesce(own.count, 0) - coalesce(due.count, 0) AS count, coalesce(own.amount, 0) - coalesce(due.amount, 0) AS amount
        FROM due FULL JOIN own USING ({_KEYS})
        WHERE (own.count, own.amount) IS DISTINCT FROM (due.count, due.amount) ORDER BY fact, day, cut, key
        """,
    )


@cache
def _days(area: Area) -> TextClause:
    return text(
        f"""
        SELECT fact, '{ALL}', '', day, sum(count), sum(amount) FROM ({_rows(area, _BY_DAY)}) AS figures
        WHERE cut = '{ALL}' AND fact <> '{NOW}' AND day BETWEEN :first AND :last AND {_IN_SCOPE} GROUP BY fact, day
        """,
    )


@cache
def _keys(area: Area) -> TextClause:
    return text(
        f"""
        WITH figures AS (
            SELECT * FROM ({_rows(area, _BY_MONTH)}) AS figures WHERE day BETWEEN :first AND :last AND {_IN_SCOPE}
        )
        SELECT fact, cut, key, NULL::date, sum(count), sum(amount) FROM (
            SELECT fact, cut, key, day, count, amount FROM figures
            UNION ALL SELECT fact, '{OPERATOR}', operator, day, count, amount FROM figures WHERE cut = '{ALL}' AND operator <> ''
        ) AS parts
        WHERE fact <> '{NOW}' OR day = (SELECT max(day) FROM figures WHERE fact = '{NOW}') GROUP BY fact, cut, key
        """,
    )


_BEGIN: Final = text("""
    INSERT INTO area_counts (area, counted_at, changed_at) VALUES (:area, :now, :now)
    ON CONFLICT (area) DO UPDATE SET counted_at = excluded.counted_at
""")
_CHANGED: Final = text("UPDATE area_counts SET changed_at = counted_at WHERE area = :area")
_STATE: Final = text("SELECT counted_at, changed_at FROM area_counts WHERE area = :area")


async def count_area(db: AsyncSession, area: Area, first: date, last: date, now: datetime) -> int:
    """Count the facts of the days from `first` up to, not including, `last` once more, and what there is now if today is one of them.
    Returns how many rows that changed. Two that count an area wait for each other."""
    await allow_long_statements(db)
    await db.execute(_BEGIN, {"area": area.name, "now": now})
    parameters = {"first": first, "last": last, **_window(first, last - timedelta(days=1), now)}
    changed = int(await db.scalar(_count(area), parameters) or 0)
    if changed:
        await db.execute(_CHANGED, {"area": area.name})
    return changed


async def get_count(db: AsyncSession, area: Area) -> tuple[datetime, datetime] | None:
    """When an area that is kept was counted, and when that changed something; None: not yet."""
    row = (await db.execute(_STATE, {"area": area.name})).one_or_none()
    return None if row is None else (row[0], row[1])


async def list_differences(
    db: AsyncSession, area: Area, first: date, last: date, now: datetime
) -> list[dict[str, Any]]:
    """The rows of the days from `first` up to, not including, `last` that are not what the tables say, by how much each is too high."""
    parameters = {"first": first, "last": last, **_window(first, last - timedelta(days=1), now)}
    return [dict(row) for row in (await db.execute(_differences(area), parameters)).mappings()]


async def list_days(
    db: AsyncSession, area: Area, operators: Sequence[str] | None, first: date, last: date, now: datetime
) -> list[AreaRow]:
    """Each fact of each day that has any. Both ends are included. `operators`: None for all."""
    return await _read(db, _days(area), area, operators, first, last, now)


async def list_keys(
    db: AsyncSession, area: Area, operators: Sequence[str] | None, first: date, last: date, now: datetime
) -> list[AreaRow]:
    """Each fact of the days together by cut and key, and what there was on the last of them that was counted. Both ends are included.

    Whole months of recharges are read as sums; call it in one snapshot (`figures_crud.freeze`): a sum may go away between two statements.
    """
    more: dict[str, Any] = {}
    if area.recharge_facts:
        months = await figures_crud.summed_months(db, first, last)
        beside = list(figures_crud.days_beside(months, first, last))
        if months and any(months[0] < since < months[-1] for since, _ in beside):
            # Between two months that are summed, one is not.
            months, beside = [], [(first, last)]
        more = _beside(months, beside, first, last)
    return await _read(db, _keys(area), area, operators, first, last, now, more)


def _beside(
    months: Sequence[date], stretches: Sequence[tuple[date, date]], first: date, last: date
) -> dict[str, Any]:
    """The months that are summed, the last day before them, and the first day after them; without any, all days are before them."""
    if not months:
        return {"months": [], "before": last, "after": last + timedelta(days=1)}
    before = next((until for since, until in stretches if since == first and until < months[0]), None)
    after = next((since for since, _ in stretches if since > months[-1]), last + timedelta(days=1))
    return {"months": list(months), "before": before or first - timedelta(days=1), "after": after}


async def stamp(db: AsyncSession, area: Area) -> str:
    """Changes with what an area is counted from, but for the figures of recharges."""
    values: list[object] = []
    if area.is_kept:
        values.append(await get_count(db, area))
    for table in area.tables:
        statement = text(f"SELECT count(*), max({area.changed_at}) FROM {table}")
        values.append(tuple((await db.execute(statement)).one()))
    return str(values)


async def _read(
    db: AsyncSession,
    statement: TextClause,
    area: Area,
    operators: Sequence[str] | None,
    first: date,
    last: date,
    now: datetime,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> list[AreaRow]:
    parameters: dict[str, Any] = {"first": first, "last": last, **more}
    parameters["operators"] = None if operators is None else list(operators)
    if not area.is_kept and (area.counted_facts or area.state):
        parameters |= _window(first, last, now)
    return [
        AreaRow(fact, cut, key, day, int(count), int(amount))
        for fact, cut, key, day, count, amount in await db.execute(statement, parameters)
    ]


def _window(first: date, last: date, now: datetime) -> dict[str, datetime]:
    """Both ends are included."""
    return {
        "since": clock.start_of_day(first),
        "until": clock.start_of_day(last + timedelta(days=1)),
        "now": now,
    }
