"""The five roles that every installation starts with."""

from __future__ import annotations

from sqlalchemy import text

from gencharge.admins import service as admins
from gencharge.admins.roles import SEEDED_NAMES
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import ALL, Action, Resource, permission


async def test_what_the_seeded_roles_allow_makes_sense(stores: Stores) -> None:
    await stores.database.run(admins.seed_roles)
    async with stores.database.transaction() as db:
        rows = await db.execute(
            text("SELECT name, permission FROM roles JOIN role_permissions USING (role_id)")
        )
        grants: dict[str, set[str]] = {}
        for name, granted in rows:
            if name not in SEEDED_NAMES:
                continue  # another test's
            grants.setdefault(name, set()).add(granted)
    assert grants["SuperAdmin"] == ALL
    assert len(ALL) == len(Resource) * len(Action) == 92
    for name, granted in grants.items():
        assert granted <= ALL, name
        if name != "SuperAdmin":
            assert not {g for g in granted if g.startswith("Backups:")}
            assert permission(Resource.ROLES, Action.EDIT) not in granted
            assert permission(Resource.ADMINS, Action.WRITE) not in granted
    assert all(granted.endswith(":read") for granted in grants["Viewer"])
