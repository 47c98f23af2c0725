"""Broken, huge and malicious files."""

from __future__ import annotations

import io
import zipfile

import pytest

from gencharge.plans import plan_rows, spreadsheet, xlsx_guard
from gencharge.plans.errors import PlanFileInvalid


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
    # Without the bytes of a time stamp, which would differ from one run to the next.
    ids=lambda data: f"{len(data)} bytes {data[:8]!r}",
)
def test_garbage_bombs_and_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PlanFileInvalid) as refused:
        spreadsheet.read(data, plan_rows.COLUMNS)
    assert len(refused.value.detail) > 10


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<x><!--" + b" " * 60_000_000 + b"--></x>", "too large when unpacked"),
        (b"<x>" + b"<y/>" * 3_100_000 + b"</x>", "too large when unpacked"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "damaged"),
    ],
    ids=["bytes", "elements", "a document type"],
)
def test_what_a_parser_would_choke_on_is_refused_before_one_reads_it(content: bytes, reason: str) -> None:
    with pytest.raises(PlanFileInvalid, match=reason):
        xlsx_guard.unpacked(zipped(xl__worksheets__sheet1=content), max_rows=10)


def test_a_size_that_a_zip_member_only_claims_is_not_believed() -> None:
    data = bytearray(zipped(xl__worksheets__sheet1=b" " * 60_000_000))
    for position in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[position : position + 4] = (10).to_bytes(4, "little")
    with pytest.raises(PlanFileInvalid):
        xlsx_guard.unpacked(bytes(data), max_rows=10)
