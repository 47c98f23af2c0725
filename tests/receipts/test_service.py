"""Receipts: one number for each, no gap between them, the tax to the paisa, and a PDF that is always the same."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.company import STATES, Company
from gencharge.core.rooms import process
from gencharge.core.settings import Settings
from gencharge.core.stores.storage import FolderStorage
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import MAX_PAISE, Money
from gencharge.operators.models import Circle
from gencharge.receipts import crud as receipt_crud
from gencharge.receipts import personal_data, tax
from gencharge.receipts import service as receipts
from gencharge.receipts.amount_in_words import in_words
from gencharge.receipts.checks import CHECKS
from gencharge.receipts.models import Receipt
from gencharge.receipts.pdf import render
from gencharge.receipts.printer_service import Printer
from gencharge.receipts.schemas import ReceiptOut
from gencharge.recharge.models import Recharge
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.factories import headers_for, know_roles, make_admin, make_user
from tests.money import buy, find_plan, make_customer, make_number

LAST_MINUTE = datetime(2031, 3, 31, 23, 59, tzinfo=clock.IST)
NEW_YEAR = datetime(2031, 4, 1, 0, 0, tzinfo=clock.IST)
SELLER = Company()


@pytest.fixture
async def printer(app: FastAPI, tmp_path: Path) -> AsyncIterator[Printer]:
    """The application's printer, with an empty folder."""
    before, own = Printer.of(app), Printer(FolderStorage(tmp_path))
    process.put(app, own)
    yield own
    process.put(app, before)


async def sell(shop: Stores, user_id: UUID | None = None, *, circle: str | None = None) -> tuple[UUID, UUID]:
    """(customer, recharge) of a delivered recharge at Rs 299."""
    user_id = user_id or await make_customer(shop)
    plan = await find_plan(shop)
    number = await make_number(shop, circle=circle)
    return user_id, (await buy(shop, user_id, number, plan.plan_id)).answer.subscription_id


async def receipt(shop: Stores, ids: tuple[UUID, UUID], seller: Company = SELLER) -> ReceiptOut:
    return await receipts.get_receipt(shop.database, seller, *ids)


async def change(shop: Stores, ids: tuple[UUID, UUID], **values: Any) -> None:
    """The recharge as another part of the product would leave it."""

    async def unit(db: AsyncSession) -> None:
        of = (Recharge.user_id == ids[0], Recharge.id == ids[1])
        await db.execute(update(Recharge).where(*of).values(**values))

    await shop.database.run(unit)


async def counted(shop: Stores, series: str, year: str) -> tuple[int, list[str]]:
    """(the series' last number, the numbers that were given)."""

    async def unit(db: AsyncSession) -> tuple[int, list[str]]:
        values = {"series": series, "year": year}
        last = await db.scalar(
            text("SELECT last_number FROM receipt_series WHERE series = :series AND financial_year = :year"),
            values,
        )
        given_ = await db.scalars(
            text(
                "SELECT number FROM receipts WHERE series = :series AND financial_year = :year ORDER BY number"
            ),
            values,
        )
        return last or 0, list(given_)

    return await shop.database.run(unit)


