"""The second set of books settles what went over an operator's API with what the operators delivered."""

from __future__ import annotations

from simulation.notebook import Notebook, Sale


def sale(key: str, *, over_api: bool = True, price: int = 29_900, from_wallet: int = 29_900) -> Sale:
    return Sale(1, key, "+919876543210", price, from_wallet, over_api)


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
        [("+919876543210", 29_900), ("+919876543210", 29_900), ("+919876500000", 100)]
    )
    assert "299.00 to +919876543210" in again
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
