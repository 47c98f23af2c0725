"""What a comparison of the database with our models leaves out."""

from __future__ import annotations

from typing import Any


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Procrastinate's own tables and indexes are not in our models."""
    return not (
        kind in {"table", "index"} and (name or "").startswith(("procrastinate_", "idx_procrastinate"))
    )
