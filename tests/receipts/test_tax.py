"""The tax inside a price, the place of supply, the financial year, and the numbers of invoices."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from fractions import Fraction
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gencharge.core.company import STATES
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import MAX_PAISE, Money
from gencharge.operators.models import Circle
from gencharge.receipts import tax

LAST_MINUTE = datetime(2031, 3, 31, 23, 59, tzinfo=clock.IST)
NEW_YEAR = datetime(2031, 4, 1, 0, 0, tzinfo=clock.IST)
PRICES = st.integers(0, MAX_PAISE)
PERCENTS = st.integers(0, 100)


# The split


@given(PRICES, PERCENTS, st.booleans())
def test_the_parts_of_a_price_are_the_price_to_the_paisa(
    paise: int, percent: int, within_state: bool
) -> None:
    parts = tax.split(Money(paise), percent=percent, within_state=within_state)
    assert parts.taxable + parts.cgst + parts.sgst + parts.igst == Money(paise)
    assert parts.taxable + parts.tax == Money(paise)


@given(PRICES, PERCENTS)
def test_the_value_is_rounded_to_the_nearest_paisa_halves_up(paise: int, percent: int) -> None:
    parts = tax.split(Money(paise), percent=percent, within_state=True)
    exact = Fraction(paise * 100, 100 + percent)
    assert Fraction(-1, 2) < parts.taxable.paise - exact <= Fraction(1, 2) or parts.taxable.paise == exact


@given(PRICES, PERCENTS)
def test_the_tax_is_the_same_within_a_state_and_beyond_it(paise: int, percent: int) -> None:
    own = tax.split(Money(paise), percent=percent, within_state=True)
    other = tax.split(Money(paise), percent=percent, within_state=False)
    assert (own.taxable, own.tax, own.igst) == (other.taxable, other.igst, Money(0))
    assert (other.cgst, other.sgst) == (Money(0), Money(0))


@given(PRICES, PERCENTS)
def test_an_odd_paisa_of_tax_goes_to_the_centre(paise: int, percent: int) -> None:
    parts = tax.split(Money(paise), percent=percent, within_state=True)
    assert parts.cgst.paise - parts.sgst.paise == parts.tax.paise % 2


@pytest.mark.parametrize(
    ("rupees", "percent", "taxable", "cgst", "sgst"),
    [
        ("299", 18, "253.39", "22.81", "22.80"),
        ("118", 18, "100.00", "9.00", "9.00"),
        ("0.01", 18, "0.01", "0.00", "0.00"),
        ("0.04", 18, "0.03", "0.01", "0.00"),
        ("0.00", 18, "0.00", "0.00", "0.00"),
        ("299", 0, "299.00", "0.00", "0.00"),
        ("105", 5, "100.00", "2.50", "2.50"),
        ("1.05", 110, "0.50", "0.28", "0.27"),
    ],
)
def test_prices_whose_parts_are_known(rupees: str, percent: int, taxable: str, cgst: str, sgst: str) -> None:
    parts = tax.split(Money.rupees(rupees), percent=percent, within_state=True)
    assert (str(parts.taxable), str(parts.cgst), str(parts.sgst)) == (taxable, cgst, sgst)


@given(st.lists(st.integers(100, 500_000), min_size=1, max_size=60))
def test_the_sums_of_many_invoices_add_up_in_paise(prices: list[int]) -> None:
    parts = [tax.split(Money(price), percent=18, within_state=bool(price % 2)) for price in prices]
    taxable = sum(part.taxable.paise for part in parts)
    collected = sum(part.cgst.paise + part.sgst.paise + part.igst.paise for part in parts)
    assert taxable + collected == sum(prices)
    # Half a paisa of rounding an invoice, and no drift beyond that.
    assert abs(Fraction(collected) - Fraction(sum(prices) * 18, 118)) <= Fraction(len(prices), 2)


# The place of supply


@pytest.mark.parametrize(
    ("circle", "company", "place"),
    [
        ("KA", "29", "29"),
        ("MU", "29", "27"),
        (None, "29", "29"),
        ("", "29", "29"),
        ("??", "07", "07"),
        ("MH", "30", "30"),
        ("MH", "27", "27"),
        ("MH", "29", "27"),
        ("AP", "37", "37"),
        ("AP", "29", "36"),
        ("NE", "12", "12"),
        ("WB", "35", "35"),
        ("UE", "05", "09"),
        ("UW", "05", "05"),
        ("PB", "04", "04"),
    ],
)
def test_the_place_of_supply_is_the_numbers_state_or_the_companys_if_the_circle_covers_it(
    circle: str | None, company: str, place: str
) -> None:
    assert tax.place_of_supply(circle, company) == place


async def test_every_circle_of_the_database_lies_in_states_that_exist(shop: Stores) -> None:
    async with shop.database.transaction() as db:
        codes = list(await db.scalars(text(f"SELECT code FROM {Circle.__tablename__}")))
    places = {code: tax.place_of_supply(code, "--") for code in codes}
    assert "--" not in places.values(), "a circle without a state"
    assert set(places.values()) <= STATES.keys()


def test_union_territories_are_states_with_a_number_of_their_own() -> None:
    assert STATES.keys() >= tax.UNION_TERRITORIES
    assert {"07", "34", "01"}.isdisjoint(tax.UNION_TERRITORIES), "these have a legislature: SGST"


# The financial year


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (LAST_MINUTE, "2030-31"),
        (NEW_YEAR, "2031-32"),
        (datetime(2027, 1, 1, tzinfo=clock.IST), "2026-27"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=clock.IST), "2026-27"),
        (datetime(2099, 12, 31, tzinfo=clock.IST), "2099-00"),
        (datetime(2009, 4, 1, tzinfo=clock.IST), "2009-10"),
        (datetime.fromisoformat("2027-03-31T18:29:59Z"), "2026-27"),
        (datetime.fromisoformat("2027-03-31T18:30:00Z"), "2027-28"),
    ],
)
def test_a_financial_year_is_april_to_march_in_india(day: datetime, year: str) -> None:
    assert tax.financial_year(day) == year


# The numbers


@pytest.mark.parametrize(
    ("prefix", "count", "number"),
    [
        ("GC", 1, "GC2627A-0000001"),
        ("GC", 9_999_999, "GC2627A-9999999"),
        ("GC", 99_999_999, "GC2627A-99999999"),
        ("ABC", 9_999_999, "ABC2627A-9999999"),
        ("", 999_999_999, "2627A-999999999"),
    ],
)
def test_a_number_names_the_year_and_the_series(prefix: str, count: int, number: str) -> None:
    assert tax.number_of(prefix, "2026-27", "A", count) == number
    assert len(number) <= tax.NUMBER_LENGTH


@pytest.mark.parametrize(("prefix", "count"), [("GC", 100_000_000), ("ABC", 10_000_000)])
def test_a_number_never_has_more_than_sixteen_characters(prefix: str, count: int) -> None:
    with pytest.raises(OverflowError, match="at most 16"):
        tax.number_of(prefix, "2026-27", "A", count)


@given(
    st.tuples(
        st.sampled_from(["2026-27", "2027-28", "2099-00"]), st.sampled_from(tax.SERIES), st.integers(1, 10**7)
    ),
    st.tuples(
        st.sampled_from(["2026-27", "2027-28", "2099-00"]), st.sampled_from(tax.SERIES), st.integers(1, 10**7)
    ),
)
def test_two_invoices_never_share_a_number(one: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    assert (tax.number_of("GC", *one) == tax.number_of("GC", *other)) == (one == other)


def test_a_series_is_a_letter_that_is_not_read_as_a_digit() -> None:
    assert re.fullmatch("[A-HJ-NP-Z]{24}", tax.SERIES)


@given(st.uuids())
def test_a_customers_series_never_changes(user_id: UUID) -> None:
    assert tax.series_of(user_id) == tax.series_of(UUID(str(user_id)))
    assert tax.series_of(user_id) in tax.SERIES


def test_customers_are_spread_over_all_series() -> None:
    counts = Counter(tax.series_of(uuid4()) for _ in range(24_000))
    assert set(counts) == set(tax.SERIES)
    assert max(counts.values()) < 2 * min(counts.values())
