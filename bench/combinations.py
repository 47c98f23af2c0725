"""The queries of a list: every filter alone, every pair, and random sets of three or more, with values that many rows
have, few have, or none has."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import UUID

import asyncpg

from bench.discovery import Parameter, StaffList

Query = dict[str, str]
_NOBODY = "0198c0de-0000-7000-8000-000000000000"
_WHALE = "SELECT user_id::text FROM transfers GROUP BY user_id ORDER BY count(*) DESC LIMIT 1"
_NUMBER = "SELECT phone_number FROM recharges GROUP BY phone_number ORDER BY count(*) DESC LIMIT 1"
_SOMEBODY = "SELECT user_id::text, phone_number, email FROM users WHERE status = 'active' AND email IS NOT NULL LIMIT 1"
_GONE = "SELECT phone_number, email FROM users WHERE status = 'archived' AND email IS NOT NULL LIMIT 1"
_REFERENCE = "SELECT reference_id::text FROM transfers WHERE reference_id IS NOT NULL LIMIT 1"
_CLERK = "SELECT requested_by::text FROM adjustments GROUP BY requested_by ORDER BY count(*) DESC LIMIT 1"
_PLAN = "SELECT plan_id::text FROM plans WHERE operator = 'VI' LIMIT 1"  # of the limited admin's operator


@dataclass(frozen=True, slots=True)
class Values:
    """The values for a filter of this name."""

    of_name: Mapping[str, Sequence[str]]

    def of(self, parameter: Parameter) -> list[str]:
        """The values of one filter; for a filter that is not listed here, a value that no row has."""
        if parameter.choices:
            return [
                str(value).lower() if isinstance(value, bool) else str(value) for value in parameter.choices
            ]
        return list(self.of_name.get(parameter.name, [_nothing(parameter.schema)]))


def _nothing(schema: Mapping[str, Any]) -> str:
    """A value of this schema that hardly any row has."""
    kinds = [schema, *schema.get("anyOf", ())]
    formats = {kind.get("format") for kind in kinds}
    if "uuid" in formats:
        return _NOBODY
    if "date" in formats:
        return "2024-12-01"
    if "date-time" in formats:
        return "2024-12-01T00:00:00Z"
    return "1" if any(kind.get("type") in {"integer", "number"} for kind in kinds) else "none"


async def values_of(connection: asyncpg.Connection) -> Values:
    """Values that are in the database, and some that are not."""
    whale, busy = await connection.fetchval(_WHALE), await connection.fetchval(_NUMBER)
    user_id, phone_number, email = await connection.fetchrow(_SOMEBODY)
    gone_number, gone_email = await connection.fetchrow(_GONE)
    clerk, reference = await connection.fetchval(_CLERK), await connection.fetchval(_REFERENCE)
    admin_id = clerk or _NOBODY
    return Values(
        {
            "user_id": [whale, user_id, _NOBODY],
            "phone_number": [busy, phone_number, gone_number, "+916000000000"],
            "email": [email, gone_email, "nobody@example.com"],
            "search": ["a", "zoya", "qqq", "Asha Rao"],
            "reference_id": [reference, _NOBODY],
            "operator": ["JIO", "VI", "BSNL"],
            "category": ["unlimited", "data_addon", "talktime"],
            "source": ["app", "api", "none"],
            "payment_method": ["upi", "netbanking", "none"],
            "min_amount": ["1", "500", "3500", "9000"],
            "max_amount": ["20", "500", "100000"],
            "from": ["2024-12-01", "2025-06-30T00:00:00Z", "2026-11-01", "2026-11-19"],
            "to": ["2024-11-25", "2025-06-30", "2026-11-19T00:00:00Z", "2026-11-19"],
            "expires_within_days": ["0", "7", "366"],
            "requested_by": [admin_id, _NOBODY],
            "decided_by": [admin_id, _NOBODY],
            "actor_id": [admin_id, _NOBODY],
            "owner_id": [whale],
            "plan_id": [str(await connection.fetchval(_PLAN)), _NOBODY],
            "group": [_NOBODY],
            "group_id": [_NOBODY],
            "action": ["user_signed_up", "none"],
            "object_type": ["user", "none"],
            "object_id": [user_id, _NOBODY],
            "request_id": ["none"],
            "result": ["succeeded", "failed"],
            "role": ["Manager", "None"],
            "role_id": [_NOBODY],
            "type": [_NOBODY],
            "circle": ["KA", "NE"],
            "min_price": ["1", "500"],
            "max_price": ["20", "500"],
            "plan_type": ["prepaid", "postpaid"],
        }
    )


def queries_of(one: StaffList, values: Values, *, chance: random.Random, at_random: int) -> Iterator[Query]:
    """No filter, each alone, each pair, and `at_random` of three to six filters; every sort with each of them."""
    pools = {parameter.name: values.of(parameter) for parameter in one.filters}
    singles = [{name: value} for name, pool in pools.items() for value in pool]
    pairs = [a | b for a, b in combinations(singles, 2) if a.keys() != b.keys()]
    many = []
    if len(pools) > 2:
        for _ in range(at_random):
            names = chance.sample(sorted(pools), min(len(pools), chance.randint(3, 6)))
            many.append({name: chance.choice(pools[name]) for name in names})
    for filters in [{}, *singles, *pairs, *many]:
        for sort in one.sorts:
            yield filters | ({"sort": sort} if sort else {})


def is_uuid(text: str) -> bool:
    """Whether a text is an id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def shown(query: Mapping[str, Any]) -> str:
    """A query for a table: ids by their beginning only, which is enough to tell them apart."""
    return (
        " ".join(f"{name}={value[:8] if is_uuid(value) else value}" for name, value in query.items()) or "-"
    )
