"""Plans as files: export, import, what is refused, what changes nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from gencharge.core.events.events import EventRow
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.operators import service as operators
from gencharge.plans import commands, import_service, plan_rows, rules, spreadsheet, xlsx_guard
from gencharge.plans import service as plans
from gencharge.plans.errors import PlanFileInvalid
from gencharge.plans.staff_schemas import PlanCreate
from gencharge.sessions.guards import Principal
from tests.conftest import database_of, test_settings
from tests.make.plans import UNLIMITED, body, staff

IMPORT = "/v1/plans/admin/import"
EXPORT = "/v1/plans/admin/export"


@pytest.fixture
def manager(desk_settings: Settings) -> dict[str, str]:
    """The headers of a manager of all operators."""
    return staff(desk_settings)


@pytest.fixture
def jio(desk_settings: Settings) -> dict[str, str]:
    """The headers of a manager of Jio only."""
    return staff(desk_settings, "Manager", "JIO")


def csv_of(*rows: dict[str, Any]) -> bytes:
    """A file with these rows; the columns are the first row's."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def row(**but: Any) -> dict[str, Any]:
    """A row that makes a new plan."""
    values = {
        "plan_id": "",
        "operator": "JIO",
        "name": f"File {uuid4().hex}",
        "plan_type": "prepaid",
        "category": "unlimited",
        "group": "unlimited",
        "price": "199.50",
        "validity_count": "28",
        "validity_unit": "day",
        "circles": "",
        "status": "",
    }
    return values | but


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def give(
    client: httpx.AsyncClient, headers: dict[str, str], data: bytes, *, dry_run: bool = False
) -> httpx.Response:
    return await client.post(IMPORT, params={"dry_run": str(dry_run).lower()}, content=data, headers=headers)


async def state(stores: Stores) -> Any:
    """A hash of the catalogue, its history and its version, and how many events wait."""
    async with stores.database.transaction() as db:
        return [
            await db.scalar(
                text(f"SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {name} t")
            )
            for name in ("plans", "plan_versions", "plan_groups", "catalogue_state")
        ] + [await db.scalar(text("SELECT count(*) FROM events WHERE topic <> 'PlansExported'"))]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_what_was_exported_is_unchanged_when_it_comes_back(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores, kind: str
) -> None:
    odd = body(
        name=f"=1+1 {uuid4().hex}",
        description='@two, "quoted"\nlines; \'',
        criteria="'=already",
        circles=["KA", "TN"],
        benefits={"talktime": "81.75", "extras": ["-one", "two, three", "_x0041_"]},
        active_from="2030-01-01T00:00:00.123456+05:30",
        operator="BSNL",
    )
    made = await clerk.post("/v1/plans", json=odd, headers=manager)
    assert made.status_code == 201, made.text
    taken = await clerk.get(EXPORT, params={"format": kind}, headers=manager)
    assert taken.status_code == 200
    assert f'.{kind}"' in taken.headers["content-disposition"]
    before = await state(desk_stores)
    for dry_run in (True, False):
        back = await give(clerk, manager, taken.content, dry_run=dry_run)
        assert back.status_code == 200, back.text
        told = back.json()
        assert (told["created"], told["updated"], told["bad_rows"]) == (0, 0, [])
        assert told["unchanged"] == told["rows"] >= 42
        assert (told["import_id"] is None) is dry_run
    after = await state(desk_stores)
    assert after[:-1] == before[:-1]
    assert after[-1] == before[-1] + 1  # that an import was made is told, nothing else


async def test_a_spreadsheet_runs_nothing_of_an_export(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    name = f'=HYPERLINK("http://evil") {uuid4().hex}'
    assert (await clerk.post("/v1/plans", json=body(name=name), headers=manager)).status_code == 201
    taken = await clerk.get(EXPORT, params={"search": name.split()[1]}, headers=manager)
    assert taken.headers["content-type"].startswith("text/csv")
    assert taken.content.count(b"\r\n") == 2  # RFC 4180 ends lines so
    (found,) = rows_of(taken.content)
    assert list(found) == list(plan_rows.COLUMNS)
    assert found["name"] == "'" + name
    taken = await clerk.get(EXPORT, params={"search": name.split()[1], "format": "xlsx"}, headers=manager)
    cells = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(taken.content)).get_sheet_by_index(0)
    assert cells.to_python()[1][plan_rows.COLUMNS.index("name")] == "'" + name
    packed = zipfile.ZipFile(io.BytesIO(taken.content))
    assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


