"""PDFs are stored under a name that changes with what is printed, and given without the storage, too."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.receipts import printer_service
from gencharge.receipts.pdf import render
from gencharge.receipts.printer_service import Printer, folder_of, version_of
from gencharge.recharge.models import RechargeStatus
from tests.make.receipts import receipt_out


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.pdf"))


async def test_a_pdf_is_made_once_and_read_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer, receipt = Printer(FolderStorage(tmp_path)), receipt_out()
    pdf = await printer.pdf(receipt)
    assert pdf == render(receipt)
    [stored] = files(tmp_path)
    assert stored.read_bytes() == pdf
    monkeypatch.setattr(printer_service, "render", lambda *_: pytest.fail("it is stored"))
    assert await printer.pdf(receipt) == pdf


async def test_a_lost_file_is_made_again_with_the_same_bytes(tmp_path: Path) -> None:
    printer, receipt = Printer(FolderStorage(tmp_path)), receipt_out()
    pdf = await printer.pdf(receipt)
    for stored in files(tmp_path):
        stored.unlink()
    assert await printer.pdf(receipt) == pdf
    assert len(files(tmp_path)) == 1


async def test_the_name_of_the_file_is_the_recharge_and_the_version(tmp_path: Path) -> None:
    printer, receipt = Printer(FolderStorage(tmp_path)), receipt_out()
    await printer.pdf(receipt)
    [stored] = files(tmp_path)
    assert stored.name == f"{receipt.recharge_id}-{version_of(receipt)}.pdf"
    assert stored.parent.relative_to(tmp_path).as_posix() + "/" == folder_of(2026)


@pytest.mark.parametrize(
    ("issued_at", "year"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=clock.IST), 2026),
        (datetime(2026, 12, 31, 18, 29, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 18, 30, tzinfo=UTC), 2027),
    ],
)
async def test_the_folder_is_the_year_of_issue_in_india(
    tmp_path: Path, issued_at: datetime, year: int
) -> None:
    await Printer(FolderStorage(tmp_path)).pdf(receipt_out(issued_at=issued_at))
    [stored] = files(tmp_path)
    assert stored.relative_to(tmp_path).parts[:2] == ("receipts", str(year))


@pytest.mark.parametrize(
    "overrides",
    [
        {"refunded": Money(1)},
        {"customer_name": None},
        {"total_paid": Money.rupees(298)},
        {"operator_reference": "J-1"},
        {"payment_reference": "pay_1"},
    ],
)
async def test_another_text_is_another_version_and_another_file(
    tmp_path: Path, overrides: dict[str, Any]
) -> None:
    printer, receipt, other = Printer(FolderStorage(tmp_path)), receipt_out(), receipt_out(**overrides)
    assert version_of(receipt) != version_of(other)
    await printer.pdf(receipt)
    await printer.pdf(other)
    assert len(files(tmp_path)) == 2


def test_the_plans_status_is_not_printed_and_no_part_of_the_version() -> None:
    assert len({version_of(receipt_out(status=status)) for status in RechargeStatus}) == 1


def test_a_new_edition_of_the_layout_is_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = version_of(receipt_out())
    monkeypatch.setattr(printer_service, "EDITION", "2/0")
    assert version_of(receipt_out()) != before


def test_the_versions_of_two_processes_are_equal() -> None:
    assert version_of(receipt_out()) == version_of(receipt_out())
    assert len(version_of(receipt_out())) == 20


async def test_a_receipt_is_given_though_it_cannot_be_stored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    printer = Printer(FolderStorage(tmp_path / "file"))
    assert await printer.pdf(receipt_out()) == render(receipt_out())


async def test_at_most_two_pdfs_are_made_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, peak, lock = 0, 0, threading.Lock()

    def slow(*_: object) -> bytes:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.03)
        with lock:
            running -= 1
        return b"%PDF-"

    monkeypatch.setattr(printer_service, "render", slow)
    printer = Printer(FolderStorage(tmp_path))
    receipts = [receipt_out(refunded=Money(paise)) for paise in range(8)]
    await asyncio.gather(*(printer.pdf(receipt) for receipt in receipts))
    assert peak == 2
    assert len(files(tmp_path)) == 8


async def test_an_application_has_one_printer(app: FastAPI) -> None:
    assert Printer.of(app) is Printer.of(app)
