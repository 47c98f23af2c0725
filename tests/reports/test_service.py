"""Making reports: rows over a cursor, limits, masks, what is written down."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import re
import threading
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import openpyxl
import pypdf
import pytest
from arro3.io import read_parquet
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.errors import ValidationFailed
from gencharge.core.postgres.replica import Reading
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.reports import crud, service
from gencharge.reports.definitions import Batch
from gencharge.reports.errors import ReportTooLarge
from gencharge.reports.schemas import ReportFormat
from gencharge.sessions.guards import ALL
from gencharge.users.models import User
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number
from tests.make.replica import StandIn
from tests.make.reports import an_admin, file_of, order_of, read_csv, rows_of
from tests.make.sessions import start_session


async def sell(stores: Stores, operator: str = "JIO", rupees: int = 299) -> None:
    plan = await find_plan(stores, operator, rupees)
    number = await make_number(stores, operator, circle="MH")
    await buy(stores, await make_customer(stores), number, plan.plan_id)


async def scalar(stores: Stores, statement: str) -> Any:
    async with stores.database.transaction() as db:
        return await db.scalar(text(statement))


async def test_the_rows_are_those_of_the_table_whatever_the_size_of_a_batch(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await sell(shop)
    monkeypatch.setattr(crud, "BATCH", 2)
    counts: list[int] = []
    file = io.BytesIO()
    order = order_of(shop, "transactions", "json")
    rows = await service.make(shop, order, file, on_rows=counts.append)
    assert rows == await scalar(shop, "SELECT count(*) FROM recharges") == await service.count(shop, order)
    assert counts == sorted(counts)
    assert counts[-1] == rows
    assert all(later - earlier <= 2 for earlier, later in pairwise(counts))
    paid = int(await scalar(shop, "SELECT sum(wallet_amount + gateway_amount) FROM recharges"))
    assert f'"paid":{paid // 100}.{paid % 100:02d}' in file.getvalue().decode().partition('"totals"')[2]


async def test_each_filter_keeps_what_matches_and_drops_the_rest(shop: Stores) -> None:
    await sell(shop, "JIO")
    await sell(shop, "AIRTEL")
    everything = await rows_of(shop, "transactions")
    for name, value, field in (
        ("operator", "jio", "operator"),
        ("circle", "mh", "circle"),
        ("status", "delivered", "status"),
        ("payment_method", "wallet", "payment_method"),
        ("plan_type", "prepaid", "plan_type"),
    ):
        matching = await rows_of(shop, "transactions", **{name: value})
        assert matching == [row for row in everything if row[field].lower() == value], name
        assert matching
    assert await rows_of(shop, "transactions", status="failed") == []
    assert await rows_of(shop, "transactions", min_amount="100000") == []
    assert len(await rows_of(shop, "transactions", max_amount="299")) == len(everything)
    assert await rows_of(shop, "transactions", to="2020-01-01") == []
    one = everything[0]
    (same,) = await rows_of(shop, "transactions", phone_number=one["phone_number"].lstrip("'"))
    assert same == one


async def test_the_talktime_of_an_amount_is_in_the_report(shop: Stores) -> None:
    plan, number = await find_talktime(shop), await make_number(shop)
    await buy(shop, await make_customer(shop), number, plan.plan_id, amount=37)
    await sell(shop)
    *_, any_amount, plain = await rows_of(shop, "transactions")
    assert (any_amount["price"], any_amount["talktime"]) == ("37.00", "28.36")
    assert (plain["price"], plain["talktime"]) == ("299.00", "")


async def test_a_recharge_is_found_by_its_plan_and_its_reference(shop: Stores) -> None:
    await sell(shop)
    (one,) = (await rows_of(shop, "transactions"))[-1:]
    plan_id = await scalar(
        shop,
        f"UPDATE recharges SET caller_reference = 'order-7' WHERE id = '{one['recharge_id']}' RETURNING plan_id",
    )
    named = await rows_of(shop, "transactions", reference="order-7")
    assert [row["recharge_id"] for row in named] == [one["recharge_id"]]
    assert one["recharge_id"] in {
        row["recharge_id"] for row in await rows_of(shop, "transactions", plan_id=plan_id)
    }
    assert await rows_of(shop, "transactions", plan_id=new_id()) == []
    assert await rows_of(shop, "transactions", reference="order-8") == []


async def test_plans_are_chosen_as_in_their_list(shop: Stores) -> None:
    everything = await rows_of(shop, "plans")
    dear = await rows_of(shop, "plans", min_price="500")
    cheap = await rows_of(shop, "plans", max_price="499.99")
    assert {row["plan_id"] for row in [*dear, *cheap]} == {row["plan_id"] for row in everything}
    assert all(float(row["price"]) >= 500 for row in dear)
    assert dear
    assert cheap
    for popular in ("true", "false"):
        chosen = await rows_of(shop, "plans", popular=popular)
        assert chosen == [row for row in everything if row["most_popular"] == popular]
    sold = await rows_of(shop, "plans", circle="mh")
    assert sold == [row for row in everything if not row["circles"] or "MH" in row["circles"].split()]
    word = everything[0]["name"].split()[0]
    matches = await rows_of(shop, "plans", search=word.upper())
    assert matches == [row for row in everything if word.lower() in row["name"].lower()]
    assert await rows_of(shop, "plans", search="% nothing") == []
    with pytest.raises(ValidationError, match="min_price must not exceed"):
        order_of(shop, "plans", min_price="2", max_price="1")


async def test_present_and_archived_customers_are_all_customers(shop: Stores) -> None:
    async def unit(db: AsyncSession) -> None:
        blocked, archived = await make_user(db), await make_user(db)
        blocked.name, blocked.status = "=cmd", "blocked"
        archived.status = "archived"

    await shop.database.run(unit)
    present, archived = await rows_of(shop, "users"), await rows_of(shop, "archived-users")
    assert "'=cmd" in {row["name"] for row in present}
    assert {row["status"] for row in archived} == {"archived"}
    assert "archived" not in {row["status"] for row in present}
    assert len(present) + len(archived) == await scalar(shop, "SELECT count(*) FROM users")
    blocked = await rows_of(shop, "users", status="blocked")
    assert {row["status"] for row in blocked} == {"blocked"}


async def test_masked_numbers_are_masked_in_every_format(shop: Stores) -> None:
    async def unit(db: AsyncSession) -> User:
        return await make_user(db)

    user = await shop.database.run(unit)
    assert user.email
    for file_format in ("csv", "json"):
        order = order_of(shop, "users", file_format, masks_contacts=True)
        content = (await file_of(shop, order)).decode()
        assert str(user.user_id) in content
        assert user.phone_number not in content
        assert user.email not in content


async def test_more_rows_than_allowed_are_refused(shop: Stores) -> None:
    await sell(shop)
    await sell(shop)
    order = order_of(shop, "transactions")
    with pytest.raises(ReportTooLarge, match="more rows"):
        await service.make(shop, order, io.BytesIO(), max_rows=1)


async def test_a_pdf_has_fewer_rows_and_columns(shop: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_PDF_ROWS", 0)
    await sell(shop)
    with pytest.raises(ReportTooLarge):
        await file_of(shop, order_of(shop, "transactions", "pdf"))
    names = ",".join(column.name for column in service.REPORTS["transactions"].columns)
    with pytest.raises(ValidationFailed):
        await file_of(shop, order_of(shop, "transactions", "pdf", columns=names))


@pytest.mark.parametrize("file_format", ["csv", "json"])
async def test_a_report_of_the_sessions_holds_no_token(shop: Stores, file_format: str) -> None:
    started = await start_session(shop, kind="admin")
    content = (await file_of(shop, order_of(shop, "sessions", file_format))).decode()
    assert str(started.session_id) in content, "the report is about this session"
    hashes = await scalar(shop, "SELECT array_agg(encode(token_hash, 'hex')) FROM refresh_tokens")
    assert hashes, "its tokens are known"
    assert not [one for one in (started.refresh_token, *hashes) if one in content]
    assert not re.search(r"eyJ|[0-9a-f]{40}", content)


async def test_roles_have_a_row_for_each_permission(shop: Stores) -> None:
    await shop.database.run(admins.seed_roles)
    rows = await rows_of(shop, "roles")
    assert {row["permission"] for row in rows if row["role"] == "SuperAdmin"} == ALL


async def test_offers_that_others_can_have_are_not_shown_to_an_admin_of_one_operator(shop: Stores) -> None:
    principal = an_admin(("JIO",))
    content = await file_of(shop, order_of(shop, "offers", principal=principal))
    assert all("JIO" in row["operators"] for row in read_csv(content))


async def test_only_statements_can_be_counted_before_they_are_made(shop: Stores) -> None:
    assert await service.count(shop, order_of(shop, "audit")) is None


def test_what_is_allowed_depends_on_the_permissions_and_the_operators() -> None:
    assert [report.name for report in service.allowed(ALL, an_admin())] == sorted(service.REPORTS)
    scoped = service.allowed(ALL, an_admin(("JIO",)))
    assert scoped
    assert all(report.scoped for report in scoped)
    assert service.allowed(frozenset(), an_admin()) == []
    assert [report.name for report in service.allowed({"Users:read"}, an_admin())] == [
        "archived-users",
        "users",
    ]


class _Slow:
    """Writes for a while, and notes what happens to it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.begun = threading.Event()

    def add(self, batch: Batch) -> None:
        self.notes.append("begins")
        self.begun.set()
        time.sleep(0.2)
        self.notes.append("ends")

    def end(self) -> None:
        self.notes.append("end")

    def abandon(self) -> None:
        self.notes.append("abandoned")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> _Slow:
    writer = _Slow()
    writers = service._WRITERS | {ReportFormat.CSV: lambda file, heading: writer}
    monkeypatch.setattr(service, "_WRITERS", writers)
    monkeypatch.setattr(crud, "BATCH", 2)
    return writer


