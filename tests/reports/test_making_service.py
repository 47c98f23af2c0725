"""What a worker does for a report: killed, cancelled, without the permission, too large."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.models import Admin
from gencharge.core import faultpoints
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.reports import files_service, jobs, links, making_service, service
from gencharge.reports.errors import ReportFileNotFound, ReportFileNotReady, ReportLinkNotFound
from gencharge.reports.models import ReportFile
from gencharge.reports.schemas import MakeReport
from gencharge.sessions.guards import ALL, Action, Principal, Resource, permission
from tests.make.factories import make_admin
from tests.make.monitored import running


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What to do at a point of the work, by its name."""
    acts: dict[str, Any] = {}

    async def pass_on(name: str) -> None:
        if name in acts:
            await acts[name]()

    monkeypatch.setattr(faultpoints, "on_passing", pass_on)
    return acts


async def ask(stores: Stores, role: str = "Manager", **command: Any) -> tuple[UUID, Principal]:
    async def unit(db: AsyncSession) -> tuple[UUID, Principal]:
        await admins.seed_roles(db)
        admin = await make_admin(db, role)
        principal = Principal(user_id=admin.admin_id, kind="admin", session_id=new_id(), role=role)
        body = MakeReport.model_validate({"report": "roles"} | command)
        file = await files_service.request(db, principal, ALL, body)
        return file.report_file_id, principal

    return await stores.database.run(unit)


async def row_of(stores: Stores, file_id: UUID) -> ReportFile:
    async with stores.database.transaction() as db:
        return (await db.scalars(select(ReportFile).where(ReportFile.file_id == file_id))).one()


async def stored(stores: Stores, file_id: UUID) -> list[str]:
    return [file.key for file in await open_storage(stores.settings).list_files(f"reports/{file_id}")]


@pytest.mark.parametrize("place", ["report.written", "report.stored"])
async def test_a_worker_that_dies_leaves_no_file_to_take_and_another_one_makes_it(
    shop: Stores, passing: dict[str, Any], place: str
) -> None:
    file_id, principal = await ask(shop)

    async def die() -> None:
        raise Killed

    passing[place] = die
    with pytest.raises(Killed):
        await making_service.make(shop, file_id)
    left = await row_of(shop, file_id)
    assert (left.status, left.size_bytes) == ("running", None)
    # Not by a link that is made now, and not by one that leads to this file in any other way.
    with pytest.raises(ReportFileNotReady):
        await shop.database.run(lambda db: files_service.link(db, shop.settings, principal, ALL, file_id))
    with pytest.raises(ReportLinkNotFound):
        await by_signed_link(shop, file_id)
    passing.clear()
    # While the lease runs, nobody else takes it.
    await making_service.make(shop, file_id)
    assert (await row_of(shop, file_id)).attempts == 1
    with clock.later(seconds=61):
        await making_service.make(shop, file_id)
    ready = await row_of(shop, file_id)
    assert (ready.status, ready.attempts) == ("ready", 2)
    content = await open_storage(shop.settings).get(files_service.key_of(ready))
    assert content is not None
    assert len(content) == ready.size_bytes
    assert (await by_signed_link(shop, file_id)).attempts == 2
    # What the first worker left goes with the file.
    with clock.at(clock.now() + files_service.KEEP + timedelta(seconds=1)):
        await jobs.purge(shop)
    assert await stored(shop, file_id) == []


async def test_a_worker_that_is_killed_leaves_a_file_in_the_storage_that_nobody_can_take(
    shop: Stores, tmp_path: Path
) -> None:
    file_id, _ = await ask(shop)
    with running("worker", shop.settings, tmp_path, **{faultpoints.VARIABLE: "report.stored"}) as worker:
        async with asyncio.timeout(180):
            while worker.process.poll() is None:
                await asyncio.sleep(0.05)
    assert "crash at report.stored" in worker.log.read_text()
    assert (await row_of(shop, file_id)).status == "running"
    assert len(await stored(shop, file_id)) == 1
    with pytest.raises(ReportLinkNotFound):
        await by_signed_link(shop, file_id)
    with clock.later(seconds=61):
        await making_service.make(shop, file_id)
        assert (await by_signed_link(shop, file_id)).attempts == 2


