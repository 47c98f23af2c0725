"""CSV and XLSX, from bytes to texts and back."""

from __future__ import annotations

import io
import time
import zipfile
from uuid import uuid4

import httpx
import pytest
import python_calamine
import xlsxwriter

from gencharge.core.values import clock
from gencharge.plans import plan_rows, spreadsheet
from gencharge.plans.errors import PlanFileInvalid
from tests.make.plans import (
    EXPORT,
    body,
    give,
    row,
    rows_of,
)


async def test_a_spreadsheet_runs_nothing_of_an_export(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    name = f'=HYPERLINK("http://evil") {uuid4().hex}'
    assert (await staff_client.post("/v1/plans", json=body(name=name), headers=manager)).status_code == 201
    taken = await staff_client.get(EXPORT, params={"search": name.split()[1]}, headers=manager)
    assert taken.headers["content-type"].startswith("text/csv")
    assert taken.content.count(b"\r\n") == 2  # RFC 4180 ends lines so
    (exported,) = rows_of(taken.content)
    assert list(exported) == list(plan_rows.COLUMNS)
    assert exported["name"] == "'" + name
    taken = await staff_client.get(
        EXPORT, params={"search": name.split()[1], "format": "xlsx"}, headers=manager
    )
    cells = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(taken.content)).get_sheet_by_index(0)
    assert cells.to_python()[1][plan_rows.COLUMNS.index("name")] == "'" + name
    packed = zipfile.ZipFile(io.BytesIO(taken.content))
    assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


async def test_a_sheet_with_numbers_dates_and_truths_is_understood(
    staff_client: httpx.AsyncClient, manager: dict[str, str]
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
    done = await give(staff_client, manager, buffer.getvalue())
    assert done.status_code == 200, done.text
    plan = (
        await staff_client.get(f"/v1/plans/admin/{done.json()['items'][0]['plan_id']}", headers=manager)
    ).json()
    assert (plan["price"], plan["validity"]["n"], plan["most_popular"]) == (199.5, 28, True)
    assert (plan["circles"], plan["benefits"]["sms_per_day"]) == (["KA", "TN"], 100)
    india = values["active_until"].replace(tzinfo=clock.IST)
    assert done.json()["items"][0]["changes"]["active_until"]["new"].startswith(
        india.astimezone(clock.start_of_day(clock.now().date()).tzinfo).isoformat()[:19]
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b",".join([b"name"] * 400_000), "longer than 200,000 characters"),
        (b",".join([b"name"] * 40_000), "more than 64 cells"),
        (b"name,price\n" + b"a," * 90_000, "more than 64 cells"),
        (b"name,price\n" + b'"a\n",' * 100_000, "longer than 200,000 characters"),
        (b'name\n"' + b"a\n" * 1_000_000, "field larger than"),
        (b"name\n" + b"\n" * 2_000_000, "more than 100,000 lines"),
        (b"name,name,price\na,b,1", "unknown or repeated"),
    ],
    ids=[
        "columns",
        "fewer columns",
        "cells",
        "lines in cells",
        "an open quote",
        "empty lines",
        "a column twice",
    ],
)
def test_a_file_that_no_catalogue_needs_is_refused_at_once(data: bytes, says: str) -> None:
    started = time.process_time()
    with pytest.raises(PlanFileInvalid, match=says) as refused:
        spreadsheet.read(data, plan_rows.COLUMNS)
    assert len(refused.value.errors or ()) <= 50
    # 0.2 s on a quiet machine; a file of 400,000 columns once took hours.
    assert time.process_time() - started < 2