async def test_one_batch_is_written_at_a_time(shop: Stores, slow: _Slow) -> None:
    for _ in range(3):
        await sell(shop)
    await service.make(shop, order_of(shop, "transactions"), io.BytesIO())
    assert slow.notes[-1] == "end"
    assert slow.notes[:-1] == ["begins", "ends"] * (len(slow.notes) // 2)
    assert len(slow.notes) >= 5


async def test_a_file_that_is_given_up_is_let_go_only_when_the_batch_is_written(
    shop: Stores, slow: _Slow
) -> None:
    await sell(shop)
    making = asyncio.create_task(service.make(shop, order_of(shop, "transactions"), io.BytesIO()))
    await asyncio.to_thread(slow.begun.wait, 10)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert slow.notes[-2:] == ["ends", "abandoned"]


@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx", "pdf", "parquet"])
async def test_a_report_whose_replica_goes_away_begins_again_on_the_primary(
    shop: Stores, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    for _ in range(6):
        await sell(shop)
    order = order_of(shop, "transactions", file_format)
    whole = await file_of(shop, order)
    monkeypatch.setattr(crud, "BATCH", 2)
    stand_in = StandIn(shop.settings)
    reading = Reading(stand_in.settings, shop.database, name="test")
    await reading.measure()
    counts: list[int] = []

    def on_rows(rows: int) -> None:
        counts.append(rows)
        if len(counts) == 1:
            assert stand_in.throw_out(), "the first rows came from the replica"

    file = io.BytesIO()
    try:
        rows = await service.make(replace(shop, reading=reading), order, file, on_rows=on_rows)
        gc.collect()  # what the abandoned writer held writes nothing any more
    finally:
        await reading.close()
        stand_in.drop()
    assert rows == counts[-1]
    assert counts.count(2) == 2, "from the beginning"
    if file_format == "csv":
        assert file.getvalue() == whole
    elif file_format == "json":
        assert json.loads(file.getvalue())["rows"] == json.loads(whole)["rows"]
    elif file_format == "xlsx":
        sheets = [openpyxl.load_workbook(io.BytesIO(content)).active for content in (whole, file.getvalue())]
        first, second = ([[cell.value for cell in row] for row in sheet] for sheet in sheets)
        assert first == second
    elif file_format == "parquet":
        tables = [read_parquet(content).read_all() for content in (whole, file.getvalue())]
        assert tables[0] == tables[1]
    else:
        texts = [
            [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
            for content in (whole, file.getvalue())
        ]
        assert len(texts[0]) == len(texts[1])
        assert f"Rows: {rows}" in texts[1][-1]
