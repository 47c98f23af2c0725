"""Customers that a test makes for itself, so that no other test has spent their money."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg

from gencharge.core.values.ids import SYSTEM_USER_ID, new_id


def admit(
    connection: psycopg.Connection[Any], user_id: UUID, phone_number: str, operator: str, paise: int
) -> None:
    """Add a customer with this number, on the operator's network in Maharashtra, and `paise` in the wallet."""
    connection.execute(
        "INSERT INTO users (user_id, phone_number, referral_code) VALUES (%s, %s, %s)",
        (user_id, phone_number, f"M{uuid4().hex[:9].upper()}"),
    )
    connection.execute("INSERT INTO wallets (user_id, posted) VALUES (%s, %s)", (user_id, paise))
    connection.execute(
        "INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, created_at)"
        " VALUES (%s, %s, 'opening', 'user:main', %s, 1, 'opening', now())",
        (user_id, new_id(), paise),
    )
    connection.execute(
        "INSERT INTO connections (phone_number, user_id, operator, circle, service_type)"
        " VALUES (%s, %s, %s, 'MH', 'prepaid')",
        (phone_number, SYSTEM_USER_ID, operator),
    )
