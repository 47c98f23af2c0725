"""A receipt as PDF: one page of A4, the same bytes for the same receipt.

The fonts are subsets of Noto Sans (`core.printing`): Latin letters and the rupee sign. What they lack, such as Devanagari
or an emoji, is printed as a question mark.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Final

from gencharge.core.company import STATES
from gencharge.core.printing import fonts
from gencharge.core.printing.amounts import grouped
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.receipts.schemas import ReceiptOut
from gencharge.receipts.tax import UNION_TERRITORIES
from gencharge.wallet.models import PaymentMethod

_FAMILY: Final = "noto"
Colour = tuple[int, int, int]
_INK: Final[Colour] = (24, 28, 40)
_SOFT: Final[Colour] = (104, 112, 130)
_RULE: Final[Colour] = (222, 226, 234)
_PANEL: Final[Colour] = (245, 246, 252)
_BRAND: Final[Colour] = (58, 51, 168)
_GREEN: Final[Colour] = (17, 122, 72)
_RED: Final[Colour] = (186, 36, 44)
_UNKNOWN: Final = re.compile(r"\?( ?\?)+")
_LEFT, _RIGHT = 18.0, 192.0
_MIDDLE: Final = 110.0
_METHODS: Final = {
    PaymentMethod.WALLET: "Wallet",
    PaymentMethod.UPI: "UPI",
    PaymentMethod.CARD: "Card",
    PaymentMethod.NETBANKING: "Net banking",
}
# fontTools logs each step of making the font subsets that go into every file.
logging.getLogger("fontTools").setLevel(logging.WARNING)


def render(receipt: ReceiptOut, *, compress: bool = True) -> bytes:
    """The receipt on one page. Keeps a thread busy for some hundredths of a second."""
    page = _Page(receipt, compress=compress)
    _head(page, receipt)
    _sum(page, receipt)
    _parties(page, receipt)
    y = _prices(page, receipt, 138)
    _payment(page, receipt, y + 11)
    _foot(page, receipt)
    if receipt.refunded:
        page.stamp(_state(receipt)[0])
    return bytes(page.pdf.output())


class _Page:
    """A page with text at given places (mm from the top left), cut to its width."""

    def __init__(self, receipt: ReceiptOut, *, compress: bool) -> None:
        # Imported for the first PDF: it takes every process a third of a second and 22 MB.
        from fpdf import FPDF
        from fpdf.fonts import TTFFont

        self.pdf = pdf = FPDF(format="A4")
        pdf.set_compression(compress)
        pdf.set_creation_date(receipt.issued_at.astimezone(clock.IST))
        pdf.set_auto_page_break(False)
        pdf.c_margin = 0
        for style, name in (("", "Regular"), ("B", "Bold")):
            pdf.add_font(_FAMILY, style, fonts.FOLDER / f"NotoSans-{name}.ttf")
        font = pdf.fonts[_FAMILY]
        assert isinstance(font, TTFFont), "add_font made it"
        self._known = frozenset(font.cmap)
        pdf.set_title(f"Receipt {receipt.receipt_number}")
        pdf.set_author(self._printable(receipt.seller.name))
        pdf.set_lang("en-IN")
        pdf.add_page()

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        colour: Colour = _INK,
        width: float = 80,
        align: str = "L",
    ) -> None:
        """One line with its left end (with align R: its right end) at `x`. Text that is too long ends in dots."""
        self._use(size, bold, colour)
        self.pdf.set_xy(x - width if align == "R" else x, y)
        self.pdf.cell(width, size * 0.5, self._fitted(self._printable(text), width), align=align)

    def write_lines(
        self,
        x: float,
        y: float,
        text: str,
        *,
        width: float,
        size: float = 8.5,
        colour: Colour = _SOFT,
        limit: int = 2,
    ) -> float:
        """Up to `limit` lines from `y` on, broken at spaces. Returns the y below them."""
        self._use(size, bold=False, colour=colour)
        lines = self.pdf.multi_cell(width, text=self._printable(text), dry_run=True, output="LINES")
        assert isinstance(lines, list), "the output is LINES"
        if len(lines) > limit:
            lines[limit - 1] += "…"
        for line in lines[:limit]:
            self.write(x, y, line, size=size, colour=colour, width=width)
            y += size * 0.5
        return y

    def pair(self, x: float, y: float, label: str, value: str, *, width: float) -> float:
        """A small label with its value below, in two small lines if it is long. Returns the y of the next one."""
        self.write(x, y, label, size=7.5, colour=_SOFT, width=width)
        self._use(9.5, bold=False, colour=_INK)
        if self.pdf.get_string_width(self._printable(value)) <= width:
            self.write(x, y + 4, value, size=9.5, width=width)
        else:
            self.write_lines(x, y + 4, value, size=7.5, colour=_INK, width=width)
        return y + 12.3

    def rule(self, y: float, left: float = _LEFT, right: float = _RIGHT) -> None:
        """A fine line across."""
        self.pdf.set_draw_color(*_RULE)
        self.pdf.set_line_width(0.25)
        self.pdf.line(left, y, right, y)

    def panel(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled box with round corners."""
        self.pdf.set_fill_color(*colour)
        self.pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=min(2.5, height / 2))

    def badge(self, right: float, y: float, text: str, colour: Colour) -> None:
        """White text on a coloured box that ends at `right`."""
        self._use(8, bold=True, colour=colour)
        width = self.pdf.get_string_width(text) + 8
        self.panel(right - width, y, width, 6.4, colour)
        self.write(
            right - width, y + 1.2, text, size=8, bold=True, colour=(255, 255, 255), width=width, align="C"
        )

    def stamp(self, text: str) -> None:
        """Large and pale, across the whole page."""
        self._use(62 if len(text) < 10 else 44, bold=True, colour=_RED)
        with self.pdf.local_context(fill_opacity=0.13), self.pdf.rotation(32, 105, 160):
            self.pdf.set_xy(0, 148)
            self.pdf.cell(210, 24, text, align="C")

    def can_print_some_of(self, text: str) -> bool:
        """Whether any letter of it is in the fonts."""
        return any(letter.isalnum() and ord(letter) in self._known for letter in text)

    def _use(self, size: float, bold: bool, colour: Colour) -> None:
        self.pdf.set_font(_FAMILY, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def _printable(self, text: str) -> str:
        printable = "".join(letter if ord(letter) in self._known else "?" for letter in text)
        return _UNKNOWN.sub("?", printable)

    def _fitted(self, text: str, width: float) -> str:
        if self.pdf.get_string_width(text) <= width:
            return text
        while text and self.pdf.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"


def _head(page: _Page, receipt: ReceiptOut) -> None:
    page.pdf.set_fill_color(*_BRAND)
    page.pdf.rect(0, 0, 210, 5, style="F")
    seller = receipt.seller
    page.write(_LEFT, 17, seller.name, size=15, bold=True, width=104)
    y = page.write_lines(_LEFT, 26.5, seller.address, width=92)
    page.write(_LEFT, y + 0.6, f"GSTIN {seller.gstin}", size=8.5, colour=_SOFT)
    page.write(_RIGHT, 17, "Tax Invoice", size=15, bold=True, colour=_BRAND, align="R", width=66)
    page.write(_RIGHT, 26.5, f"Receipt no. {receipt.receipt_number}", bold=True, align="R", width=66)
    page.write(
        _RIGHT, 31.5, f"Issued {_moment(receipt.issued_at)}", size=8.5, colour=_SOFT, align="R", width=66
    )


def _sum(page: _Page, receipt: ReceiptOut) -> None:
    page.panel(_LEFT, 48, _RIGHT - _LEFT, 34, _PANEL)
    page.write(_LEFT + 8, 54, "Amount paid", colour=_SOFT)
    page.write(_LEFT + 8, 60, _rupees(receipt.total_paid), size=27, bold=True)
    page.write(_RIGHT - 8, 66, receipt.plan_name, size=9.5, align="R", width=90)
    page.write(
        _RIGHT - 8,
        71.5,
        f"{_number(receipt.phone_number)}  ·  {receipt.operator}",
        size=9.5,
        bold=True,
        align="R",
    )
    page.badge(_RIGHT - 8, 54, *_state(receipt))


def _parties(page: _Page, receipt: ReceiptOut) -> None:
    left, right = 82.0, _RIGHT - _MIDDLE
    page.write(_LEFT, 91, "BILLED TO", size=7.5, bold=True, colour=_BRAND)
    page.write(_MIDDLE, 91, "RECHARGE", size=7.5, bold=True, colour=_BRAND)
    page.rule(96.5, _LEFT, _LEFT + left)
    page.rule(96.5, _MIDDLE, _RIGHT)
    y = page.pair(_LEFT, 99.5, "Customer", _name(page, receipt), width=left)
    state = f"{STATES.get(receipt.place_of_supply, '')} ({receipt.place_of_supply})"
    y = page.pair(_LEFT, y, "Place of supply", state, width=left)
    page.pair(_LEFT, y, "Recharge id", str(receipt.recharge_id), width=left)
    y = page.pair(_MIDDLE, 99.5, "Operator's reference", receipt.operator_reference, width=right)
    y = page.pair(
        _MIDDLE, y, "Channel", "direct" if receipt.channel == "internal" else receipt.channel, width=right
    )
    page.pair(_MIDDLE, y, "Recharged on", _moment(receipt.recharged_at), width=right)


def _prices(page: _Page, receipt: ReceiptOut, y: float) -> float:
    """The table of what was bought and the tax in it. Returns the y below it."""
    page.panel(_LEFT, y, _RIGHT - _LEFT, 8, _BRAND)
    white = (255, 255, 255)
    for x, text, align in ((_LEFT + 4, "Description", "L"), (146, "SAC", "R"), (_RIGHT - 4, "Amount", "R")):
        page.write(x, y + 1.9, text, size=8.5, bold=True, colour=white, align=align)
    y += 11.5
    page.write(_LEFT + 4, y, f"{receipt.plan_name}, {receipt.plan_type}", bold=True, width=100)
    page.write(
        _LEFT + 4,
        y + 5,
        f"Mobile recharge of {_number(receipt.phone_number)}",
        size=8,
        colour=_SOFT,
        width=100,
    )
    page.write(146, y, receipt.sac, align="R", width=20)
    page.write(_RIGHT - 4, y, _rupees(receipt.price), align="R", width=40)
    y += 13
    if receipt.discount:
        page.write(_LEFT + 4, y, "Discount")
        page.write(_RIGHT - 4, y, f"– {_rupees(receipt.discount)}", align="R", width=40)
        y += 8
    page.rule(y - 1)
    y += 2.5
    for label, amount in _taxes(receipt):
        page.write(146, y, label, colour=_SOFT, align="R", width=60)
        page.write(_RIGHT - 4, y, _rupees(amount), align="R", width=40)
        y += 6.2
    page.panel(_MIDDLE - 12, y + 0.5, _RIGHT - _MIDDLE + 12, 10, _PANEL)
    page.write(146, y + 2.8, "Total, tax included", bold=True, align="R", width=46)
    page.write(_RIGHT - 4, y + 2.2, _rupees(receipt.total_paid), size=11.5, bold=True, align="R", width=42)
    y += 16
    page.write(_RIGHT - 4, y, receipt.total_in_words, size=8.5, colour=_SOFT, align="R", width=160)
    return y + 5


def _taxes(receipt: ReceiptOut) -> list[tuple[str, Money]]:
    value = ("Taxable value", receipt.taxable_value)
    if receipt.place_of_supply != receipt.seller.state_code:
        return [value, (f"IGST {receipt.gst_percent}%", receipt.igst)]
    half = f"{receipt.gst_percent / 2:g}%"
    state_tax = "UTGST" if receipt.seller.state_code in UNION_TERRITORIES else "SGST"
    return [value, (f"CGST {half}", receipt.cgst), (f"{state_tax} {half}", receipt.sgst)]


def _payment(page: _Page, receipt: ReceiptOut, y: float) -> None:
    page.write(_LEFT, y, "PAYMENT", size=7.5, bold=True, colour=_BRAND)
    page.rule(y + 5.5)
    y += 8.5
    for label, note, amount in _payments(receipt):
        page.write(_LEFT, y, label, bold=True, width=44)
        page.write(_LEFT + 46, y, note, size=8.5, colour=_SOFT, width=92)
        page.write(_RIGHT - 4, y, amount, align="R", width=34)
        y += 6.2


def _payments(receipt: ReceiptOut) -> list[tuple[str, str, str]]:
    rows = []
    if receipt.paid_from_wallet or not receipt.paid_through_gateway:
        rows.append(("Wallet", "", _rupees(receipt.paid_from_wallet)))
    if receipt.paid_through_gateway:
        note = f"Reference {receipt.payment_reference}" if receipt.payment_reference else ""
        rows.append((_METHODS[receipt.payment_method], note, _rupees(receipt.paid_through_gateway)))
    if receipt.cashback:
        note = (
            "To your wallet; taken back with the refund in proportion"
            if receipt.refunded
            else "To your wallet"
        )
        rows.append(("Cashback", note, _rupees(receipt.cashback)))
    if receipt.refunded:
        rows.append(("Refunded", "", f"– {_rupees(receipt.refunded)}"))
    return rows


def _foot(page: _Page, receipt: ReceiptOut) -> None:
    page.rule(272)
    page.write_lines(
        _LEFT,
        275,
        "Tax is not payable under reverse charge. This is an electronic invoice and needs no signature"
        " (CGST Rules, rule 46). Times are Indian Standard Time.",
        size=7.5,
        width=130,
    )
    page.write(_RIGHT, 275, receipt.receipt_number, size=7.5, colour=_SOFT, align="R", width=40)


def _state(receipt: ReceiptOut) -> tuple[str, Colour]:
    if not receipt.refunded:
        return "DELIVERED", _GREEN
    return ("REFUNDED" if receipt.refunded == receipt.total_paid else "PARTLY REFUNDED"), _RED


def _name(page: _Page, receipt: ReceiptOut) -> str:
    """The customer's name, if it is known and can be printed."""
    name = receipt.customer_name or ""
    return name if page.can_print_some_of(name) else "Registered customer"


def _rupees(amount: Money) -> str:
    """`₹1,23,456.00`: the Indian grouping."""
    return f"₹{grouped(str(amount))}"


def _number(phone_number: str) -> str:
    """`+91 98765 43210`."""
    return f"{phone_number[:3]} {phone_number[3:8]} {phone_number[8:]}"


def _moment(instant: datetime) -> str:
    local = instant.astimezone(clock.IST)
    return f"{local.day} {local:%b %Y, %H:%M} IST"
