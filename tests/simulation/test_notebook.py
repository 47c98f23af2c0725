"""The second set of books settles what went over an operator's API with what the operators delivered."""

from __future__ import annotations

from simulation.notebook import Notebook, Sale

NUMBER = "+919876543210"


def sale(
    key: str, *, over_api: bool = True, from_wallet: int = 29_900, person: int = 1, sold_at: float = 10
) -> Sale:
    return Sale(person, key, NUMBER, 29_900, from_wallet, over_api, sold_at)


def test_what_was_not_delivered_is_given_back_and_with_it_what_the_gateway_had() -> None:
    notebook = Notebook()
    notebook.join(1)
    notebook.put_in(1, 50_000)
    notebook.sell(sale("a", from_wallet=10_000))
    notebook.sell(sale("b", over_api=False))
    assert notebook.conclude([]) == []
    assert notebook.wallets[1] == 50_000 - 10_000 + 29_900 - 29_900
    assert (notebook.counts["delivered"], notebook.counts["failed"]) == (1, 1)


def test_a_second_delivery_and_one_that_nobody_bought_are_named() -> None:
    notebook = Notebook()
    notebook.join(1)
    notebook.sell(sale("a"))
    again, unknown = notebook.conclude(
        [(NUMBER, 29_900, 12), (NUMBER, 29_900, 13), ("+919876500000", 100, 14)]
    )
    assert f"299.00 to {NUMBER}" in again
    assert "1.00 to +919876500000" in unknown
    assert notebook.counts["delivered"] == 1


def test_only_what_was_delivered_at_once_and_not_taken_back_is_certain() -> None:
    notebook = Notebook()
    notebook.join(1)
    for each in (sale("a"), sale("b", over_api=False), sale("c", over_api=False)):
        notebook.sell(each)
    notebook.refund(notebook.sales[2], 29_900)
    assert [each.key for each in notebook.certain(1)] == ["b"]
    assert notebook.wallets[1] == -2 * 29_900


def test_a_delivery_is_that_of_the_last_sale_before_it() -> None:
    notebook = Notebook()
    for person, sold_at in ((1, 10), (2, 500)):
        notebook.join(person)
        notebook.put_in(person, 29_900)
        notebook.sell(sale(str(person), person=person, sold_at=sold_at))
    assert notebook.conclude([(NUMBER, 29_900, 502)]) == []
    assert notebook.wallets == {1: 29_900, 2: 0}


def test_who_has_left_took_along_what_was_given_back() -> None:
    notebook = Notebook()
    notebook.join(1)
    notebook.put_in(1, 29_900)
    notebook.sell(sale("a"))
    notebook.leave(1)
    notebook.conclude([])
    assert notebook.wallets[1] == 0


def test_the_payment_of_a_bill_is_no_first_recharge() -> None:
    notebook = Notebook()
    notebook.join(1)
    notebook.sell(Sale(1, "bill", NUMBER, 41_137, 41_137, True, 10, is_bill=True))
    notebook.sell(sale("plan", sold_at=20))
    assert notebook.conclude([(NUMBER, 41_137, 11), (NUMBER, 29_900, 21)]) == []
    first = notebook.first_delivered(1)
    assert first is not None
    assert first.key == "plan"
