"""Builders for the tests of operators."""

from __future__ import annotations

from datetime import timedelta

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.recharge import run_sql

NEW = {"code": "new1", "name": "New Telecom Limited", "display_name": "New"}


async def set_maintenance(stores: Stores, operator: str, *, hours: float | None) -> None:
    """Let the operator work on its systems since a minute ago and for so many hours; None: not at all."""
    now = clock.now()
    words = None if hours is None else "Works on its systems"
    await run_sql(
        stores,
        "UPDATE operators SET maintenance_from = :starts, maintenance_until = :ends, maintenance_text = :words, "
        "maintenance_text_hi = :words WHERE code = :code",
        starts=None if hours is None else now - timedelta(minutes=1),
        ends=None if hours is None else now + timedelta(hours=hours),
        words=words,
        code=operator,
    )
