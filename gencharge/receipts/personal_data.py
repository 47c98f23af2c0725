"""What receipts hold about a person: the PDFs carry the customer's name, the invoice rows do not.

Invoices are books: they are kept when the account is erased (docs/decisions/0008-erasure.md). An invoice below Rs 50,000 to
a customer without a GSTIN need not name them: CGST Rules, rule 46(f).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.receipts import crud
from gencharge.receipts.printer_service import folder_of


async def erase(stores: Stores, user_id: UUID) -> None:
    """Delete the customer's PDFs. Idempotent."""
    storage = open_storage(stores.settings)
    for receipt in await stores.database.run(lambda db: crud.list_receipts(db, user_id)):
        prefix = f"{folder_of(receipt.issued_at.astimezone(clock.IST).year)}{receipt.recharge_id}-"
        for file in await storage.list_files(prefix):
            await storage.delete(file.key)


PART: Final = PersonalData(name="receipts", erase=erase)
