"""The goods and services tax inside a price, and the number of the invoice that says so.

Where each rule comes from:
- the tax is inside the price: CGST Rules, rule 35 (value = price x 100 / (100 + rate));
- a discount that the invoice shows is not part of the value: CGST Act, section 15(3)(a);
- 18 % for telecommunications: Notification 11/2017-Central Tax (Rate), heading 9984; 998413 is mobile telephony;
- the place of supply of a prepaid recharge that is paid electronically: IGST Act, section 12(11), the recipient's place
  on the supplier's record, or else the supplier's own; our record of a number is its circle;
- within the company's state half of the tax is the centre's (CGST) and half the state's (SGST, in a union territory
  without a legislature UTGST), else all of it is integrated (IGST): CGST Act, section 9; IGST Act, sections 5, 7 and 8;
- the number: CGST Rules, rule 46(b): consecutive, in one or multiple series, at most sixteen characters, unique within
  a financial year, which is April to March in India.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from gencharge.core.values import clock
from gencharge.core.values.money import Money

SAC: Final = "998413"
NUMBER_LENGTH: Final = 16
# Capital letters but I and O, which are read as digits.
SERIES: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
# What the receipts of bills begin with.
BILLS_PREFIX: Final = "BP"
# Union territories without a legislature.
UNION_TERRITORIES: Final = frozenset({"04", "26", "31", "35", "38"})
# The states of each circle, the most populous first (circles_in.csv; numbers of the GST network). Delhi NCR, Kolkata
# and Mumbai reach beyond their state, but a number does not show it.
_STATES_OF: Final = MappingProxyType(
    {
        "AP": ("36", "37"),
        "AS": ("18",),
        "BR": ("10", "20"),
        "DL": ("07",),
        "GJ": ("24", "26"),
        "HP": ("02",),
        "HR": ("06",),
        "JK": ("01", "38"),
        "KA": ("29",),
        "KL": ("32", "31"),
        "KO": ("19",),
        "MH": ("27", "30"),
        "MP": ("23", "22"),
        "MU": ("27",),
        "NE": ("16", "17", "14", "13", "12", "15"),
        "OR": ("21",),
        "PB": ("03", "04"),
        "RJ": ("08",),
        "TN": ("33", "34"),
        "UE": ("09",),
        "UW": ("09", "05"),
        "WB": ("19", "11", "35"),
    }
)
CIRCLES: Final = tuple(_STATES_OF)


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a price. Together they are the price, to the paisa."""

    taxable: Money
    cgst: Money
    sgst: Money
    igst: Money

    @property
    def tax(self) -> Money:
        """All of the tax."""
        return self.cgst + self.sgst + self.igst


def no_tax() -> Split:
    """Of the payment of a bill: we supply nothing, and the operator's own bill has the tax."""
    return Split(Money(0), Money(0), Money(0), Money(0))


def split(price: Money, *, percent: int, within_state: bool) -> Split:
    """Split a price that includes the tax. The value is rounded to the paisa, halves up; an odd paisa of tax goes to CGST."""
    gross = 100 + percent
    taxable = (price.paise * 200 + gross) // (2 * gross)
    tax = price.paise - taxable
    if not within_state:
        return Split(Money(taxable), Money(0), Money(0), Money(tax))
    return Split(Money(taxable), Money(tax - tax // 2), Money(tax // 2), Money(0))


def place_of_supply(circle: str | None, company_state: str) -> str:
    """The state (two digits) of a number of this circle: the company's own if the circle covers it or is unknown."""
    states = _STATES_OF.get(circle or "", (company_state,))
    return company_state if company_state in states else states[0]


def financial_year(instant: datetime) -> str:
    """`2026-27`: April to March, by the calendar of India."""
    day = instant.astimezone(clock.IST).date()
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def series_of(user_id: UUID) -> str:
    """The series in which a customer's invoices are numbered.

    A series has no gaps, so each transaction that takes a number waits for the one before it. Two dozen series mean less
    waiting, and can live on as many shards. Rule 46(b) allows several series.
    """
    return SERIES[user_id.int % len(SERIES)]


def series_of_bills(user_id: UUID) -> str:
    """The series of a customer's receipts for bills. They are no invoices, so their numbers are not among those of invoices."""
    return f"{BILLS_PREFIX}-{series_of(user_id)}"


def number_of(prefix: str, year: str, series: str, count: int) -> str:
    """`GC2627A-0000001`. Raises OverflowError beyond sixteen characters: a year's ten million in one series."""
    number = f"{prefix}{year[2:4]}{year[5:]}{series[-1]}-{count:07d}"
    if len(number) > NUMBER_LENGTH:
        raise OverflowError(f"{number}: an invoice's number has at most {NUMBER_LENGTH} characters")
    return number
