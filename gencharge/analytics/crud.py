"""The statements of the figures of recharges. A *fact* is a sale, a delivery, a failure or a refund, with its instant and its amounts,
all of them columns that never change once the fact is there; so it may be read at any time later.

The figures are counted in two ways: `count_facts` adds the facts of events that the outbox hands out; `recount_crud` reads all facts
from the tables. What is still in the outbox counts for neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import MEASURES, WAITS, Cut
from gencharge.core.values import clock
from gencharge.wallet.models import Code

LISTENER: Final = "analytics.recharges"


# The measures of each kind of fact; what a kind leaves out is 0.
_SOLD: Final = {
    "sold": "1",
    "sold_price": "r.price",
    "sold_discount": "r.discount",
    "sold_from_wallet": "r.wallet_amount",
    "sold_through_gateway": "r.gateway_amount",
}
_DELIVERED: Final = {
    "delivered": "1",
    "delivered_price": "r.price",
    "delivered_discount": "r.discount",
    "cashback": "coalesce(booked.cashback, 0)",
    "commission": "coalesce(booked.commission, 0)",
    "delivery_seconds": "coalesce(way.seconds, 0)",
}
_FAILED: Final = {"failed": "1", "released": "coalesce(booked.released, 0)"}
_REFUNDED: Final = {
    "refunds": "1",
    "refunded_in_full": "refund.in_full::int",
    "refunded": "refund.refunded",
    "refunded_discount": "coalesce(refund.discount, 0)",
    "refunded_cashback": "coalesce(refund.cashback, 0)",
    "refunded_commission": "coalesce(refund.commission, 0)",
}


def _ended(rule: str, *, one: str = "") -> str:
    """What was booked under the recharge's own key, and its way over an operator's API, if the rule holds. Most recharges have neither,
    and are not looked up; with `one` the way is not looked up either, row by row."""
    return f"""
        LEFT JOIN LATERAL (
            SELECT sum(amount) FILTER (WHERE code = {Code.CASHBACK:d}) AS cashback,
                   sum(amount) FILTER (WHERE code = {Code.COMMISSION:d}) AS commission,
                   sum(amount) FILTER (WHERE code = {Code.RELEASE:d}) AS released
            FROM transfers WHERE transfers.user_id = r.user_id AND transfers.key = r.id::text
              AND {rule} AND (r.status = 'failed' OR r.cashback > 0 OR r.channel IS NOT NULL)
        ) AS booked ON true
        LEFT JOIN LATERAL (
            SELECT fulfilments.channel, extract(epoch FROM r.completed_at - fulfilments.created_at)::bigint AS seconds
            FROM fulfilments WHERE fulfilments.user_id = r.user_id AND fulfilments.recharge_id = r.id
              AND {rule} AND (r.status = 'failed' OR r.channel IS NOT NULL) {one}
        ) AS way ON true
    """


_WAIT: Final = (
    "CASE WHEN way.seconds IS NULL THEN NULL "
    + " ".join(f"WHEN way.seconds < {bound} THEN '{bound}'" for bound in WAITS)
    + " ELSE 'more' END"
)
# The keys of a fact in each cut; where a key is null the fact does not count in that cut.
_KEYS: Final = {
    Cut.HOUR: "date_part('hour', local)",
    Cut.PLAN: "plan_id",
    Cut.CIRCLE: "coalesce(circle, 'unknown')",
    Cut.PLAN_TYPE: "plan_type",
    Cut.CATEGORY: "category",
    Cut.PAYMENT_METHOD: "payment_method",
    Cut.SOURCE: "source",
    Cut.CHANNEL: "channel",
    Cut.OFFER: "offer_id",
    Cut.FAILURE: "failure",
    Cut.WAIT: "wait",
    Cut.CHANNEL_WAIT: r"channel || '\:' || wait",
}
# Only what ended has these keys. A fact that is a sale and a delivery at once counts in them as a delivery.
_OF_ENDS: Final = (Cut.CHANNEL, Cut.FAILURE, Cut.WAIT, Cut.CHANNEL_WAIT)


def _refund(key: str, in_full: str) -> str:
    """What was booked under a refund's key."""
    return f"""
        CROSS JOIN LATERAL (
            SELECT max(created_at) FILTER (WHERE code = {Code.REFUND:d}) AS at,
                   sum(amount) FILTER (WHERE code = {Code.REFUND:d}) AS refunded,
                   sum(amount) FILTER (WHERE code = {Code.DISCOUNT:d}) AS discount,
                   sum(amount) FILTER (WHERE code = {Code.CASHBACK:d}) AS cashback,
                   (SELECT amount FROM transfers AS back WHERE back.user_id = r.user_id
                    AND back.key = r.id::text || '\\:back' AND back.code = {Code.COMMISSION:d}
                    AND {in_full}) AS commission,
                   {in_full} AS in_full
            FROM transfers WHERE transfers.user_id = r.user_id AND transfers.key = {key}
        ) AS refund
    """


