"""Facts as the API shows them: paise become rupees, and every instant ends in Z."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.http.web import to_json
from gencharge.core.values import facts
from gencharge.core.values.money import SignedMoney

WORDS = st.from_regex(r"[a-z]{1,8}(_paise)?", fullmatch=True)
LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5)
TREES = st.dictionaries(
    WORDS,
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
    ),
    max_size=4,
)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ({"price_paise": 19900}, {"price": SignedMoney(19900)}),
        ({"difference_paise": -1}, {"difference": SignedMoney(-1)}),
        ({"amount_paise": None}, {"amount": None}),
        ({"price_paise": {"old": 19900, "new": None}}, {"price": {"old": SignedMoney(19900), "new": None}}),
        ({"steps_paise": [100, 200]}, {"steps": [SignedMoney(100), SignedMoney(200)]}),
        ({"waived_paise": True}, {"waived": True}),
        ({"amount_paise": "100"}, {"amount": "100"}),
        ({"plan": {"price_paise": 1}}, {"plan": {"price": SignedMoney(1)}}),
        ({"rows": [{"price_paise": 1}, 2]}, {"rows": [{"price": SignedMoney(1)}, 2]}),
        ({"pair": ({"price_paise": 1},)}, {"pair": [{"price": SignedMoney(1)}]}),
        ({"count": 3, "paise": 5, "paise_count": 7}, {"count": 3, "paise": 5, "paise_count": 7}),
        ({}, {}),
    ],
)
def test_an_amount_is_shown_in_rupees_under_its_plain_name(
    inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    assert facts.shown(inside) == outside


def test_on_the_wire_it_is_a_number_with_two_decimals() -> None:
    inside = {"price_paise": {"old": 19900, "new": 5}, "difference_paise": -12345}
    assert to_json(facts.shown(inside)) == b'{"price":{"old":199.00,"new":0.05},"difference":-123.45}'


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("2026-11-20T10:00:00+00:00", "2026-11-20T10:00:00Z"),
        ("2026-11-20 10:00:00+00", "2026-11-20T10:00:00Z"),
        ("2026-11-20T15:30:00.125+05:30", "2026-11-20T10:00:00.125000Z"),
        ("2026-11-20T10:00:00-0530", "2026-11-20T15:30:00Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T10:00:00", "2026-11-20T10:00:00"),
        ("2026-13-45T10:00:00+00:00", "2026-13-45T10:00:00+00:00"),
        ("0001-01-01T00:00:00+05:30", "0001-01-01T00:00:00+05:30"),
        ("on 2026-11-20T10:00:00+00:00", "on 2026-11-20T10:00:00+00:00"),
        ("+919876543210", "+919876543210"),
    ],
)
def test_a_text_that_is_an_instant_is_shown_in_utc_and_any_other_as_it_is(inside: str, outside: str) -> None:
    assert facts.shown({"at": inside, "all": [inside]}) == {"at": outside, "all": [outside]}


@given(TREES)
def test_no_name_in_paise_is_left_and_the_inside_is_not_touched(tree: dict[str, Any]) -> None:
    before = repr(tree)
    assert not [name for name in names_of(facts.shown(tree)) if name.endswith("_paise")]
    assert repr(tree) == before


def names_of(value: Any) -> list[str]:
    """Every name in it, however deep."""
    if isinstance(value, dict):
        return [*value, *(name for part in value.values() for name in names_of(part))]
    return [name for part in value for name in names_of(part)] if isinstance(value, list) else []