async def by_signed_link(stores: Stores, file_id: UUID) -> ReportFile:
    """The file that a valid link to it leads to."""
    until = clock.now() + timedelta(minutes=5)
    query = parse_qs(urlsplit(links.path_of(stores.settings, file_id, until)).query)

    async def unit(db: AsyncSession) -> ReportFile:
        parts = {"until": int(query["until"][0]), "signature": query["signature"][0]}
        return await files_service.by_link(db, stores.settings, file_id, **parts)  # type: ignore[arg-type]

    return await stores.database.run(unit)


async def test_a_file_that_is_being_made_shows_its_rows_its_percentage_and_the_time_left(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making_service, "PULSE_SECONDS", 0.02)
    file_id, _ = await ask(shop)
    make, shown = service.make, []

    async def make_half(stores: Stores, order: Any, file: Any, *, on_rows: Callable[[int], None]) -> int:
        total = await service.count(stores, order)
        assert total
        on_rows(total // 2)
        async with asyncio.timeout(60):
            while (await row_of(shop, file_id)).rows != total // 2:
                await asyncio.sleep(0.01)
        shown.append((total, files_service.show(await row_of(shop, file_id))))
        return await make(stores, order, file, on_rows=on_rows)

    monkeypatch.setattr(service, "make", make_half)
    await making_service.make(shop, file_id)
    ((total, half),) = shown
    assert (half.status, half.rows) == ("running", total // 2)
    assert half.percent == pytest.approx(100 * (total // 2) / total, abs=0.1)
    assert half.seconds_left is not None
    done = files_service.show(await row_of(shop, file_id))
    assert (done.status, done.rows, done.percent, done.seconds_left) == ("ready", total, 100.0, 0)


async def test_what_kills_every_worker_is_given_up(shop: Stores, passing: dict[str, Any]) -> None:
    file_id, _ = await ask(shop)

    async def die() -> None:
        raise Killed

    passing["report.written"] = die
    for attempt in range(making_service.ATTEMPTS):
        with clock.later(seconds=61 * attempt), pytest.raises(Killed):
            await making_service.make(shop, file_id)
    with clock.later(seconds=61 * making_service.ATTEMPTS):
        await jobs.sweep(shop)
    gone = await row_of(shop, file_id)
    assert (gone.status, gone.failure) == ("failed", "worker_stopped")
    assert await stored(shop, file_id) == []


async def test_what_is_cancelled_while_it_is_made_stops_and_leaves_nothing(
    shop: Stores, passing: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making_service, "PULSE_SECONDS", 0.02)
    file_id, principal = await ask(shop)

    async def cancel() -> None:
        await shop.database.run(lambda db: files_service.cancel(db, principal, file_id))
        await asyncio.sleep(30)

    passing["report.written"] = cancel
    await asyncio.wait_for(making_service.make(shop, file_id), 20)
    assert (await row_of(shop, file_id)).status == "cancelled"
    assert await stored(shop, file_id) == []


async def test_a_cancellation_at_the_last_moment_takes_the_file_away(
    shop: Stores, passing: dict[str, Any]
) -> None:
    file_id, principal = await ask(shop)

    async def cancel() -> None:
        await shop.database.run(lambda db: files_service.cancel(db, principal, file_id))

    passing["report.stored"] = cancel
    await making_service.make(shop, file_id)
    assert (await row_of(shop, file_id)).status == "cancelled"
    assert await stored(shop, file_id) == []


@pytest.mark.parametrize("change", ["demoted", "blocked"])
async def test_an_admin_who_may_no_more_gets_nothing(shop: Stores, change: str) -> None:
    file_id, principal = await ask(shop)

    async def unit(db: AsyncSession) -> None:
        admin = await db.get_one(Admin, principal.user_id)
        if change == "blocked":
            admin.status = "blocked"
        else:
            admin.role_id = await admins.role_id_of(db, "Viewer")

    await shop.database.run(unit)
    await making_service.make(shop, file_id)
    row = await row_of(shop, file_id)
    assert row.status == "failed"
    assert row.failure == ("admin_blocked" if change == "blocked" else "permission_denied")


async def test_an_admin_who_became_limited_to_an_operator_gets_no_more_than_its_rows(shop: Stores) -> None:
    file_id, principal = await ask(shop, report="plans")

    async def unit(db: AsyncSession) -> None:
        (await db.get_one(Admin, principal.user_id)).operator_scope = ["JIO"]

    await shop.database.run(unit)
    await making_service.make(shop, file_id)
    content = await open_storage(shop.settings).get(files_service.key_of(await row_of(shop, file_id)))
    assert content is not None
    assert b",JIO," in content
    assert b",AIRTEL," not in content


async def test_a_file_of_wider_rights_is_not_found_any_more(shop: Stores) -> None:
    file_id, principal = await ask(shop, report="plans")
    await making_service.make(shop, file_id)
    whole_contacts = permission(Resource.PERSONAL_DATA, Action.READ)

    async def link(scope: tuple[str, ...], granted: Set[str]) -> None:
        now = replace(principal, operator_scope=scope)
        await shop.database.run(lambda db: files_service.link(db, shop.settings, now, granted, file_id))

    await link((), ALL)
    with pytest.raises(ReportFileNotFound):
        await link(("JIO",), ALL)
    assert (await row_of(shop, file_id)).query["made_with"]["whole_contacts"], "a Manager sees contacts"
    with pytest.raises(ReportFileNotFound):
        await link((), ALL - {whole_contacts})


async def test_a_file_of_one_operator_stays_with_who_has_this_one(shop: Stores) -> None:
    file_id, principal = await ask(shop, report="plans")

    async def limit(db: AsyncSession) -> None:
        (await db.get_one(Admin, principal.user_id)).operator_scope = ["JIO"]

    await shop.database.run(limit)
    await making_service.make(shop, file_id)
    for scope in (("JIO",), ("AIRTEL", "JIO"), ()):
        now = replace(principal, operator_scope=scope)
        await shop.database.run(lambda db, now=now: files_service.link(db, shop.settings, now, ALL, file_id))
    other = replace(principal, operator_scope=("AIRTEL",))
    with pytest.raises(ReportFileNotFound):
        await shop.database.run(lambda db: files_service.link(db, shop.settings, other, ALL, file_id))


async def test_a_pdf_that_is_too_large_fails_and_says_why(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_PDF_ROWS", 1)
    file_id, _ = await ask(shop, format="pdf")
    await making_service.make(shop, file_id)
    row = await row_of(shop, file_id)
    assert (row.status, row.failure) == ("failed", "report_too_large")


async def test_files_go_when_their_time_is_over(shop: Stores) -> None:
    file_id, _ = await ask(shop)
    await making_service.make(shop, file_id)
    await jobs.purge(shop)
    assert len(await stored(shop, file_id)) == 1
    with clock.at(clock.now() + files_service.KEEP + timedelta(seconds=1)):
        await jobs.purge(shop)
    assert await stored(shop, file_id) == []
    async with shop.database.transaction() as db:
        assert await db.get(ReportFile, file_id) is None


async def test_a_file_is_in_the_language_of_the_request_or_of_its_reader(shop: Stores) -> None:
    async def first_line(asked_in: str | None, reads: str) -> str:
        file_id, admin = await ask(shop, columns="role,permission")

        async def prepare(db: AsyncSession) -> None:
            row = await db.get_one(ReportFile, file_id)
            # What a schedule asks for says no language, and neither does a file from before there was a choice.
            row.query = {"columns": row.query["columns"], "filters": {}} | (
                {"language": asked_in} if asked_in else {}
            )
            (await db.get_one(Admin, admin.user_id)).language = reads

        await shop.database.run(prepare)
        await making_service.make(shop, file_id)
        storage, (key,) = open_storage(shop.settings), await stored(shop, file_id)
        content = await storage.get(key)
        assert content is not None
        return content.decode().splitlines()[0]

    assert await first_line("hi", "en") == "भूमिका,अनुमति"
    assert await first_line("en", "hi") == "role,permission"
    assert await first_line(None, "hi") == "भूमिका,अनुमति"
    assert await first_line(None, "en") == "role,permission"