def _kind(
    at: str,
    measures: dict[str, str],
    rest: str,
    *,
    channel: str = "NULL",
    failure: str = "NULL",
    wait: str = "NULL",
) -> str:
    numbers = ", ".join(f"({measures.get(name, '0')})::bigint AS {name}" for name in MEASURES)
    return f"""
        SELECT {at} AS at, r.operator, r.plan_id, r.circle, r.plan_type, r.category, r.payment_method, r.source,
               {channel}::text AS channel, r.offer_id, {failure}::text AS failure, {wait}::text AS wait, {numbers}
        FROM {rest}
    """


def _facts(sold: str, delivered: str, failed: str, refunded: str) -> str:
    """All facts: each argument is what follows FROM, with the recharge as `r` and a refund as `refund`."""
    return " UNION ALL ".join((_kind("r.created_at", _SOLD, sold), *_later(delivered, failed, refunded)))


def _later(delivered: str, failed: str, refunded: str) -> tuple[str, ...]:
    return (
        _kind("r.completed_at", _DELIVERED, delivered, channel="coalesce(r.channel, 'internal')", wait=_WAIT),
        _kind(
            "r.completed_at",
            _FAILED,
            failed,
            channel="coalesce(way.channel, 'internal')",
            failure="r.failure_reason",
        ),
        _kind("refund.at", _REFUNDED, refunded, channel="coalesce(r.channel, 'internal')"),
    )


def counted(facts: str, sign: str = "") -> str:
    """The figures of facts: a row for each day, operator, cut and key.

    One pass over the facts adds them up in all cuts (GROUPING SETS), without a copy of each fact for each cut.
    """
    keys = ", ".join(f"{key} AS {cut}" for cut, key in _KEYS.items())
    name = " ".join(f"WHEN grouping({cut}) = 0 THEN '{cut}'" for cut in _KEYS)
    texts = {cut: f"{cut}::text" for cut in _KEYS} | {Cut.HOUR: f"to_char({Cut.HOUR}, 'FM00')"}
    key = " ".join(f"WHEN grouping({cut}) = 0 THEN {text_}" for cut, text_ in texts.items())
    # Adding a number up costs something for each cut that a fact has a key in; looking whether it is 0, only once.
    sums = {name: f"{sign}coalesce(sum({name}) FILTER (WHERE {name} <> 0), 0)" for name in MEASURES}
    ends = f"grouping({', '.join(_OF_ENDS)}) < {2 ** len(_OF_ENDS) - 1}"
    for sold in _SOLD:
        sums[sold] = f"CASE WHEN {ends} THEN 0 ELSE {sums[sold]} END"
    return f"""
        SELECT * FROM (
            SELECT day, operator, CASE {name} ELSE '{Cut.ALL}' END AS cut, CASE {key} ELSE '' END AS key,
                   {", ".join(f"{sum_} AS {name}" for name, sum_ in sums.items())}
            FROM (
                SELECT local::date AS day, operator, {keys}, {", ".join(MEASURES)}
                FROM (SELECT *, at AT TIME ZONE 'Asia/Kolkata' AS local FROM ({facts}) AS facts) AS dated
            ) AS keyed
            GROUP BY day, operator, GROUPING SETS ((), {", ".join(f"({cut})" for cut in _KEYS)})
        ) AS cuts WHERE key IS NOT NULL
    """


# The first event of a recharge says that it was sold. Which one that is depends on how it was sold, which never changes. Most recharges
# are delivered as they are sold: such a sale and delivery are one fact.
_IS_SALE: Final = """(happened.topic = CASE r.sold_status WHEN 'payment_pending' THEN 'RechargePlaced'
    WHEN 'processing' THEN 'RechargeAccepted' ELSE 'PlanRecharged' END)"""