async def test_an_export_keeps_to_the_filters_and_the_scope_and_is_written_down(
    clerk: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], desk_stores: Stores
) -> None:
    taken = await clerk.get(EXPORT, params={"operator": "vi", "status": "active"}, headers=manager)
    assert {found["operator"] for found in rows_of(taken.content)} == {"VI"}
    scoped = await clerk.get(EXPORT, headers=jio)
    assert {found["operator"] for found in rows_of(scoped.content)} == {"JIO"}
    assert rows_of((await clerk.get(EXPORT, params={"operator": "VI"}, headers=jio)).content) == []
    assert (await clerk.get(EXPORT, params={"operator": "AIRCEL"}, headers=manager)).status_code == 422
    assert (await clerk.get(EXPORT, params={"format": "pdf"}, headers=manager)).status_code == 422
    async with desk_stores.database.transaction() as db:
        found = await db.scalars(
            select(EventRow).where(EventRow.topic == "PlansExported").order_by(EventRow.id.desc()).limit(3)
        )
        payloads = [one.payload for one in found]
    assert payloads[2]["filters"] == {"operator": "VI", "status": "active"}


async def test_a_dry_run_says_what_would_happen_and_the_import_does_it(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores
) -> None:
    old = (await clerk.post("/v1/plans", json=body(), headers=manager)).json()
    same = (await clerk.post("/v1/plans", json=body(), headers=manager)).json()
    new = row(description="New", status="active")
    changed = row(plan_id=old["plan_id"], name=old["name"], price="205", description="", status="draft")
    kept = row(plan_id=same["plan_id"], name=same["name"], price="199", description="", status="")
    data = csv_of(new, changed, kept)
    before = await state(desk_stores)
    dry = (await give(clerk, manager, b"\xef\xbb\xbf" + data, dry_run=True)).json()
    assert await state(desk_stores) == before
    assert (dry["rows"], dry["created"], dry["updated"], dry["unchanged"]) == (3, 1, 1, 1)
    assert [(item["line"], item["action"]) for item in dry["items"]] == [(2, "created"), (3, "updated")]
    assert dry["items"][0]["plan_id"] is None
    assert dry["items"][1]["changes"] == {"price_paise": {"old": 19900, "new": 20500}}
    done = await clerk.post(IMPORT, files={"file": ("plans.csv", data, "text/csv")}, headers=manager)
    assert done.status_code == 200, done.text
    told = done.json()
    assert {**told, "items": 0} == {**dry, "dry_run": False, "import_id": told["import_id"], "items": 0}
    made = (await clerk.get(f"/v1/plans/admin/{told['items'][0]['plan_id']}", headers=manager)).json()
    assert (made["name"], made["status"], made["version"], made["price"]) == (new["name"], "active", 1, 199.5)
    updated = (await clerk.get(f"/v1/plans/admin/{old['plan_id']}", headers=manager)).json()
    assert (updated["price"], updated["version"]) == (205, 2)
    assert [one["price"] for one in updated["versions"]] == [205, 199]
    # The benefits had no column: they stay.
    assert updated["benefits"]["data_per_day_mb"] == 1536
    async with desk_stores.database.transaction() as db:
        rows = list(await db.scalars(select(EventRow).order_by(EventRow.id.desc()).limit(4)))
    assert [one.topic for one in rows] == [
        "PlansImported",
        "PlanUpdated",
        "PlanCreated",
        "ReferenceDataChanged",
    ]
    assert rows[0].payload["created"] == rows[0].payload["updated"] == rows[0].payload["unchanged"] == 1
    assert rows[0].payload["plan_import_id"] == told["import_id"]


