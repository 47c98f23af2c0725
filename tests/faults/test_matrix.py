"""The fault matrix: whatever fails outside while whatever dies inside, the customer has the plan or the money.

The short one is in the suite; the full one is `make soak`. MATRIX_FILE=path writes it as Markdown.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gencharge import wiring
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from tests.faults.market import Market
from tests.faults.matrix import SETTINGS, Matrix, as_markdown
from tests.faults.rows import COLUMNS, GATEWAY_COLUMNS, Column, Row, find_rows, gateway_rows, operator_rows
from tests.faults.site import Site

ROOT = Path(__file__).parent.parent.parent
TITLES = {column.title: column for column in COLUMNS}


@pytest.fixture
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    """An installation of its own with the outside parties. A test may name a bug that is planted in the worker."""
    more = {"PLANTED": request.param} if hasattr(request, "param") else {}
    folder = Path(tempfile.mkdtemp(prefix="gencharge-matrix-"))
    site = Site(folder, more=SETTINGS | {"PYTHONPATH": str(ROOT)} | more)
    market = Market(site)
    try:
        site.start()
        site.start_sandbox()
        yield market
    finally:
        market.close()
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def verify(site: Site) -> list[str]:
    database = Database(site.settings, name="verify")
    try:
        report = await checks.run(database, wiring.CHECKS)
    finally:
        await database.close()
    return [] if report.ok else report.lines


def show(matrix: Matrix) -> None:
    drawn = as_markdown(matrix.cells, matrix.stood)
    print(f"\n{drawn}\n")  # noqa: T201 - what the run is for
    if file := os.environ.get("MATRIX_FILE"):
        with Path(file).open("a", encoding="utf-8") as written:
            written.write(drawn + "\n\n")


async def test_some_cells_of_the_fault_matrix(market: Market) -> None:
    rows = find_rows(
        ("wallet", "-", "nothing"),
        ("wallet", "submit", "time_out_after"),
        ("wallet", "submit", "decline at both channels"),
        ("wallet", "callback", "contradicting_callback"),
        ("upi", "order", "lost_connection_after_accept"),
        ("upi", "payment", "decline"),
        ("beside", "submit", "decline at both channels"),
        ("topup", "payment", "duplicate_callback"),
        ("source", "refund", "time_out_after"),
    )
    columns = [TITLES["API after the recharge's commit"], TITLES["worker amid the calls"]]
    matrix = Matrix(market.site, market)
    await matrix.run(rows, columns)
    show(matrix)
    assert (matrix.failures, await verify(market.site)) == ([], [])


@pytest.mark.soak
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        pytest.param(operator_rows(), COLUMNS, id="operators"),
        pytest.param(gateway_rows(), GATEWAY_COLUMNS, id="gateway"),
    ],
)
async def test_the_whole_fault_matrix(market: Market, rows: list[Row], columns: Sequence[Column]) -> None:
    matrix = Matrix(market.site, market)
    await matrix.run(rows, columns)
    show(matrix)
    assert (matrix.failures, await verify(market.site)) == ([], [])


@pytest.mark.soak
@pytest.mark.parametrize("market", ["time_out_is_refusal", "new_reference"], indirect=True)
async def test_the_matrix_finds_a_planted_bug(market: Market) -> None:
    matrix = Matrix(market.site, market, worker="tests.faults.planted")
    await matrix.run(
        find_rows(("wallet", "-", "nothing"), ("wallet", "submit", "time_out_after")),
        [TITLES["nothing dies"]],
    )
    show(matrix)
    assert [cell.row.fault for cell in matrix.cells if cell.problems] == ["time_out_after"]
