"""A text is an id, a phone number, or something else."""

from __future__ import annotations

import pytest

from gencharge.core.values.ids import new_id
from gencharge.search.terms import Term, term_of


def test_an_id_is_known_by_its_form() -> None:
    identity = new_id()
    assert term_of(f" {identity} ").id == identity


@pytest.mark.parametrize("text", ["9876543210", "+91 98765 43210", "098765-43210"])
def test_a_phone_number_is_one_number_however_it_is_written(text: str) -> None:
    assert term_of(text).phone_number == "+919876543210"


@pytest.mark.parametrize("text", ["order_IluGWxBm9U8zJ8", "12345", "%", "' OR 1=1 --"])
def test_anything_else_is_a_reference(text: str) -> None:
    assert term_of(text) == Term(text)