async def test_one_bad_row_stops_all_and_every_bad_row_is_named(
    clerk: httpx.AsyncClient, manager: dict[str, str], desk_stores: Stores
) -> None:
    old = (await clerk.post("/v1/plans", json=body(status="active"), headers=manager)).json()
    good = row()
    data = csv_of(
        good | {"active_from": "", "version": ""},
        row(price="1.234", operator="AIRCEL", group="None"),
        row(name=good["name"].upper()),
        row(name=old["name"]),
        row(plan_id=str(new_id())),
        row(plan_id="x"),
        row(plan_id=old["plan_id"], name=old["name"], version="7"),
        row(plan_id=old["plan_id"], name=old["name"], status="draft"),
        row(active_from="tomorrow"),
        row(plan_type="both", validity_count=""),
        row(validity_unit="base_plan", category="data_addon", circles="KA, XX"),
    )
    expected = {
        (3, "price"),
        (3, "group"),
        (4, "name"),
        (5, "name"),
        (6, "plan_id"),
        (7, "plan_id"),
        (8, "version"),
        (9, "plan_id"),
        (10, "active_from"),
        (11, "plan_type"),
        (12, "validity_count"),
        (12, "circles"),
    }
    before = await state(desk_stores)
    dry = await give(clerk, manager, data, dry_run=True)
    assert dry.status_code == 200
    refused = await give(clerk, manager, data)
    assert (refused.status_code, refused.json()["code"]) == (422, "plan_import_invalid")
    for answer in (dry, refused):
        bad = answer.json()["bad_rows"]
        assert {(cell["line"], cell["column"]) for cell in bad} == expected
        assert all(cell["message"] and cell["code"] for cell in bad)
    named = {(cell["line"], cell["column"]): cell for cell in dry.json()["bad_rows"]}
    assert named[3, "price"]["value"] == "1.234"
    assert "Unlimited" in named[3, "group"]["message"]
    assert "line 2" in named[4, "name"]["message"]
    assert old["plan_id"] in named[5, "name"]["message"]
    assert named[8, "version"]["message"].endswith("now at version 1")
    assert await state(desk_stores) == before


