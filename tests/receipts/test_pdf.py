"""The PDF of a receipt: one page that says all of it, whatever the names and amounts are."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.values.money import Money
from gencharge.receipts.pdf import render
from gencharge.receipts.schemas import ReceiptOut, SellerOut
from gencharge.wallet.models import PaymentMethod
from tests.make.receipts import receipt_out, words_of


def words(**overrides: Any) -> str:
    """The words on the page of such a receipt."""
    return words_of(render(receipt_out(**overrides), compress=False))


def test_the_page_says_what_the_receipt_says() -> None:
    receipt = receipt_out(
        paid_from_wallet=Money.rupees(99),
        paid_through_gateway=Money.rupees(200),
        payment_method=PaymentMethod.UPI,
        payment_reference="pay_29QQoUBi66xm2f",
        operator_reference="OP-" + "7" * 77,
        channel="jio-direct",
        recharged_at=datetime(2026, 3, 31, 23, 59, tzinfo=clock.IST),
    )
    pdf = render(receipt, compress=False)
    page = words_of(pdf)
    for expected in (
        receipt.seller.name,
        f"GSTIN {receipt.seller.gstin}",
        "Receipt no. GC2627A-0000001",
        "Asha Rao",
        "+91 98765 43210",
        "Unlimited 299, prepaid",
        "₹299.00",
        "₹253.39",
        "CGST 9%",
        "SGST 9%",
        "₹22.81",
        "₹22.80",
        "998413",
        "Karnataka (29)",
        "Reference pay_29QQoUBi66xm2f",
        "₹99.00",
        "₹200.00",
        "jio-direct",
        "31 Mar 2026, 23:59 IST",
        "Issued 20 Nov 2026, 13:05 IST",
        "Rupees Two Hundred Ninety-Nine Only",
        str(receipt.recharge_id),
        "DELIVERED",
        "reverse charge",
    ):
        assert expected in page, expected
    assert receipt.operator_reference in page.replace("\n", "")
    assert pdf.count(b"/Type /Page\n") == 1


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Asha Rao", "Asha Rao"),
        ("Zoë Śrīnivāsan", "Zoë Śrīnivāsan"),
        ("Asha 🎉🎊 Rao", "🎉🎊"),
        ("Asha 日本 Rao", "Asha ? Rao"),
        ("आशा राव", "राव"),
        ("👩‍👩‍👧 \u202e", "Registered customer"),
        ("\U0010ffff\ufdd0", "Registered customer"),
        ("...", "Registered customer"),
        ("A" * 300, "…"),
        ("(a) \\ [b] %", "(a) \\ [b] %"),
        ("", "Registered customer"),
        (None, "Registered customer"),
    ],
)
def test_a_name_in_any_script_can_be_printed(name: str | None, printed: str) -> None:
    assert printed in words(customer_name=name)


def test_in_hindi_the_page_says_the_same() -> None:
    receipt = receipt_out(
        customer_name="श्री विष्णु",
        paid_from_wallet=Money.rupees(99),
        paid_through_gateway=Money.rupees(200),
        payment_method=PaymentMethod.CARD,
        payment_reference="pay_29QQoUBi66xm2f",
        cashback=Money.rupees(20),
    )
    page = words_of(render(receipt, Language.HINDI, compress=False))
    for expected in (
        "बीजक",
        "GC2627A-0000001",
        "₹253.39",
        "998413",
        "CGST 9%",
        "Karnataka (29)",
        "pay_29QQoUBi66xm2f",
    ):
        assert expected in page, expected
    for english in (
        "Amount",
        "Customer",
        "Description",
        "Card",
        "Cashback",
        "DELIVERED",
        "Hundred",
        "Nov",
        "reverse",
    ):
        assert english not in page, english
    # Printed after Hindi words: the letters are those of the other font.
    assert "SAC" in page.split()
    assert page.split().count("GC2627A-0000001") == 2


@pytest.mark.parametrize("language", list(Language))
def test_what_was_refunded_is_stamped_in_each_language(language: Language) -> None:
    receipt = receipt_out(refunded=Money.rupees(299))
    assert render(receipt, language) == render(receipt, language) != render(receipt_out(), language)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200), st.text(min_size=1, max_size=200), st.integers(1, 10**12))
def test_any_texts_and_amounts_fit_on_one_page(name: str, plan: str, paise: int) -> None:
    price = Money(min(paise, 9_999_999_99))
    receipt = receipt_out(
        customer_name=name, plan_name=plan, price=price, total_paid=price, operator_reference=plan
    )
    pdf = render(receipt, compress=False)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") == 1


def test_the_same_receipt_is_the_same_bytes_and_another_one_is_not() -> None:
    receipt = receipt_out()
    assert render(receipt) == render(receipt)
    assert render(receipt) != render(receipt_out(customer_name="Asha Rau"))


def test_times_are_printed_in_india() -> None:
    page = words(issued_at=datetime(2026, 12, 31, 18, 31, tzinfo=UTC))
    assert "Issued 1 Jan 2027, 00:01 IST" in page


@pytest.mark.parametrize(
    ("paise", "printed"),
    [
        (1, "₹0.01"),
        (99_99, "₹99.99"),
        (1_000_00, "₹1,000.00"),
        (99_999_50, "₹99,999.50"),
        (1_23_456_00, "₹1,23,456.00"),
        (1_23_45_678_90, "₹1,23,45,678.90"),
    ],
)
def test_amounts_are_grouped_as_in_india(paise: int, printed: str) -> None:
    assert printed in words(total_paid=Money(paise)).split("\n")


# The tax


def test_a_supply_in_another_state_shows_the_integrated_tax_alone() -> None:
    page = words(place_of_supply="27", igst=Money.rupees("45.61"), cgst=Money(0), sgst=Money(0))
    assert "IGST 18%" in page
    assert "₹45.61" in page
    assert "Maharashtra (27)" in page
    assert "CGST 9%" not in page
    assert "SGST 9%" not in page


@pytest.mark.parametrize(("percent", "half"), [(18, "9%"), (5, "2.5%"), (12, "6%"), (0, "0%")])
def test_half_of_the_rate_is_printed_without_needless_zeros(percent: int, half: str) -> None:
    assert f"CGST {half}" in words(gst_percent=percent)


@pytest.mark.parametrize(
    ("state", "label"), [("29", "SGST 9%"), ("07", "SGST 9%"), ("04", "UTGST 9%"), ("31", "UTGST 9%")]
)
def test_a_union_territory_without_a_legislature_has_its_own_tax(state: str, label: str) -> None:
    seller = receipt_out().seller.model_copy(update={"state_code": state})
    assert label in words(seller=seller, place_of_supply=state).split("\n")


# The payment


@pytest.mark.parametrize(
    ("method", "label"),
    [
        (PaymentMethod.UPI, "UPI"),
        (PaymentMethod.CARD, "Card"),
        (PaymentMethod.NETBANKING, "Net banking"),
    ],
)
def test_a_payment_through_the_gateway_alone_does_not_name_the_wallet(
    method: PaymentMethod, label: str
) -> None:
    page = words(
        paid_from_wallet=Money(0),
        paid_through_gateway=Money.rupees(299),
        payment_method=method,
        payment_reference=None,
    ).split("\n")
    assert label in page
    assert "Wallet" not in page
    assert not any(line.startswith("Reference ") for line in page)


def test_a_payment_from_the_wallet_is_one_line() -> None:
    page = words().split("\n")
    assert page.count("Wallet") == 1
    assert not {"UPI", "Card", "Net banking", "Refunded"} & set(page)


def test_a_cashback_is_a_line_of_the_payment_and_changes_no_price() -> None:
    page = words(cashback=Money.rupees(12)).split("\n")
    assert "₹12.00" in page[page.index("Cashback") :][:3]
    assert page[page.index("Total, tax included") + 1] == "₹299.00"
    assert "To your wallet" in page
    assert "Cashback" not in words()
    refunded = words(cashback=Money.rupees(12), refunded=Money.rupees(100))
    assert "taken back with the refund in proportion" in refunded


def test_a_discount_is_a_line_of_its_own() -> None:
    assert "Discount" not in words()
    page = words(discount=Money.rupees(30), total_paid=Money.rupees(269)).split("\n")
    assert "Discount" in page
    assert "– ₹30.00" in page
    assert "₹269.00" in page


def test_talktime_of_an_amount_that_the_customer_chose_stands_below_the_plan() -> None:
    assert "talktime ₹81.75" in words(talktime=Money.rupees("81.75"))
    assert "talktime" not in words()


def test_a_free_recharge_is_paid_with_nothing_from_the_wallet() -> None:
    nothing = {"total_paid": Money(0), "paid_from_wallet": Money(0), "discount": Money.rupees(299)}
    page = words(**nothing).split("\n")
    assert page[page.index("Wallet") :].count("₹0.00") == 1


# Refunds


@pytest.mark.parametrize(
    ("refunded", "badge", "absent"),
    [
        ("0", "DELIVERED", "REFUNDED"),
        ("0.01", "PARTLY REFUNDED", "DELIVERED"),
        ("298.99", "PARTLY REFUNDED", "DELIVERED"),
        ("299", "REFUNDED", "PARTLY"),
    ],
)
def test_a_refund_is_stamped_across_the_page(refunded: str, badge: str, absent: str) -> None:
    page = words(refunded=Money.rupees(refunded))
    assert page.split("\n").count(badge) == (1 if refunded == "0" else 2)
    assert absent not in page
    assert (f"– ₹{Money.rupees(refunded)}" in page) == (refunded != "0")


# Long texts


def test_a_long_address_takes_two_lines_and_ends_in_dots() -> None:
    address = ", ".join(f"{number} Long Road of Many Words" for number in range(20))
    seller = SellerOut(name="S" * 200, address=address, gstin="29AAACG0000A1ZO", state_code="29")
    page = words(seller=seller).split("\n")
    assert sum(line.startswith("0 Long Road") for line in page) == 1
    assert sum("Long Road" in line for line in page) == 2
    assert any(line.endswith("…") and line.startswith("SSS") for line in page)
    assert "GSTIN 29AAACG0000A1ZO" in page


def test_a_channel_of_the_operators_own_system_is_called_direct() -> None:
    assert "direct" in words(channel="internal").split("\n")
    assert "internal" not in words(channel="internal")


def test_pages_are_made_independently_of_each_other() -> None:
    receipts: list[ReceiptOut] = [
        receipt_out(customer_name=name) for name in ("Asha Rao", "Zoë", "Ünal Çelik", "Śrī")
    ]
    alone = [render(receipt) for receipt in receipts]
    order = list(range(len(receipts)))
    random.shuffle(order)
    again = {index: render(receipts[index]) for index in order}
    assert [again[index] for index in range(len(receipts))] == alone