_KNOWN: Final = f"""
    SELECT happened.topic, happened.refund_id, happened.in_full, r.user_id, r.id, r.created_at, r.completed_at, r.operator,
           r.plan_id, r.circle, r.plan_type, r.category, r.payment_method, r.source, r.channel, r.offer_id, r.price, r.discount,
           r.wallet_amount, r.gateway_amount, r.cashback, r.status, r.failure_reason, {_IS_SALE} AS is_sale,
           {_IS_SALE} AND happened.topic = 'PlanRecharged' AND r.created_at = r.completed_at AS is_at_once
    FROM happened JOIN recharges AS r ON r.user_id = happened.user_id AND r.id = happened.recharge_id
"""
_AT_ONCE: Final = {
    name: f"CASE WHEN r.is_at_once THEN {value} ELSE 0 END" for name, value in _DELIVERED.items()
}
OF_EVENTS: Final = f"WITH known AS MATERIALIZED ({_KNOWN})" + " UNION ALL ".join(
    (
        _kind(
            "r.created_at",
            _SOLD | _AT_ONCE,
            f"known AS r {_ended('r.is_at_once', one='LIMIT 1')} WHERE r.is_sale",
            channel="CASE WHEN r.is_at_once THEN coalesce(r.channel, 'internal') END",
            wait=_WAIT,
        ),
        *_later(
            f"""known AS r {_ended("true", one="LIMIT 1")}
            WHERE r.topic IN ('PlanRecharged', 'BillPaid') AND NOT r.is_at_once""",
            f"known AS r {_ended('true', one='LIMIT 1')} WHERE r.topic = 'RechargeFailed'",
            f"known AS r {_refund('r.refund_id', 'r.in_full')} WHERE r.topic = 'RechargeRefunded'",
        ),
    )
)
# A recharge comes to its end within 90 days of its sale; a refund may come at any time.
_WINDOW: Final = "r.created_at >= :since - interval '90 days' AND r.created_at < :until"
_ENDS: Final = "r.completed_at >= :since AND r.completed_at < :until"
OF_TABLES: Final = _facts(
    "recharges AS r WHERE r.created_at >= :since AND r.created_at < :until",
    f"recharges AS r {_ended('true')} WHERE r.status IN ('delivered', 'refunded') AND {_WINDOW} AND {_ENDS}",
    f"recharges AS r {_ended('true')} WHERE r.status = 'failed' AND {_WINDOW} AND {_ENDS}",
    f"""transfers AS t JOIN recharges AS r ON r.user_id = t.user_id AND r.id = t.reference_id
    {
        _refund(
            "t.key",
            f"(r.status = 'refunded' AND NOT EXISTS (SELECT FROM transfers AS later WHERE later.user_id = r.user_id"
            f" AND later.reference_id = r.id AND later.code = {Code.REFUND:d}"
            " AND (later.created_at, later.id) > (t.created_at, t.id)))",
        )
    }
    WHERE t.code = {Code.REFUND:d} AND t.created_at >= :since AND t.created_at < :until""",
)
_TOPICS: Final = "('RechargePlaced', 'RechargeAccepted', 'PlanRecharged', 'BillPaid', 'RechargeFailed', 'RechargeRefunded')"
_FIELDS: Final = """
    user_id, (payload ->> 'recharge_id')::uuid AS recharge_id, topic, payload ->> 'refund_id' AS refund_id,
    coalesce((payload ->> 'in_full')::boolean, false) AS in_full
"""
WAITING: Final = f"""
    SELECT {_FIELDS} FROM events WHERE topic IN {_TOPICS}
    UNION ALL SELECT {_FIELDS} FROM deliveries WHERE listener = '{LISTENER}'
"""
NAMES: Final = ", ".join(("day", "operator", "cut", "key", *MEASURES))
_COUNT: Final = text(f"""
    WITH happened AS (
        SELECT * FROM unnest(CAST(:users AS uuid[]), CAST(:recharges AS uuid[]), CAST(:topics AS text[]),
                             CAST(:refunds AS text[]), CAST(:in_full AS boolean[]))
            AS happened(user_id, recharge_id, topic, refund_id, in_full)
    ), changed AS (
        INSERT INTO recharge_figures AS figures ({NAMES})
        -- In one order, so that two workers wait for each other and don't deadlock.
        {counted(OF_EVENTS)} ORDER BY 1, 2, 3, 4
        ON CONFLICT (day, operator, cut, key) DO UPDATE SET
            {", ".join(f"{name} = figures.{name} + excluded.{name}" for name in MEASURES)}
        RETURNING figures.day
    )
    SELECT min(day) FROM changed
""")
_FORGET_MONTHS: Final = text("DELETE FROM recharge_month_figures WHERE month >= :first AND month < :until")


async def count_facts(
    db: AsyncSession,
    *,
    user_ids: Sequence[str],
    recharge_ids: Sequence[str],
    topics: Sequence[str],
    refund_ids: Sequence[str | None],
    in_full: Sequence[bool],
) -> None:
    """Add the facts of these events to the figures; each is named by the same place in all sequences. `refund_ids`: of refunds, else
    None; `in_full`: whether one left nothing to refund. Call it once for each event, in the transaction that settles it."""
    first = await db.scalar(
        _COUNT,
        {
            "users": user_ids,
            "recharges": recharge_ids,
            "topics": topics,
            "refunds": refund_ids,
            "in_full": in_full,
        },
    )
    today = clock.now().astimezone(clock.IST).date()
    if first is not None and first < today.replace(day=1):
        await forget_months(db, first, today)


async def forget_months(db: AsyncSession, first: date, until: date) -> None:
    """Take the sums away of the months that the days from `first` up to, not including, `until` are in. Call it after the change of
    these days, in the same transaction: as the change waits for `months_crud.sum_month`, this sees what that has written."""
    await db.execute(_FORGET_MONTHS, {"first": first.replace(day=1), "until": until})
