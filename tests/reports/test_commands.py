"""`gencharge report`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gencharge.core.stores.stores import Stores
from gencharge.reports import commands
from tests.make.reports import read_csv


async def write(stores: Stores, name: str, file: Path, **options: object) -> tuple[int, str]:
    lines: list[str] = []
    arguments = {"file_format": "csv", "columns": None, "filters": {}} | options
    code = await asyncio.to_thread(commands.write, stores.settings, name, file, lines.append, **arguments)
    return code, "\n".join(lines)


async def test_a_report_becomes_a_file(shop: Stores, tmp_path: Path) -> None:
    file = tmp_path / "plans.csv"
    code, output = await write(shop, "plans", file, columns="operator,price", filters={"operator": "jio"})
    rows = read_csv(file.read_bytes())
    assert (code, output) == (0, f"{file}: {len(rows)} rows")
    assert {row["operator"] for row in rows} == {"JIO"}
    assert list(tmp_path.iterdir()) == [file]


async def test_what_makes_no_sense_leaves_no_file(shop: Stores, tmp_path: Path) -> None:
    file = tmp_path / "plans.csv"
    code, output = await write(shop, "nothing", file)
    assert code == 1
    assert "transactions" in output
    code, output = await write(shop, "plans", file, filters={"colour": "red"})
    assert code == 1
    assert "body.filters.colour" in output
    code, output = await write(shop, "plans", file, columns="colour")
    assert code == 1
    assert "plan_id" in output
    assert list(tmp_path.iterdir()) == []
