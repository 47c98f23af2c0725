"""What is counted of the staff."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact, State
from gencharge.sessions.guards import Resource

ADMINS: Final = Area(
    name="admins",
    title="the staff",
    resource=Resource.ADMINS,
    tables=("admins", "roles"),
    main="appointed",
    is_kept=False,
    facts=(
        Fact("appointed", "Admins who were appointed.", source="FROM admins WHERE true", at="created_at"),
    ),
    state=State(
        "Admins that there are, those who left included.",
        source="FROM admins LEFT JOIN roles ON roles.role_id = admins.role_id WHERE true",
        keys={
            "status": "admins.status",
            "role": "coalesce(roles.name, 'none')",
            "scope": "CASE WHEN admins.operator_scope = '{}' THEN 'all' ELSE 'limited' END",
        },
    ),
    state_cuts={
        "status": "Admins by the state of their account.",
        "role": "Admins by role; `none`: the role was deleted after they had left.",
        "scope": "`limited`: admins who see some operators only; `all`: the others.",
    },
)