async def test_a_published_plan_does_not_become_a_draft_by_a_file(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    old = (await clerk.post("/v1/plans", json=body(status="active"), headers=manager)).json()
    refused = await give(clerk, manager, csv_of({"plan_id": old["plan_id"], "status": "draft"}))
    assert [(cell["line"], cell["column"]) for cell in refused.json()["bad_rows"]] == [(2, "status")]


async def test_a_manager_of_jio_imports_no_plan_of_airtel(
    clerk: httpx.AsyncClient, manager: dict[str, str], jio: dict[str, str], desk_stores: Stores
) -> None:
    theirs = (await clerk.post("/v1/plans", json=body(operator="AIRTEL"), headers=manager)).json()
    ours = (await clerk.post("/v1/plans", json=body(), headers=manager)).json()
    before = await state(desk_stores)
    data = csv_of(
        row(operator="AIRTEL"),
        {**row(), "plan_id": theirs["plan_id"]},
        {**row(), "plan_id": ours["plan_id"], "operator": "AIRTEL"},
        row(),
    )
    refused = await give(clerk, jio, data)
    assert {(cell["line"], cell["column"]) for cell in refused.json()["bad_rows"]} == {
        (2, "operator"),
        (3, "plan_id"),
        (4, "operator"),
    }
    assert await state(desk_stores) == before
    assert (await give(clerk, jio, csv_of(row()))).json()["created"] == 1


async def test_a_sheet_with_numbers_dates_and_truths_is_understood(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    page = book.add_worksheet()
    values = row(price=199.5, validity_count=28, active_until=clock.now().replace(tzinfo=None, microsecond=0))
    values |= {"most_popular": True, "sms_per_day": 100, "circles": "KA; TN"}
    page.write_row(1, 0, list(values))  # an empty row before the names
    for position, value in enumerate(values.values()):
        if position == list(values).index("active_until"):
            page.write_datetime(2, position, value, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
        else:
            page.write(2, position, value)
    book.close()
    done = await give(clerk, manager, buffer.getvalue())
    assert done.status_code == 200, done.text
    plan = (await clerk.get(f"/v1/plans/admin/{done.json()['items'][0]['plan_id']}", headers=manager)).json()
    assert (plan["price"], plan["validity"]["n"], plan["most_popular"]) == (199.5, 28, True)
    assert (plan["circles"], plan["benefits"]["sms_per_day"]) == (["KA", "TN"], 100)
    india = values["active_until"].replace(tzinfo=clock.IST)
    assert done.json()["items"][0]["changes"]["active_until"]["new"].startswith(
        india.astimezone(clock.start_of_day(clock.now().date()).tzinfo).isoformat()[:19]
    )


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/") + ".xml", content)
    return buffer.getvalue()


def a_sheet(inner: bytes) -> bytes:
    return zipped(xl__worksheets__sheet1=b"<worksheet><sheetData>" + inner + b"</sheetData></worksheet>")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n ",
        b"\x00\x01\x02",
        b"\xff\xfe\x00p",
        b"%PDF-1.7",
        b"name;price\nx;1",
        b"colour,name\nred,x",
        b"name,name\nx,y",
        b"name,price\n",
        b"name,price\nx,1,surplus",
        b'name,price\n"x,1',
        b"name\n" + b'"' + b"x" * 200_000 + b'"',
        b"name\n" + b"x\n" * 10_001,
        b"PK\x03\x04 this is no archive",
        zipped(hello=b"<x/>"),
        a_sheet(b"<row><c"),
        a_sheet(b'<row r="1"><c r="XFD1"><v>1</v></c></row>'),
        a_sheet(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        a_sheet(b"<row>" + b"<c><v>1</v></c>" * 70 + b"</row>"),
        a_sheet(b"<row/>" * 12_000),
        a_sheet(b'<row r="x"/>'),
        a_sheet(b"<si><t>x</t></si>"),
        zipped(xl__worksheets__sheet1=b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        zipped(xl__sharedStrings=b"<sst><row/></sst>"),
        zipped(xl__worksheets__sheet1=b" " * 60_000_000),
        zipped(xl__worksheets__sheet1=b"<x>" + b"<y/>" * 3_100_000 + b"</x>"),
        zipped(**{f"member{number}": b"" for number in range(600)}),
        zipped(
            xl__sharedStrings=b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>",
            xl__worksheets__sheet1=b"<sheetData>"
            + b'<row><c t="s"><v>0</v></c></row>' * 100
            + b"</sheetData>",
        ),
    ],
    # Without the bytes of a time stamp, which would differ from one xdist worker to the next.
    ids=lambda data: f"{len(data)} bytes {data[:8]!r}",
)
def test_garbage_bombs_and_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PlanFileInvalid) as refused:
        spreadsheet.read(data, plan_rows.COLUMNS)
    assert len(refused.value.detail) > 10


def test_a_size_that_a_zip_member_only_claims_is_not_believed() -> None:
    data = bytearray(zipped(xl__worksheets__sheet1=b" " * 60_000_000))
    for position in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[position : position + 4] = (10).to_bytes(4, "little")
    with pytest.raises(PlanFileInvalid):
        xlsx_guard.unpacked(bytes(data), max_rows=10)


async def test_a_file_over_five_megabytes_is_too_large_and_one_over_a_megabyte_is_not(
    clerk: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    async def without_length() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x" * 1_000_000

    for content in (b"x" * 5_000_001, without_length()):
        refused = await clerk.post(IMPORT, content=content, headers=manager)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    read = await give(clerk, manager, b"name\n" + b"x" * 4_000_000)
    assert (read.status_code, read.json()["code"]) == (422, "plan_file_invalid")
    other = await clerk.post("/v1/plans", content=b"x" * 1_000_001, headers=manager)
    assert other.status_code == 413


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"nothing", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=x"),
        (b"--x\r\nbad", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_a_form_without_one_file_is_refused(
    clerk: httpx.AsyncClient, manager: dict[str, str], content: bytes, kind: str
) -> None:
    refused = await clerk.post(IMPORT, content=content, headers={**manager, "Content-Type": kind})
    assert (refused.status_code, refused.json()["code"]) == (422, "plan_file_invalid")


async def test_ten_thousand_plans_are_imported_at_once(
    clerk: httpx.AsyncClient, desk_stores: Stores, desk_settings: Settings
) -> None:
    mark = uuid4().hex
    data = csv_of(*(row(operator="MTNL", name=f"{mark} {number}") for number in range(10_000)))
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=("MTNL",))
    rows = spreadsheet.read(data, plan_rows.COLUMNS)
    done = await desk_stores.database.run(lambda db: import_service.run(db, admin, rows, dry_run=False))
    assert done.created == 10_000
    headers = staff(desk_settings, "Manager", "MTNL")
    listed = await clerk.get(f"/v1/plans/admin?search={mark}&include_total=true", headers=headers)
    assert listed.json()["total"] == 10_000
    async with desk_stores.database.transaction() as db:
        await db.execute(text("DELETE FROM plans WHERE operator = 'MTNL'"))


words = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufffe\uffff"),
    min_size=1,
    max_size=20,
)
tricky = st.sampled_from(
    ["=1", "+1", "-1", "@x", "'", "''=", "'=x", '"', ",", "_x0041_", "a\nb", "＝1", "x "]
)
amounts = st.none() | st.integers(0, 10**8)
# India's first hours of the year 1 are in no year of UTC: the product refuses them.
_FIRST = datetime(1, 1, 2)  # noqa: DTZ001 (hypothesis adds the zone)
instants = st.none() | st.datetimes(min_value=_FIRST, timezones=st.just(clock.IST))


@st.composite
def plan_bodies(draw: st.DrawFn) -> dict[str, Any]:
    line = (words | tricky).filter(lambda made: made.strip() and "\n" not in made)
    lines = words | tricky
    category = draw(st.sampled_from(["unlimited", "data_addon", "talktime", "roaming"]))
    unit = draw(st.sampled_from(["day", "month", "base_plan"]))
    return body(
        name=draw(line),
        description=draw(lines),
        criteria=draw(lines),
        operator=draw(st.sampled_from(["JIO", "VI"])),
        circles=draw(st.lists(st.sampled_from(["KA", "TN", "MU"]))),
        category=category,
        price=f"{draw(st.integers(1, 1_00_000_00)) / 100:.2f}",
        validity={"n": None if unit == "base_plan" else draw(st.integers(1, 120)), "unit": unit},
        benefits={
            "data_total_mb": draw(amounts),
            "voice_minutes": draw(amounts),
            "voice_unlimited": draw(st.booleans()),
            "talktime": draw(st.none() | st.just("10.05")),
            "extras": draw(st.lists(line, max_size=3)),
        },
        most_popular=draw(st.booleans()),
        status=draw(st.sampled_from(["draft", "active", "inactive"])),
        active_from=draw(instants),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=st.lists(plan_bodies(), min_size=1, max_size=4), as_csv=st.booleans())
def test_arbitrary_plans_come_back_from_a_file_unchanged(wanted: list[dict[str, Any]], as_csv: bool) -> None:
    groups = {UNLIMITED: "-Unlimited"}
    vocabulary = rules.Vocabulary(("JIO", "VI"), ("KA", "MU", "TN"), groups)
    held: dict[UUID, import_service.CurrentPlan] = {}
    for one in wanted:
        values = rules.completed(rules.columns_of(PlanCreate.model_validate(one)))
        assert list(rules.problems(values, vocabulary)) == []
        plan_id = new_id()
        held[plan_id] = import_service.CurrentPlan(plan_id, 3, 5, values)
    cells = [
        [*plan_rows.cells_of(one.values, "-Unlimited", plan_id=one.plan_id, version=3).values()]
        for one in held.values()
    ]
    if as_csv:
        data = b"".join(spreadsheet.csv_chunks(plan_rows.COLUMNS, cells))
    else:
        data = spreadsheet.xlsx_of(plan_rows.COLUMNS, cells)
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id())
    reading = import_service.Reading(admin, vocabulary, held)
    reading.read(spreadsheet.read(data, plan_rows.COLUMNS))
    assert (reading.bad, reading.steps, reading.unchanged) == ([], [], len(held))


def test_the_command_line_takes_plans_out_and_in(servers: Path, worker_id: str, tmp_path: Path) -> None:
    settings = test_settings(servers, database_of(servers, worker_id, "console"))

    async def prepare() -> None:
        stores = Stores.open(settings)
        await stores.database.run(operators.seed)
        await stores.database.run(plans.seed)
        await stores.close()

    asyncio.run(prepare())
    said: list[str] = []
    for name in ("plans.csv", "plans.xlsx"):
        assert commands.export_to(settings, tmp_path / name, said.append) == 0
        assert commands.import_from(settings, tmp_path / name, said.append, dry_run=True) == 0
    assert said[1] == said[3] == "41 rows: 0 would be created, 0 would be updated, 41 unchanged."
    assert commands.export_to(settings, tmp_path / "plans.pdf", said.append) == 1
    bad = tmp_path / "bad.csv"
    bad.write_bytes(csv_of(row(price="x")))
    for dry_run in (True, False):
        assert commands.import_from(settings, bad, said.append, dry_run=dry_run) == 1
    assert any(line.startswith("line 2, price: ") and line.endswith("(is: x)") for line in said)
    bad.write_bytes(csv_of(row()))
    assert commands.import_from(settings, bad, said.append, dry_run=False) == 0
    assert said[-1] == "1 rows: 1 created, 0 updated, 0 unchanged."
    bad.write_bytes(b"colour\nred")
    assert commands.import_from(settings, bad, said.append, dry_run=False) == 1
