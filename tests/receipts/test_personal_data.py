"""Erasure: a customer's PDFs go, the invoices stay, and a PDF made afterwards bears no name."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.receipts import personal_data
from gencharge.receipts.pdf import render
from gencharge.receipts.printer_service import Printer
from tests.make.factories import make_user
from tests.make.money import fund
from tests.make.receipts import issue, sell, words_of
from tests.make.recharge import run_sql


@pytest.fixture
def own_storage(shop: Stores, tmp_path: Path) -> Stores:
    """The stores, with an empty storage of their own."""
    return Stores(
        shop.settings.model_copy(update={"storage_dir": tmp_path}),
        shop.database,
        shop.mongo,
        shop.documents,
        shop.redis,
        shop.reading,
    )


def recharges_with_pdfs(folder: Path) -> set[str]:
    return {path.name[:36] for path in folder.rglob("*.pdf")}


async def test_every_version_of_every_pdf_of_the_customer_is_deleted_and_nobody_elses(
    shop: Stores, own_storage: Stores, tmp_path: Path
) -> None:
    printer = Printer(FolderStorage(tmp_path))
    first = await sell(shop)
    second, other = await sell(shop, first[0], rupees=349), await sell(shop)
    for ids in (first, second, other):
        receipt = await issue(shop, ids)
        await printer.pdf(receipt)
        await printer.pdf(receipt.model_copy(update={"refunded": Money(1)}))
    assert recharges_with_pdfs(tmp_path) == {str(ids[1]) for ids in (first, second, other)}
    await personal_data.erase(own_storage, first[0])
    assert recharges_with_pdfs(tmp_path) == {str(other[1])}
    await personal_data.erase(own_storage, first[0])
    assert recharges_with_pdfs(tmp_path) == {str(other[1])}


async def test_the_invoice_keeps_its_number(shop: Stores, own_storage: Stores) -> None:
    ids = await sell(shop)
    number = (await issue(shop, ids)).receipt_number
    await personal_data.erase(own_storage, ids[0])
    assert (await issue(shop, ids)).receipt_number == number


async def test_a_pdf_that_is_made_after_erasure_bears_no_name(shop: Stores, own_storage: Stores) -> None:
    user = await shop.database.run(lambda db: make_user(db, name="Meera Nair"))
    await fund(shop, user.user_id, 500)
    ids = await sell(shop, user.user_id)
    assert "Meera Nair" in words_of(render(await issue(shop, ids), compress=False))
    await personal_data.erase(own_storage, user.user_id)
    await run_sql(shop, "UPDATE users SET name = NULL WHERE user_id = :id", id=user.user_id)
    receipt = await issue(shop, ids)
    page = words_of(render(receipt, compress=False))
    assert receipt.customer_name is None
    assert "Meera" not in page
    assert "Registered customer" in page


async def test_a_customer_without_receipts_has_nothing_to_erase(own_storage: Stores, tmp_path: Path) -> None:
    await personal_data.erase(own_storage, uuid4())
    assert list(tmp_path.rglob("*.pdf")) == []
