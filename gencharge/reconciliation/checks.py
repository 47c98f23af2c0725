"""What must always hold between statements, the differences that were found, and our books."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.reconciliation.models import GATEWAY
from gencharge.wallet.models import Code

_COUNTS: Final = "status IN ('matched', 'differences') AND superseded_at IS NULL"

CHECKS: Final = (
    Check(
        "every paisa between a statement and our books is explained by a difference",
        f"""
        SELECT run_id, counterparty, day, difference_paise, coalesce(explained, 0) AS explained
        FROM reconciliation_runs LEFT JOIN (
            SELECT run_id, sum(coalesce(theirs_paise, 0) - coalesce(ours_paise, 0)) AS explained
            FROM reconciliation_differences GROUP BY run_id) AS explanations USING (run_id)
        WHERE {_COUNTS}
          AND (difference_paise <> coalesce(explained, 0) OR difference_paise <> theirs_paise - ours_paise)
        """,  # noqa: S608 - composed of constants
    ),
    Check(
        "what moved on the gateway's account on each day that was reconciled is what was matched with its statement",
        # What is booked on one day and in the statement of another is carried. A run that was made before its day was
        # over could not see all of it.
        f"""
        WITH reconciled AS MATERIALIZED (
            SELECT run_id, day, ours_paise - carried_paise AS matched FROM reconciliation_runs
            WHERE counterparty = '{GATEWAY}' AND {_COUNTS}
              AND started_at > (day + 1)::timestamp AT TIME ZONE 'Asia/Kolkata' + interval '5 minutes'
        ), moved AS MATERIALIZED (
            SELECT (created_at AT TIME ZONE 'Asia/Kolkata')::date AS day,
                   sum(CASE WHEN debit = '{GATEWAY}' THEN amount ELSE -amount END) AS paise
            FROM transfers WHERE '{GATEWAY}' IN (debit, credit) AND code <> {Code.WRITE_OFF:d}
            GROUP BY 1
        )
        SELECT run_id, reconciled.day, matched, coalesce(moved.paise, 0) AS moved
        FROM reconciled LEFT JOIN moved ON moved.day = reconciled.day
        WHERE matched <> coalesce(moved.paise, 0)
        """,  # noqa: S608 - composed of constants
    ),
    Check(
        "every difference that was written off moved money once, and nothing else was written off",
        f"""
        WITH resolved AS MATERIALIZED (
            SELECT DISTINCT difference_id FROM reconciliation_differences
            WHERE status = 'resolved' AND resolution = 'write_off'
        ), off AS MATERIALIZED (
            SELECT user_id, key FROM transfers WHERE code = {Code.WRITE_OFF:d}
        )
        SELECT off.user_id, off.key, resolved.difference_id
        FROM resolved FULL JOIN off ON off.key = resolved.difference_id::text
        WHERE off.key IS NULL OR resolved.difference_id IS NULL
        """,  # noqa: S608 - the value is a member of our own enumeration
    ),
)
