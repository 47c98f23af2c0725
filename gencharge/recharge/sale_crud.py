"""The SQL functions that sell a recharge. See `recharge/sql`."""

from __future__ import annotations

from typing import Final

# The hot path: the whole recharge in one round trip. See migrations/sql/0012_recharge.sql.
_SALE: Final = """
    outcome, known, (sale).id, (sale).plan_id, (sale).sold_status, (sale).phone_number, (sale).plan_name,
           (sale).operator, (sale).plan_type, (sale).category, (sale).price, (sale).discount, (sale).wallet_amount,
           (sale).gateway_amount, (sale).payment_method, (sale).source, (sale).sold_valid_from,
           (sale).sold_valid_until, (sale).replaced_plan_name, (sale).replaced_valid_until, (sale).balance_after,
           (sale).created_at
"""
RECHARGE_FROM_WALLET: Final = f"""
    SELECT {_SALE}
    FROM recharge_from_wallet($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""  # noqa: S608 - composed of constants
RECHARGE_WITH_PAYMENT: Final = f"""
    SELECT {_SALE}
    FROM recharge_with_payment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""  # noqa: S608 - composed of constants
QUOTE: Final = """
    SELECT terms.*, wallets.posted - wallets.held AS available
    FROM recharge_terms($1, $2, $3, $4, $5, true, 0, coalesce($6, clock_timestamp())) AS terms
    LEFT JOIN wallets ON wallets.user_id = $1
"""
