"""`gencharge plans export` and `gencharge plans import`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gencharge.core.stores.stores import Stores
from gencharge.operators import service as operators
from gencharge.plans import commands
from gencharge.plans import service as plans
from tests.conftest import database_of, test_settings
from tests.make.plans import (
    csv_of,
    row,
)


def test_the_command_line_takes_plans_out_and_in(servers: Path, worker_id: str, tmp_path: Path) -> None:
    settings = test_settings(servers, database_of(servers, worker_id, "console"))

    async def prepare() -> None:
        stores = Stores.open(settings)
        await stores.database.run(operators.seed)
        await stores.database.run(plans.seed)
        await stores.close()

    asyncio.run(prepare())
    lines: list[str] = []
    for name in ("plans.csv", "plans.xlsx"):
        assert commands.export_to(settings, tmp_path / name, lines.append) == 0
        assert commands.import_from(settings, tmp_path / name, lines.append, dry_run=True) == 0
    assert lines[1] == lines[3] == "56 rows: 0 would be created, 0 would be updated, 56 unchanged."
    assert commands.export_to(settings, tmp_path / "plans.pdf", lines.append) == 1
    bad = tmp_path / "bad.csv"
    bad.write_bytes(csv_of(row(price="x")))
    for dry_run in (True, False):
        assert commands.import_from(settings, bad, lines.append, dry_run=dry_run) == 1
    assert any(line.startswith("line 2, price: ") and line.endswith("(is: x)") for line in lines)
    bad.write_bytes(csv_of(row()))
    assert commands.import_from(settings, bad, lines.append, dry_run=False) == 0
    assert lines[-1] == "1 row: 1 created, 0 updated, 0 unchanged."
    bad.write_bytes(b"colour\nred")
    assert commands.import_from(settings, bad, lines.append, dry_run=False) == 1
