"""Invariants of the ledger."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check
from gencharge.wallet.models import Account, AdjustmentDirection, AdjustmentStatus, Code

_BALANCES = """
    SELECT user_id, sum(amount) FILTER (WHERE credit IN ('user:main', 'user:held')) AS came,
           sum(amount) FILTER (WHERE debit IN ('user:main', 'user:held')) AS went,
           sum(amount) FILTER (WHERE credit = 'user:held') AS held_in,
           sum(amount) FILTER (WHERE debit = 'user:held') AS held_out
    FROM transfers GROUP BY user_id
"""

CHECKS: Final = (
    Check(
        "every wallet's cached balance equals the sum of its transfers",
        f"""
        SELECT user_id, wallets.posted, coalesce(came, 0) - coalesce(went, 0) AS derived
        FROM wallets FULL JOIN ({_BALANCES}) AS sums USING (user_id)
        WHERE wallets.posted IS DISTINCT FROM coalesce(came, 0) - coalesce(went, 0)
        """,  # noqa: S608 - composed of constants
    ),
    Check(
        "every wallet's held money equals the sum of its open holds",
        f"""
        SELECT user_id, wallets.held, coalesce(held_in, 0) - coalesce(held_out, 0) AS derived
        FROM wallets FULL JOIN ({_BALANCES}) AS sums USING (user_id)
        WHERE wallets.held IS DISTINCT FROM coalesce(held_in, 0) - coalesce(held_out, 0)
        """,  # noqa: S608 - composed of constants
    ),
    Check(
        # The customer's history puts the transfers of an event together by its id (`wallet/history.py`).
        "no event let go of more held money than it had set aside",
        """
        SELECT user_id, reference_id, sum(CASE WHEN credit = 'user:held' THEN amount ELSE -amount END) AS left_over
        FROM transfers WHERE 'user:held' IN (debit, credit) GROUP BY user_id, reference_id
        HAVING sum(CASE WHEN credit = 'user:held' THEN amount ELSE -amount END) < 0
        """,
    ),
    Check(
        "no wallet is overdrawn",
        "SELECT user_id, posted, held FROM wallets WHERE posted - held < 0 OR held < 0",
    ),
    Check(
        "the books balance: all accounts together are zero",
        """
        SELECT 'all' AS books, sum(paise) AS difference FROM (
            SELECT credit AS account, sum(amount) AS paise FROM transfers GROUP BY credit
            UNION ALL SELECT debit, -sum(amount) FROM transfers GROUP BY debit) AS sides
        HAVING sum(paise) <> 0
        """,
    ),
    Check(
        "no movement was booked twice",
        "SELECT user_id, key, code, count(*) FROM transfers GROUP BY user_id, key, code HAVING count(*) > 1",
    ),
    Check(
        "every approved adjustment moved its money exactly once, and nothing else was adjusted",
        f"""
        SELECT coalesce(asked.user_id, moved.user_id) AS user_id, asked.adjustment_id, moved.id AS transfer_id
        FROM (SELECT * FROM adjustments WHERE status = '{AdjustmentStatus.APPROVED}') AS asked
        FULL JOIN (SELECT * FROM transfers WHERE code = {Code.ADJUSTMENT:d}) AS moved
          ON moved.user_id = asked.user_id AND moved.key = asked.adjustment_id::text
        WHERE asked.adjustment_id IS NULL OR moved.id IS NULL OR moved.amount <> asked.amount
           OR moved.debit <> CASE asked.direction WHEN '{AdjustmentDirection.CREDIT}' THEN '{Account.ADJUSTMENT}' ELSE '{Account.MAIN}' END
           OR moved.credit <> CASE asked.direction WHEN '{AdjustmentDirection.CREDIT}' THEN '{Account.MAIN}' ELSE '{Account.ADJUSTMENT}' END
        """,  # noqa: S608 - members of our own enumerations
    ),
)
