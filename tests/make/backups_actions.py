"""How the staff have backups made, verified, taken, restored and deleted."""

from __future__ import annotations

import httpx
from sqlalchemy import text

from gencharge.backups import crud, names
from tests.make.backups import make_backup
from tests.make.staff_client import StaffClient, does


async def _backup(staff: StaffClient) -> str:
    return f"/backups/{await make_backup(staff.stores.settings)}"


async def _make(staff: StaffClient) -> httpx.Response:
    # One at a time: what another test asked for is left to nobody.
    ended = text("UPDATE backup_runs SET status = 'cancelled' WHERE status = 'waiting'")
    await staff.stores.database.run(lambda db: db.execute(ended))
    return await staff.ask("POST", "/backups", {"description": "Before the upgrade"})


@does("POST /v1/backups")
async def create_backup(staff: StaffClient) -> httpx.Response:
    return await _make(staff)


@does("POST /v1/backups/runs/{backup_run_id}/cancel")
async def cancel_run(staff: StaffClient) -> httpx.Response:
    run_id = (await _make(staff)).json()["run"]["backup_run_id"]
    return await staff.ask("POST", f"/backups/runs/{run_id}/cancel")


@does("POST /v1/backups/{backup}/verify")
async def verify_backup(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _backup(staff)}/verify")


@does("POST /v1/backups/{backup}/restore")
async def restore_backup(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _backup(staff)}/restore")


@does("DELETE /v1/backups/databases/{database}")
async def delete_database(staff: StaffClient) -> httpx.Response:
    settings = staff.stores.settings
    name = names.derived_database(settings.database_name, "before", "20261122t101500z")
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        crud.drop_database(connection, name)
        crud.add_database(connection, name)
    return await staff.ask("DELETE", f"/backups/databases/{name}")


@does("POST /v1/backups/{backup}/link")
async def make_link(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _backup(staff)}/link")


@does("DELETE /v1/backups/{backup}")
async def delete_backup(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", await _backup(staff))
