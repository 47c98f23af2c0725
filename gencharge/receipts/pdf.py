"""A receipt as PDF: one page of A4 in a language, the same bytes for the same receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gencharge.core.company import STATES
from gencharge.core.printing import fonts
from gencharge.core.printing.amounts import grouped
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.values.money import Money
from gencharge.core.wording import Worded, worded
from gencharge.receipts.amount_in_hindi import in_hindi_words
from gencharge.receipts.page import LEFT, RED, RIGHT, SOFT, Colour, Page
from gencharge.receipts.schemas import ReceiptOut
from gencharge.receipts.tax import UNION_TERRITORIES
from gencharge.wallet.models import PaymentMethod

_PANEL: Final[Colour] = (245, 246, 252)
_BRAND: Final[Colour] = (58, 51, 168)
_GREEN: Final[Colour] = (17, 122, 72)
_MIDDLE: Final = 110.0
_METHODS: Final = {
    PaymentMethod.WALLET: worded("Wallet"),
    PaymentMethod.UPI: worded("UPI"),
    PaymentMethod.CARD: worded("Card"),
    PaymentMethod.NETBANKING: worded("Net banking"),
}
_TYPES: Final = {"prepaid": worded("prepaid"), "postpaid": worded("postpaid")}
_MONTHS: Final = (
    worded("Jan"), worded("Feb"), worded("Mar"), worded("Apr"), worded("May"), worded("Jun"),
    worded("Jul"), worded("Aug"), worded("Sep"), worded("Oct"), worded("Nov"), worded("Dec"),
)  # fmt: skip


def render(receipt: ReceiptOut, language: Language = Language.ENGLISH, *, compress: bool = True) -> bytes:
    """The receipt on one page. Keeps a thread busy for some hundredths of a second."""
    page = Page(
        f"Receipt {receipt.receipt_number}",
        receipt.seller.name,
        receipt.issued_at.astimezone(clock.IST),
        language,
        compress=compress,
        shapes=language is Language.HINDI or fonts.needs_shaping(str(receipt)),
    )
    _head(page, receipt)
    _sum(page, receipt)
    _parties(page, receipt)
    y = _prices(page, receipt, 138, language)
    _payment(page, receipt, y + 11)
    _foot(page, receipt)
    if receipt.refunded:
        page.stamp(_state(receipt)[0])
    return fonts.finished(page.pdf)


def _head(page: Page, receipt: ReceiptOut) -> None:
    page.pdf.set_fill_color(*_BRAND)
    page.pdf.rect(0, 0, 210, 5, style="F")
    seller = receipt.seller
    page.write(LEFT, 17, seller.name, size=15, bold=True, width=104)
    y = page.write_lines(LEFT, 26.5, seller.address, width=92)
    page.write(LEFT, y + 0.6, worded("GSTIN {number}", number=seller.gstin), size=8.5, colour=SOFT)
    page.write(
        RIGHT,
        17,
        worded("Tax Invoice") if receipt.is_tax_invoice else worded("Payment Receipt"),
        size=15,
        bold=True,
        colour=_BRAND,
        align="R",
        width=66,
    )
    page.write(
        RIGHT,
        26.5,
        worded("Receipt no. {number}", number=receipt.receipt_number),
        bold=True,
        align="R",
        width=66,
    )
    page.write(
        RIGHT,
        31.5,
        worded("Issued {moment}", moment=_moment(receipt.issued_at)),
        size=8.5,
        colour=SOFT,
        align="R",
        width=66,
    )


def _sum(page: Page, receipt: ReceiptOut) -> None:
    page.panel(LEFT, 48, RIGHT - LEFT, 34, _PANEL)
    page.write(LEFT + 8, 54, worded("Amount paid"), colour=SOFT)
    page.write(LEFT + 8, 60, _rupees(receipt.total_paid), size=27, bold=True)
    page.write(RIGHT - 8, 66, receipt.plan_name, size=9.5, align="R", width=90)
    page.write(
        RIGHT - 8,
        71.5,
        f"{_number(receipt.phone_number)}  ·  {receipt.operator}",
        size=9.5,
        bold=True,
        align="R",
    )
    page.badge(RIGHT - 8, 54, *_state(receipt))


def _parties(page: Page, receipt: ReceiptOut) -> None:
    left, right = 82.0, RIGHT - _MIDDLE
    page.write(LEFT, 91, worded("BILLED TO"), size=7.5, bold=True, colour=_BRAND)
    page.write(_MIDDLE, 91, worded("RECHARGE"), size=7.5, bold=True, colour=_BRAND)
    page.rule(96.5, LEFT, LEFT + left)
    page.rule(96.5, _MIDDLE, RIGHT)
    y = page.pair(LEFT, 99.5, worded("Customer"), _name(receipt), width=left)
    state = f"{STATES.get(receipt.place_of_supply, '')} ({receipt.place_of_supply})"
    y = page.pair(LEFT, y, worded("Place of supply"), state, width=left)
    page.pair(LEFT, y, worded("Recharge id"), str(receipt.recharge_id), width=left)
    y = page.pair(_MIDDLE, 99.5, worded("Operator's reference"), receipt.operator_reference, width=right)
    y = page.pair(
        _MIDDLE,
        y,
        worded("Channel"),
        worded("direct") if receipt.channel == "internal" else receipt.channel,
        width=right,
    )
    page.pair(_MIDDLE, y, worded("Recharged on"), _moment(receipt.recharged_at), width=right)


def _prices(page: Page, receipt: ReceiptOut, y: float, language: Language) -> float:
    """The table of what was bought and the tax in it. Returns the y below it."""
    page.panel(LEFT, y, RIGHT - LEFT, 8, _BRAND)
    white = (255, 255, 255)
    for x, text, align in (
        (LEFT + 4, worded("Description"), "L"),
        (146, worded("SAC"), "R"),
        (RIGHT - 4, worded("Amount"), "R"),
    ):
        page.write(x, y + 1.9, text, size=8.5, bold=True, colour=white, align=align)
    y += 11.5
    page.write(
        LEFT + 4,
        y,
        worded(
            "{plan}, {type}", plan=receipt.plan_name, type=_TYPES.get(receipt.plan_type, receipt.plan_type)
        ),
        bold=True,
        width=100,
    )
    page.write(
        LEFT + 4,
        y + 5,
        _what(receipt),
        size=8,
        colour=SOFT,
        width=100,
    )
    page.write(146, y, receipt.sac, align="R", width=20)
    page.write(RIGHT - 4, y, _rupees(receipt.price), align="R", width=40)
    y += 13
    if receipt.discount:
        page.write(LEFT + 4, y, worded("Discount"))
        page.write(RIGHT - 4, y, f"– {_rupees(receipt.discount)}", align="R", width=40)
        y += 8
    page.rule(y - 1)
    y += 2.5
    for label, amount in _taxes(receipt):
        page.write(146, y, label, colour=SOFT, align="R", width=60)
        page.write(RIGHT - 4, y, _rupees(amount), align="R", width=40)
        y += 6.2
    page.panel(_MIDDLE - 12, y + 0.5, RIGHT - _MIDDLE + 12, 10, _PANEL)
    page.write(
        146,
        y + 2.8,
        worded("Total, tax included") if receipt.is_tax_invoice else worded("Total"),
        bold=True,
        align="R",
        width=46,
    )
    page.write(RIGHT - 4, y + 2.2, _rupees(receipt.total_paid), size=11.5, bold=True, align="R", width=42)
    y += 16
    page.write(RIGHT - 4, y, _in_words(receipt, language), size=8.5, colour=SOFT, align="R", width=160)
    return y + 5


def _what(receipt: ReceiptOut) -> Worded:
    number = _number(receipt.phone_number)
    if not receipt.is_tax_invoice:
        return worded("Bill of {number}", number=number)
    if receipt.talktime is None:
        return worded("Mobile recharge of {number}", number=number)
    return worded(
        "Mobile recharge of {number}, talktime {talktime}", number=number, talktime=_rupees(receipt.talktime)
    )


def _taxes(receipt: ReceiptOut) -> list[tuple[str, Money]]:
    if not receipt.is_tax_invoice:
        return []
    value = (worded("Taxable value"), receipt.taxable_value)
    if receipt.place_of_supply != receipt.seller.state_code:
        return [value, (worded("IGST {percent}%", percent=receipt.gst_percent), receipt.igst)]
    half = f"{receipt.gst_percent / 2:g}"
    is_union = receipt.seller.state_code in UNION_TERRITORIES
    state_tax = (
        worded("UTGST {percent}%", percent=half) if is_union else worded("SGST {percent}%", percent=half)
    )
    return [value, (worded("CGST {percent}%", percent=half), receipt.cgst), (state_tax, receipt.sgst)]


def _payment(page: Page, receipt: ReceiptOut, y: float) -> None:
    page.write(LEFT, y, worded("PAYMENT"), size=7.5, bold=True, colour=_BRAND)
    page.rule(y + 5.5)
    y += 8.5
    for label, note, amount in _payments(receipt):
        page.write(LEFT, y, label, bold=True, width=44)
        page.write(LEFT + 46, y, note, size=8.5, colour=SOFT, width=92)
        page.write(RIGHT - 4, y, amount, align="R", width=34)
        y += 6.2


def _payments(receipt: ReceiptOut) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    if receipt.paid_from_wallet or not receipt.paid_through_gateway:
        rows.append((worded("Wallet"), "", _rupees(receipt.paid_from_wallet)))
    if receipt.paid_through_gateway:
        note = (
            worded("Reference {number}", number=receipt.payment_reference)
            if receipt.payment_reference
            else ""
        )
        rows.append((_METHODS[receipt.payment_method], note, _rupees(receipt.paid_through_gateway)))
    if receipt.cashback:
        note = (
            worded("To your wallet; taken back with the refund in proportion")
            if receipt.refunded
            else worded("To your wallet")
        )
        rows.append((worded("Cashback"), note, _rupees(receipt.cashback)))
    if receipt.refunded:
        rows.append((worded("Refunded"), "", f"– {_rupees(receipt.refunded)}"))
    return rows


def _foot(page: Page, receipt: ReceiptOut) -> None:
    page.rule(272)
    page.write_lines(
        LEFT,
        275,
        worded(
            "This is a receipt for what was paid to the operator, and no tax invoice: the operator's own bill has the GST."
            " Times are Indian Standard Time."
        )
        if not receipt.is_tax_invoice
        else worded(
            "Tax is not payable under reverse charge. This is an electronic invoice and needs no signature"
            " (CGST Rules, rule 46). Times are Indian Standard Time."
        ),
        size=7.5,
        width=130,
    )
    page.write(RIGHT, 275, receipt.receipt_number, size=7.5, colour=SOFT, align="R", width=40)


def _state(receipt: ReceiptOut) -> tuple[str, Colour]:
    if not receipt.refunded:
        return worded("DELIVERED"), _GREEN
    return (worded("REFUNDED") if receipt.refunded == receipt.total_paid else worded("PARTLY REFUNDED")), RED


def _name(receipt: ReceiptOut) -> str:
    """The customer's name, if it is known and can be printed."""
    name = receipt.customer_name or ""
    is_readable = any(letter.isalnum() for letter in fonts.printable(name))
    return name if is_readable else worded("Registered customer")


def _rupees(amount: Money) -> str:
    """`₹1,23,456.00`: the Indian grouping."""
    return f"₹{grouped(str(amount))}"


def _number(phone_number: str) -> str:
    """`+91 98765 43210`."""
    return f"{phone_number[:3]} {phone_number[3:8]} {phone_number[8:]}"


def _moment(instant: datetime) -> Worded:
    local = instant.astimezone(clock.IST)
    return worded(
        "{day} {month} {year}, {time:%H:%M} IST",
        day=local.day,
        month=_MONTHS[local.month - 1],
        year=local.year,
        time=local,
    )


def _in_words(receipt: ReceiptOut, language: Language) -> str:
    if language is Language.HINDI:
        return in_hindi_words(receipt.total_paid)
    return receipt.total_in_words