def texts_of(pdf: bytes) -> str:
    """The words of an uncompressed PDF of ours: glyph numbers, by the fonts' own maps back to letters."""
    maps: list[dict[int, str]] = []
    for block in re.findall(rb"begincmap.*?endcmap", pdf, re.DOTALL):
        pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", block)
        maps.append(
            {int(glyph, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for glyph, letter in pairs}
        )
    found, present = [], maps[0]
    for font, shown in re.findall(rb"/F(\d) [\d.]+ Tf|\(((?:[^\\()]|\\.)*)\) ?T[jJ]", pdf, re.DOTALL):
        if font:
            present = maps[int(font) - 1]
            continue
        raw = re.sub(rb"\\([rn()\\])", lambda m: {b"r": b"\r", b"n": b"\n"}.get(m[1], m[1]), shown)
        glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
        found.append("".join(present.get(glyph, "¿") for glyph in glyphs))
    return "\n".join(found)


async def test_a_receipt_says_all_that_a_tax_invoice_has_to(shop: Stores) -> None:
    ids = await sell(shop, circle="KA")
    shown = await receipt(shop, ids)
    assert (shown.taxable_value, shown.cgst, shown.sgst, shown.igst) == (
        Money.rupees("253.39"),
        Money.rupees("22.81"),
        Money.rupees("22.80"),
        Money(0),
    )
    assert (shown.sac, shown.gst_percent, shown.place_of_supply) == ("998413", 18, "29")
    assert shown.seller.gstin == SELLER.company_gstin
    assert shown.total_in_words == "Rupees Two Hundred Ninety-Nine Only"
    assert re.fullmatch(r"GC\d{4}[A-HJ-NP-Z]-\d{7}", shown.receipt_number)
    assert (shown.channel, shown.operator_reference[:3]) == ("internal", "INT")
    assert await receipt(shop, ids) == shown


async def test_a_number_of_another_state_pays_the_integrated_tax(shop: Stores) -> None:
    shown = await receipt(shop, await sell(shop, circle="MU"))
    assert (shown.place_of_supply, shown.igst) == ("27", Money.rupees("45.61"))
    assert (shown.cgst, shown.sgst) == (Money(0), Money(0))


async def test_what_is_issued_stays_though_the_company_the_rate_and_the_number_change(shop: Stores) -> None:
    ids = await sell(shop)
    first = await receipt(shop, ids)
    moved = Company(
        company_name="Moved", company_address="Mumbai", company_gstin="27AAPFU0939F1ZV", gst_rate_percent=5
    )
    assert await receipt(shop, ids, moved) == first
    later = await receipt(shop, await sell(shop), moved)
    assert (later.seller.name, later.gst_percent, later.place_of_supply) == ("Moved", 5, "27")


async def test_twenty_who_ask_at_once_for_one_receipt_get_one_number(shop: Stores) -> None:
    ids = await sell(shop)
    with clock.at(datetime(2041, 5, 1, tzinfo=clock.IST)):
        shown = await asyncio.gather(*(receipt(shop, ids) for _ in range(20)))
    assert {one.receipt_number for one in shown} == {shown[0].receipt_number}
    assert await counted(shop, tax.series_of(ids[0]), "2041-42") == (1, [shown[0].receipt_number])


async def test_twenty_receipts_of_one_series_that_are_asked_for_at_once_have_twenty_numbers_without_a_gap(
    shop: Stores,
) -> None:
    user_id = await make_customer(shop, 9_000)
    sold = [await sell(shop, user_id) for _ in range(20)]
    with clock.at(datetime(2042, 5, 1, tzinfo=clock.IST)):
        shown = await asyncio.gather(*(receipt(shop, ids) for ids in sold))
    series = tax.series_of(user_id)
    expected = [f"GC4243{series}-{count:07d}" for count in range(1, 21)]
    assert sorted(one.receipt_number for one in shown) == expected
    assert await counted(shop, series, "2042-43") == (20, expected)


async def test_a_roll_back_gives_its_number_back(shop: Stores) -> None:
    async def unit(db: AsyncSession) -> None:
        assert await receipt_crud.take_number(db, series="A", financial_year="2050-51") == 1
        raise RuntimeError("rolled back")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="rolled back"):
            await shop.database.run(unit)
    assert await counted(shop, "A", "2050-51") == (0, [])


async def test_a_gap_between_the_numbers_is_found_by_the_nightly_check(shop: Stores) -> None:
    await receipt(shop, await sell(shop))
    (gapless,) = [check for check in CHECKS if "without a gap" in check.name]

    async def unit(db: AsyncSession) -> None:
        assert (await db.execute(text(gapless.breaches))).all() == []
        await receipt_crud.take_number(db, series="B", financial_year="2051-52")
        assert [row.series for row in await db.execute(text(gapless.breaches))] == ["B"]
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await shop.database.run(unit)


async def test_the_financial_year_turns_at_midnight_in_india(shop: Stores) -> None:
    user_id = await make_customer(shop)
    old, new, last = [await sell(shop, user_id) for _ in range(3)]
    series = tax.series_of(user_id)
    with clock.at(LAST_MINUTE):
        assert (await receipt(shop, old)).receipt_number == f"GC3031{series}-0000001"
    with clock.at(NEW_YEAR):
        assert (await receipt(shop, new)).receipt_number == f"GC3132{series}-0000001"
        assert (await receipt(shop, old)).receipt_number == f"GC3031{series}-0000001"
        assert (await receipt(shop, last)).receipt_number == f"GC3132{series}-0000002"


