"""Starting runs and listing them with their differences."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.core.http.paging import CursorInvalid
from gencharge.core.values.ids import new_id
from gencharge.reconciliation import runs_service, staff_service
from gencharge.reconciliation.errors import CounterpartyInvalid, DayInvalid, ReconciliationRunNotFound
from gencharge.reconciliation.models import GATEWAY
from gencharge.reconciliation.staff_schemas import DifferenceQuery, RunQuery, StartReconciliation
from gencharge.reconciliation.statements_service import Statement
from tests.make.reconciliation import ADMIN, FIRST, SECOND, Shop, resolve


async def start(shop: Shop, counterparty: str = FIRST, day: date | None = None) -> Any:
    command = StartReconciliation(counterparty=counterparty, day=day or runs_service.today())
    return await shop.stores.database.run(lambda db: staff_service.start(db, ADMIN, command))


async def runs(shop: Shop, **query: Any) -> Any:
    params = RunQuery.model_validate(query)
    return await shop.stores.database.run(lambda db: staff_service.list_runs(db, params))


async def differences(shop: Shop, run_id: UUID, **query: Any) -> Any:
    params = DifferenceQuery.model_validate(query)
    return await shop.stores.database.run(lambda db: staff_service.list_differences(db, run_id, params))


async def deferred(shop: Shop) -> list[dict[str, Any]]:
    """The arguments of the jobs that execute runs, in order."""
    async with shop.stores.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        query = "SELECT args FROM procrastinate_jobs WHERE task_name = 'reconciliation.run' ORDER BY id"
        return [row.args for row in await db.execute(text(query))]


@pytest.mark.parametrize("counterparty", [GATEWAY, FIRST, SECOND])
async def test_a_started_run_is_running_and_its_job_names_it(shop: Shop, counterparty: str) -> None:
    run = await start(shop, counterparty)
    assert (run.status, run.source, run.counterparty) == ("running", "api", counterparty)
    assert (run.requested_by, run.finished_at, run.differences) == (ADMIN.user_id, None, 0)
    assert (await deferred(shop))[-1] == {"run_id": str(run.run_id)}


async def test_a_start_is_in_the_audit_trail(shop: Shop) -> None:
    run = await start(shop)
    [entry] = await shop.entries("reconciliation_requested", **{"object.id": str(run.run_id)})
    assert entry["changes"] == {"status": {"old": None, "new": "running"}}


async def test_today_can_be_reconciled_and_tomorrow_can_not(shop: Shop) -> None:
    assert (await start(shop)).day == runs_service.today()
    with pytest.raises(DayInvalid) as refused:
        await start(shop, day=runs_service.today() + timedelta(days=1))
    assert [problem["field"] for problem in refused.value.errors] == ["body.day"]


async def test_an_unknown_counterparty_is_refused_and_nothing_is_started(shop: Shop) -> None:
    jobs = len(await deferred(shop))
    with pytest.raises(CounterpartyInvalid) as refused:
        await start(shop, "gateway:other")
    assert GATEWAY in refused.value.errors[0]["message"]
    assert (await runs(shop)).items == []
    assert len(await deferred(shop)) == jobs


async def test_two_starts_of_a_day_are_two_runs(shop: Shop) -> None:
    first, second = await start(shop), await start(shop)
    assert first.run_id != second.run_id
    assert [run.run_id for run in (await runs(shop)).items] == [second.run_id, first.run_id]


async def test_runs_are_filtered_by_each_field(shop: Shop) -> None:
    await shop.sell(1)
    matched = await shop.match()
    shop.outside.script(SECOND, "statement", "server_error_before")
    failed = await shop.match(SECOND)
    yesterday = await shop.match(GATEWAY, back=1)
    day = runs_service.today()
    cases: list[tuple[dict[str, Any], list[UUID]]] = [
        ({}, [yesterday.run_id, failed.run_id, matched.run_id]),
        ({"counterparty": FIRST}, [matched.run_id]),
        ({"counterparty": "jio-c"}, []),
        ({"status": "failed"}, [failed.run_id]),
        ({"status": "matched"}, [yesterday.run_id, matched.run_id]),
        ({"from": day}, [failed.run_id, matched.run_id]),
        ({"to": day - timedelta(days=1)}, [yesterday.run_id]),
        ({"from": day, "to": day, "status": "matched"}, [matched.run_id]),
        ({"from": day + timedelta(days=1)}, []),
    ]
    for query, expected in cases:
        assert [run.run_id for run in (await runs(shop, **query)).items] == expected, query


async def test_a_superseded_run_is_listed_only_if_it_is_asked_for(shop: Shop) -> None:
    first, second = await shop.match(), await shop.match()
    assert [run.run_id for run in (await runs(shop)).items] == [second.run_id]
    everything = (await runs(shop, include_superseded=True)).items
    assert [run.run_id for run in everything] == [second.run_id, first.run_id]
    assert everything[0].superseded_at is None
    assert everything[1].superseded_at is not None


async def test_pages_of_runs_follow_each_other(shop: Shop) -> None:
    expected = [(await start(shop)).run_id for _ in range(5)][::-1]
    seen, cursor = list[UUID](), None
    for size in (2, 2, 1):
        page = await runs(shop, limit=2, cursor=cursor, include_total=True)
        assert (len(page.items), page.total) == (size, 5)
        seen += [run.run_id for run in page.items]
        cursor = page.next_cursor
    assert (seen, cursor) == (expected, None)
    with pytest.raises(CursorInvalid):
        await runs(shop, cursor="rubbish")


async def test_a_run_counts_its_differences_that_are_open_or_claimed(shop: Shop) -> None:
    await shop.sell(3)
    run = await shop.match(file=Statement((), (), ""))

    async def open_differences() -> int:
        shown = await shop.stores.database.run(lambda db: staff_service.get_run(db, run.run_id))
        assert shown.differences == 3
        [listed] = (await runs(shop)).items
        assert listed == shown
        return shown.open_differences

    first, second, _ = await shop.differences(run)
    assert await open_differences() == 3
    await resolve(shop, first, "claim_from_counterparty")
    assert await open_differences() == 3
    await resolve(shop, second, "none")
    assert await open_differences() == 2


async def test_the_amounts_of_a_run_are_rupees_and_add_up(shop: Shop) -> None:
    await shop.sell(2)
    shop.outside.script(FIRST, "statement", "missing_row", times=1)
    run = await shop.match()
    shown = await shop.stores.database.run(lambda db: staff_service.get_run(db, run.run_id))
    assert shown.difference_amount.paise == shown.their_amount.paise - shown.our_amount.paise
    assert (shown.rows_ours, shown.our_amount.paise) == (2, 59_800)


async def test_differences_are_filtered_paged_and_shown_without_paise(shop: Shop) -> None:
    await shop.sell(3)
    run = await shop.match(file=Statement((), (), ""))
    page = await differences(shop, run.run_id, limit=2, include_total=True)
    assert (len(page.items), page.total) == (2, 3)
    rest = await differences(shop, run.run_id, limit=2, cursor=page.next_cursor)
    references = [item.reference for item in page.items + rest.items]
    assert references == sorted(references)
    await resolve(shop, (await shop.differences(run))[0], "none")
    for query, count in (
        ({"status": "open"}, 2),
        ({"status": "resolved"}, 1),
        ({"status": "claimed"}, 0),
        ({"kind": "missing_at_theirs"}, 3),
        ({"kind": "extra_row"}, 0),
        ({"kind": "missing_at_theirs", "status": "resolved"}, 1),
    ):
        assert len((await differences(shop, run.run_id, **query)).items) == count, query
    [item] = (await differences(shop, run.run_id, status="resolved")).items
    assert (item.our_amount.paise, item.their_amount) == (29_900, None)
    assert item.detail["ours_charges"].paise == 897
    assert item.detail["booked_at"].endswith("Z")


async def test_an_unknown_run_is_not_found(shop: Shop) -> None:
    with pytest.raises(ReconciliationRunNotFound):
        await shop.stores.database.run(lambda db: staff_service.get_run(db, new_id()))
    with pytest.raises(ReconciliationRunNotFound):
        await differences(shop, new_id())
