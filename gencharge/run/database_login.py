"""Whether the application's login to PostgreSQL could change history, whatever role it takes on."""

from __future__ import annotations

from typing import Final

import psycopg

_TIMEOUT_SECONDS: Final = 3


def owns_tables(url: str) -> bool:
    """Whether who signs in with this URL may do what the tables' owner may. Raises psycopg.Error."""
    with psycopg.connect(url, connect_timeout=_TIMEOUT_SECONDS) as connection:
        row = connection.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(session_user, tableowner, 'MEMBER')"
        ).fetchone()
    return row is not None