async def test_the_app_may_not_change_or_delete_a_receipt(shop: Stores) -> None:
    ids = await sell(shop)
    await receipt(shop, ids)
    for statement in (
        "UPDATE receipts SET number = 'X' WHERE user_id = :user_id",
        "DELETE FROM receipts WHERE user_id = :user_id",
        "DELETE FROM receipt_series WHERE CAST(:user_id AS uuid) IS NOT NULL",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await shop.database.run(
                lambda db, statement=statement: db.execute(text(statement), {"user_id": ids[0]})  # type: ignore[misc]
            )


@pytest.mark.parametrize("status", ["payment_pending", "processing", "unknown", "failed"])
async def test_what_was_not_delivered_has_no_receipt_and_takes_no_number(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, status: str
) -> None:
    ids = await sell(shop)
    await change(shop, ids, status=status, failure_reason="operator_refused" if status == "failed" else None)
    answer = await client.get(f"/v1/recharge/{ids[1]}/receipt", headers=headers_for(settings, ids[0]))
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["recharge_status"]) == (
        409,
        "receipt_not_ready",
        status,
    )
    assert len(problem["detail"]) > len(problem["title"])

    async def unit(db: AsyncSession) -> Receipt | None:
        return await receipt_crud.get_receipt(db, *ids)

    assert await shop.database.run(unit) is None


