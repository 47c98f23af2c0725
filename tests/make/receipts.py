"""Receipts: delivered recharges to issue them for, a receipt without a database, and the words of a PDF."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.company import Company
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.receipts import service as receipts
from gencharge.receipts.schemas import ReceiptOut, SellerOut
from gencharge.recharge.models import RechargeStatus
from gencharge.wallet.models import PaymentMethod
from tests.make.money import buy, find_plan, make_customer, make_number

SELLER = Company()
# (customer, recharge)
Ids = tuple[UUID, UUID]


async def sell(
    stores: Stores,
    user_id: UUID | None = None,
    *,
    circle: str | None = None,
    operator: str = "JIO",
    rupees: int = 299,
) -> Ids:
    """A delivered recharge, by default of a new customer at Rs 299 for a number whose circle nobody knows."""
    user_id = user_id or await make_customer(stores)
    plan = await find_plan(stores, operator, rupees)
    number = await make_number(stores, operator, circle=circle)
    return user_id, (await buy(stores, user_id, number, plan.plan_id)).answer.recharge_id


async def issue(stores: Stores, ids: Ids, seller: Company = SELLER) -> ReceiptOut:
    """The receipt of a recharge, as its customer gets it."""
    return await receipts.get_receipt(stores.database, seller, *ids)


async def numbers_of(stores: Stores, series: str, financial_year: str) -> tuple[int, list[str]]:
    """(how many numbers of a series were taken, the numbers of its receipts in order)."""

    async def unit(db: AsyncSession) -> tuple[int, list[str]]:
        values = {"series": series, "year": financial_year}
        last = await db.scalar(
            text("SELECT last_number FROM receipt_series WHERE series = :series AND financial_year = :year"),
            values,
        )
        numbers = await db.scalars(
            text(
                "SELECT number FROM receipts WHERE series = :series AND financial_year = :year ORDER BY number"
            ),
            values,
        )
        return last or 0, list(numbers)

    return await stores.database.run(unit)


def receipt_out(**overrides: Any) -> ReceiptOut:
    """A receipt of a recharge at Rs 299 from the wallet, in Karnataka on both sides, without a database."""
    moment = datetime(2026, 11, 20, 13, 5, tzinfo=clock.IST)
    values: dict[str, Any] = {
        "receipt_number": "GC2627A-0000001",
        "recharge_id": UUID("0198c0de-0000-7000-8000-000000000001"),
        "issued_at": moment,
        "recharged_at": moment,
        "seller": SellerOut(
            name=SELLER.company_name,
            address=SELLER.company_address,
            gstin=SELLER.company_gstin,
            state_code="29",
        ),
        "customer_name": "Asha Rao",
        "phone_number": "+919876543210",
        "operator": "JIO",
        "plan_name": "Unlimited 299",
        "plan_type": "prepaid",
        "talktime": None,
        "price": Money.rupees(299),
        "discount": Money(0),
        "sac": "998413",
        "taxable_value": Money.rupees("253.39"),
        "gst": Money.rupees("45.61"),
        "gst_percent": 18,
        "cgst": Money.rupees("22.81"),
        "sgst": Money.rupees("22.80"),
        "igst": Money(0),
        "place_of_supply": "29",
        "total_paid": Money.rupees(299),
        "total_in_words": "Rupees Two Hundred Ninety-Nine Only",
        "paid_from_wallet": Money.rupees(299),
        "paid_through_gateway": Money(0),
        "payment_method": PaymentMethod.WALLET,
        "payment_reference": None,
        "cashback": Money(0),
        "refunded": Money(0),
        "operator_reference": "INT000000000001",
        "channel": "internal",
        "status": RechargeStatus.ACTIVE,
    }
    return ReceiptOut(**(values | overrides))


def words_of(pdf: bytes) -> str:
    """The words of one of our uncompressed PDFs: glyph numbers, by the fonts' own maps back to letters."""
    maps: list[dict[int, str]] = []
    for block in re.findall(rb"begincmap.*?endcmap", pdf, re.DOTALL):
        pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", block)
        maps.append(
            {int(glyph, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for glyph, letter in pairs}
        )
    words, letters = [], maps[0]
    for font, glyph_text in re.findall(rb"/F(\d) [\d.]+ Tf|\(((?:[^\\()]|\\.)*)\) ?T[jJ]", pdf, re.DOTALL):
        if font:
            letters = maps[int(font) - 1]
            continue
        raw = re.sub(rb"\\([rn()\\])", lambda m: {b"r": b"\r", b"n": b"\n"}.get(m[1], m[1]), glyph_text)
        glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
        words.append("".join(letters.get(glyph, "¿") for glyph in glyphs))
    return "\n".join(words)
