"""Customers whom an installation under test can write to."""

from __future__ import annotations

import random
from uuid import UUID

import psycopg

from gencharge.core.values.ids import new_id
from tests.faults.site import Site


def add_customers(site: Site, count: int) -> list[UUID]:
    """Customers who signed up yesterday and changed none of their switches."""
    ids = [new_id() for _ in range(count)]
    with psycopg.connect(site.settings.postgres_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO users (user_id, phone_number, referral_code, registered_at)"
            " VALUES (%s, %s, %s, now() - interval '1 day')",
            [(each, f"+9160{random.randrange(10**8):08}", f"A{each.hex[-9:].upper()}") for each in ids],
        )
    return ids
