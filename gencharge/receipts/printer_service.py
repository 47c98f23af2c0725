"""Receipts as PDF: made from what was issued, and kept in the storage.

A PDF can be made again at any time. It is kept under a name that changes with what is printed, as by a refund.
"""

from __future__ import annotations

import asyncio
import hashlib
from importlib.metadata import version
from typing import Final, Self

from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.http.web import to_json
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import Storage, StorageUnavailable
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.receipts.pdf import render
from gencharge.receipts.schemas import ReceiptOut

# Raise the number when the layout changes: stored PDFs were made by an earlier edition.
EDITION: Final = f"2/{version('fpdf2')}"
PDF: Final = "application/pdf"
# Making a PDF keeps a thread busy for some hundredths of a second; more at a time would slow down everything else.
_CONCURRENCY: Final = 2
log = telemetry.get_logger(__name__)


def version_of(receipt: ReceiptOut, language: Language = Language.ENGLISH) -> str:
    """The version of what is printed: the same words in the same language and edition of the layout have the same version."""
    # The plan's present status is not printed: the document would change with it.
    printed = {name: value for name, value in vars(receipt).items() if name != "status"}
    return hashlib.sha256(f"{EDITION}/{language.value}".encode() + to_json(printed)).hexdigest()[:20]


def folder_of(issued_year: int) -> str:
    """The folder of the PDFs of receipts that were issued in this calendar year (India)."""
    return f"receipts/{issued_year}/"


class Printer(OnePerApp):
    """Makes PDFs of receipts, a few at a time, and stores them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._slots = asyncio.Semaphore(_CONCURRENCY)

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A printer on the application's storage."""
        return cls(open_storage(app.state.settings))

    async def pdf(self, receipt: ReceiptOut, language: Language = Language.ENGLISH) -> bytes:
        """The receipt as PDF, read from the storage or made: the same bytes. Works without the storage, too."""
        year = receipt.issued_at.astimezone(clock.IST).year
        key = f"{folder_of(year)}{receipt.recharge_id}-{version_of(receipt, language)}.pdf"
        try:
            stored = await self._storage.get(key)
        except StorageUnavailable:
            stored = None
        if stored is not None:
            return stored
        async with self._slots:
            pdf = await asyncio.to_thread(render, receipt, language)
        try:
            await self._storage.put(key, pdf, PDF)
        except StorageUnavailable as problem:
            log.warning("receipt_not_kept", key=key, problem=problem.code(), cause=repr(problem.__cause__))
        return pdf