async def test_the_pdf_is_kept_served_again_byte_for_byte_and_made_anew_the_same(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    headers, path = headers_for(settings, ids[0]), f"/v1/recharge/{ids[1]}/receipt"
    first = await client.get(path, params={"format": "pdf"}, headers=headers)
    assert first.status_code == 200, first.text
    number = (await client.get(path, headers=headers)).json()["receipt_number"]
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == f'attachment; filename="receipt-{number}.pdf"'
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.content.startswith(b"%PDF-")
    (kept,) = tmp_path.rglob("*.pdf")
    assert kept.name.startswith(str(ids[1]))
    assert kept.read_bytes() == first.content
    kept.unlink()
    again = await client.get(path, headers=headers | {"Accept": "application/pdf, application/json;q=0.5"})
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    for tag in (first.headers["etag"], f'W/{first.headers["etag"]}, "x"', "*"):
        same = await client.get(path, params={"format": "pdf"}, headers=headers | {"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/pdf;q=0.1, application/json", "application/json"),
        ("application/pdf;q=odd", "application/json"),
        ("Application/PDF", "application/pdf"),
        ("application/pdf;q=0.9, */*", "application/pdf"),
    ],
)
async def test_the_client_says_which_it_wants(
    shop: Stores,
    client: httpx.AsyncClient,
    settings: Settings,
    printer: Printer,
    accept: str,
    kind: str,
) -> None:
    ids = await sell(shop)
    headers = headers_for(settings, ids[0]) | {"Accept": accept}
    answer = await client.get(f"/v1/recharge/{ids[1]}/receipt", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    odd = await client.get(f"/v1/recharge/{ids[1]}/receipt", params={"format": "docx"}, headers=headers)
    assert odd.status_code == 422


async def test_a_refund_makes_another_version_that_says_so(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, printer: Printer, tmp_path: Path
) -> None:
    ids = await sell(shop)
    headers, path = headers_for(settings, ids[0]), f"/v1/recharge/{ids[1]}/receipt?format=pdf"
    tags = [(await client.get(path, headers=headers)).headers["etag"]]
    await change(shop, ids, refunded_amount=100_00)
    part = await receipt(shop, ids)
    tags.append((await client.get(path, headers=headers)).headers["etag"])
    await change(shop, ids, refunded_amount=299_00, status="refunded")
    whole = await receipt(shop, ids)
    tags.append((await client.get(path, headers=headers)).headers["etag"])
    assert len(set(tags)) == len(list(tmp_path.rglob("*.pdf"))) == 3
    assert part.receipt_number == whole.receipt_number
    assert "PARTLY REFUNDED" in texts_of(render(part, compress=False))
    words = texts_of(render(whole, compress=False))
    assert words.count("REFUNDED") == 2
    assert "DELIVERED" not in words
    assert "– ₹299.00" in words


async def test_a_receipt_is_given_also_where_it_can_not_be_kept(
    shop: Stores, client: httpx.AsyncClient, settings: Settings, app: FastAPI, printer: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    process.put(app, Printer(FolderStorage(tmp_path / "file")))
    ids = await sell(shop)
    answer = await client.get(
        f"/v1/recharge/{ids[1]}/receipt?format=pdf", headers=headers_for(settings, ids[0])
    )
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


async def test_anothers_receipt_does_not_exist_and_is_not_issued_by_asking(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    ids = await sell(shop)
    stranger = headers_for(settings, await make_customer(shop))
    for query in ("", "?format=pdf"):
        answer = await client.get(f"/v1/recharge/{ids[1]}/receipt{query}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "recharge_not_found")
    answer = await client.get(f"/v1/recharge/{uuid4()}/receipt", headers=stranger)
    assert answer.status_code == 404
    answer = await client.get(f"/v1/recharge/admin/{ids[0]}/{ids[1]}/receipt", headers=stranger)
    assert answer.status_code == 403


async def test_the_staff_see_the_receipts_of_their_operators(
    shop: Stores, app: FastAPI, client: httpx.AsyncClient, settings: Settings, printer: Printer
) -> None:
    await know_roles(app)
    ids = await sell(shop)
    mine = await receipt(shop, ids)
    path = f"/v1/recharge/admin/{ids[0]}/{ids[1]}/receipt"
    for scope, status in (((), 200), (("JIO",), 200), (("AIRTEL",), 404)):
        admin = await shop.database.run(
            lambda db, scope=scope: make_admin(db, "Support", operator_scope=scope)
        )  # type: ignore[misc]
        headers = headers_for(settings, admin, role="Support")
        answer = await client.get(path, headers=headers)
        assert answer.status_code == status, scope
        if status == 200:
            assert answer.json()["receipt_number"] == mine.receipt_number
            pdf = await client.get(path, params={"format": "pdf"}, headers=headers)
            assert pdf.headers["content-type"] == "application/pdf"
            other = await client.get(f"/v1/recharge/admin/{uuid4()}/{ids[1]}/receipt", headers=headers)
            assert other.status_code == 404


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Asha Rao", "Asha Rao"),
        ("Zoë Śrīnivāsan", "Zoë Śrīnivāsan"),
        ("Asha 🎉🎊 Rao", "Asha ? Rao"),
        ("आशा राव", "Registered customer"),
        ("👩‍👩‍👧 \u202e", "Registered customer"),
        ("\U0010ffff\ufdd0", "Registered customer"),
        ("A" * 300, "…"),
        ("(a) \\ [b] %", "(a) \\ [b] %"),
        (None, "Registered customer"),
    ],
)
async def test_a_name_in_any_script_can_be_printed(shop: Stores, name: str | None, printed: str) -> None:
    shown = (await receipt(shop, await sell(shop))).model_copy(update={"customer_name": name})
    assert printed in texts_of(render(shown, compress=False))
    assert zlib.crc32(render(shown)) == zlib.crc32(render(shown))


async def test_the_pdf_names_what_the_receipt_says(shop: Stores) -> None:
    shown = (await receipt(shop, await sell(shop, circle="KA"))).model_copy(
        update={
            "paid_from_wallet": Money.rupees(99),
            "paid_through_gateway": Money.rupees(200),
            "payment_method": "upi",
            "payment_reference": "pay_29QQoUBi66xm2f",
            "operator_reference": "OP-" + "7" * 77,
            "recharged_at": datetime(2026, 3, 31, 23, 59, tzinfo=clock.IST),
            "phone_number": "+919876543210",
        }
    )
    pdf = render(shown, compress=False)
    words = texts_of(pdf)
    for wanted in (
        shown.seller.name,
        shown.seller.gstin,
        shown.receipt_number,
        "+91 98765 43210",
        "₹299.00",
        "₹253.39",
        "CGST 9%",
        "SGST 9%",
        "₹22.81",
        "998413",
        "Karnataka (29)",
        "Reference pay_29QQoUBi66xm2f",
        "₹99.00",
        "31 Mar 2026, 23:59 IST",
        "Rupees Two Hundred Ninety-Nine Only",
        str(shown.recharge_id),
        "DELIVERED",
    ):
        assert wanted in words, wanted
    assert shown.operator_reference in words.replace("\n", "")
    assert pdf.count(b"/Type /Page\n") == 1
    elsewhere = shown.model_copy(update={"place_of_supply": "27", "igst": shown.gst, "gst_percent": 5})
    assert "IGST 5%" in texts_of(render(elsewhere, compress=False))


async def test_the_pdfs_of_whoever_is_erased_go_away_and_the_invoice_stays(
    shop: Stores, tmp_path: Path
) -> None:
    stores = Stores(
        shop.settings.model_copy(update={"storage_dir": tmp_path}),
        shop.database,
        shop.mongo,
        shop.documents,
        shop.redis,
    )
    printer = Printer(FolderStorage(tmp_path))
    gone, other = await sell(shop), await sell(shop)
    shown, kept = await receipt(shop, gone), await receipt(shop, other)
    await printer.pdf(shown)
    await printer.pdf(shown.model_copy(update={"refunded": Money(1)}))
    await printer.pdf(kept)
    await personal_data.erase(stores, gone[0])
    await personal_data.erase(stores, gone[0])
    assert [path.name[:36] for path in tmp_path.rglob("*.pdf")] == [str(other[1])]
    assert (await receipt(shop, gone)).receipt_number == shown.receipt_number


async def test_the_name_on_a_receipt_is_the_customers_own_in_full(
    shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    user: User = await shop.database.run(lambda db: make_user(db, name="Meera Nair"))

    async def fund(db: AsyncSession) -> None:
        await wallet.credit(
            db,
            user.user_id,
            Money.rupees(500),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key="opening",
        )

    await shop.database.run(fund)
    ids = await sell(shop, user.user_id)
    answer = await client.get(f"/v1/recharge/{ids[1]}/receipt", headers=headers_for(settings, user))
    shown = answer.json()
    assert shown["customer_name"] == "Meera Nair"
    assert re.fullmatch(r"\+91\d{10}", shown["phone_number"])
    assert "Meera Nair" in texts_of(render(await receipt(shop, ids), compress=False))


@given(st.integers(0, MAX_PAISE), st.integers(0, 40), st.booleans())
def test_the_parts_of_a_price_are_the_price_to_the_paisa(
    paise: int, percent: int, within_state: bool
) -> None:
    parts = tax.split(Money(paise), percent=percent, within_state=within_state)
    assert parts.taxable + parts.cgst + parts.sgst + parts.igst == Money(paise)
    assert abs(parts.taxable.paise * (100 + percent) - paise * 100) * 2 <= 100 + percent
    assert parts.cgst.paise - parts.sgst.paise in {0, 1}
    assert not (parts.cgst if not within_state else parts.igst)


@pytest.mark.parametrize(
    ("circle", "company", "place"),
    [
        ("KA", "29", "29"),
        ("MU", "29", "27"),
        (None, "29", "29"),
        ("??", "07", "07"),
        ("MH", "30", "30"),
        ("MH", "29", "27"),
        ("AP", "37", "37"),
    ],
)
def test_the_place_of_supply_is_the_numbers_state_or_where_that_may_be_the_companys(
    circle: str | None, company: str, place: str
) -> None:
    assert tax.place_of_supply(circle, company) == place


async def test_every_circle_lies_in_states_that_exist(shop: Stores) -> None:
    async def unit(db: AsyncSession) -> list[str]:
        return list(await db.scalars(text(f"SELECT code FROM {Circle.__tablename__}")))

    assert {tax.place_of_supply(code, "--") for code in await shop.database.run(unit)} <= STATES.keys()


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (LAST_MINUTE, "2030-31"),
        (NEW_YEAR, "2031-32"),
        (datetime(2099, 12, 31, tzinfo=clock.IST), "2099-00"),
        (datetime.fromisoformat("2027-03-31T18:29:59Z"), "2026-27"),
        (datetime.fromisoformat("2027-03-31T18:30:00Z"), "2027-28"),
    ],
)
def test_a_financial_year_is_april_to_march_in_india(day: datetime, year: str) -> None:
    assert tax.financial_year(day) == year


def test_a_number_never_has_more_than_sixteen_characters() -> None:
    assert tax.number_of("GC", "2026-27", "A", 99_999_999) == "GC2627A-99999999"
    assert tax.number_of("ABC", "2026-27", "A", 9_999_999) == "ABC2627A-9999999"
    with pytest.raises(OverflowError):
        tax.number_of("GC", "2026-27", "A", 100_000_000)
    with pytest.raises(OverflowError):
        tax.number_of("ABC", "2026-27", "A", 10_000_000)


@pytest.mark.parametrize(
    ("rupees", "words"),
    [
        ("0", "Rupees Zero Only"),
        ("0.05", "Rupees Zero and Five Paise Only"),
        ("19", "Rupees Nineteen Only"),
        ("100", "Rupees One Hundred Only"),
        ("299", "Rupees Two Hundred Ninety-Nine Only"),
        ("1000.50", "Rupees One Thousand and Fifty Paise Only"),
        ("12345.67", "Rupees Twelve Thousand Three Hundred Forty-Five and Sixty-Seven Paise Only"),
        ("100000", "Rupees One Lakh Only"),
        ("9999999", "Rupees Ninety-Nine Lakh Ninety-Nine Thousand Nine Hundred Ninety-Nine Only"),
        ("100000000", "Rupees Ten Crore Only"),
    ],
)
def test_amounts_are_written_out_as_in_india(rupees: str, words: str) -> None:
    assert in_words(Money.rupees(rupees)) == words
