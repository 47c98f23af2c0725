"""Parquet: typed, exact, in row groups, and harmless whatever happens on the way. Read back with arro3."""

from __future__ import annotations

import importlib.util
import io
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

import pytest
from arro3.core import DataType
from arro3.io import read_parquet

from gencharge.core.errors import ValidationFailed
from gencharge.core.stores.stores import Stores
from gencharge.reports import parquet, service
from gencharge.reports.parquet import ParquetWriter
from gencharge.reports.schemas import ReportFormat
from tests.make.reports import CELLS, file_of, heading_of, order_of

AT = datetime(2026, 11, 30, 18, 30, 7, 123456, tzinfo=UTC)


def written(name: str, names: tuple[str, ...], *batches: Any) -> bytes:
    file = io.BytesIO()
    writer = ParquetWriter(file, heading_of(service.REPORTS[name], names, ReportFormat.PARQUET))
    for batch in batches:
        writer.add(batch)
    writer.end()
    return file.getvalue()


def columns_of(content: bytes) -> dict[str, list[Any]]:
    table: Any = read_parquet(content).read_all()
    return {
        name: [value.as_py() for value in table.column(place)]
        for place, name in enumerate(table.column_names)
    }


def test_each_kind_has_a_type_and_comes_back_exactly() -> None:
    names = ("recharge_id", "paid", "created_at", "operator", "refunded")
    rows = [(UUID(int=1), -29_905, AT, "JIO", 1), (UUID(int=2), 10**17 - 1, None, None, None)]
    content = written("transactions", names, rows[:1], [], rows[1:])
    schema = read_parquet(content).schema
    assert schema.field("paid").type == DataType.decimal128(18, 2)
    assert schema.field("created_at").type == DataType.timestamp("us", tz="UTC")
    assert columns_of(content) == {
        "recharge_id": [str(UUID(int=1)), str(UUID(int=2))],
        "paid": [Decimal("-299.05"), Decimal("999999999999999.99")],
        "created_at": [AT, None],
        "operator": ["JIO", None],
        "refunded": [Decimal("0.01"), None],
    }


def test_days_truths_numbers_and_lists_have_types_too() -> None:
    settlement = columns_of(
        written("settlement", ("day", "recharges"), [(date(1969, 12, 31), 7), (None, None)])
    )
    assert settlement == {"day": [date(1969, 12, 31), None], "recharges": [7, None]}
    plans = columns_of(written("plans", ("is_addon", "circles"), [(True, ["MH", "DL"]), (None, [])]))
    assert plans == {"is_addon": [True, None], "circles": ["MH DL", ""]}


def test_a_report_without_rows_is_a_file_with_its_columns() -> None:
    assert columns_of(written("users", ("name", "status"))) == {"name": [], "status": []}


def test_every_text_comes_back_as_it_is() -> None:
    assert columns_of(written("users", ("name",), [(cell,) for cell in CELLS])) == {"name": list(CELLS)}


def test_rows_are_written_in_groups_while_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 1_000)
    file = io.BytesIO()
    writer = ParquetWriter(file, heading_of(service.REPORTS["users"], ("name",), ReportFormat.PARQUET))
    sizes = []
    for number in range(20):
        writer.add([(f"{number}-{place}",) for place in range(1_000)])
        sizes.append(len(file.getvalue()))
    writer.end()
    assert 0 < sizes[5] < sizes[10] < sizes[19]
    assert len(columns_of(file.getvalue())["name"]) == 20_000


class _Full(io.BytesIO):
    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "parquet"]


def test_a_full_disk_is_told_as_what_it_is_and_nobody_waits() -> None:
    writer = ParquetWriter(_Full(), heading_of(service.REPORTS["users"], ("name",), ReportFormat.PARQUET))

    def add_and_end() -> None:
        for _ in range(20):
            writer.add([("x",)] * 10_000)
        writer.end()

    with pytest.raises(OSError, match="No space left"):
        add_and_end()
    writer.abandon()
    assert _threads() == []


def test_what_is_abandoned_is_no_file_and_leaves_no_thread() -> None:
    file: IO[bytes] = io.BytesIO()
    writer = ParquetWriter(file, heading_of(service.REPORTS["users"], ("name",), ReportFormat.PARQUET))
    writer.add([("x",)])
    writer.abandon()
    assert _threads() == []
    file.seek(0)
    assert len(file.read()) < 12


async def test_a_report_of_the_database_is_parquet(stores: Stores) -> None:
    content = await file_of(stores, order_of(stores, "roles", "parquet"))
    assert content.startswith(b"PAR1")
    assert content.endswith(b"PAR1")
    assert set(columns_of(content)) == {column.name for column in service.REPORTS["roles"].columns}


async def test_without_the_extra_the_format_is_refused(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name.startswith("arro3") else find(name, *more),
    )
    with pytest.raises(ValidationFailed) as refused:
        order_of(stores, "roles", "parquet").check()
    (problem,) = refused.value.errors or ()
    assert (problem["field"], problem["code"]) == ("query.format", "format_not_installed")
    assert "gencharge[parquet]" in problem["message"]
    order_of(stores, "roles", "csv").check()
