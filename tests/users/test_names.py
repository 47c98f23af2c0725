"""Names as lists sort and search them, and as the audit trail may keep them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.values.email import masked_email
from gencharge.users.names import masked_name, name_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Asha Rao", "asha rao"),
        ("  Asha \t RAO ", "asha rao"),
        ("Jose\u0301", "jos\u00e9"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("आशा", "आशा"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_key_leaves_out_case_spaces_and_ways_to_write_an_accent(name: str | None, key: str) -> None:
    assert name_key(name) == key


@given(st.text(max_size=60))
def test_the_key_of_a_key_of_plain_letters_is_itself(name: str) -> None:
    key = name_key(name)
    assert name_key(f" {key} ") == name_key(key)
    assert "  " not in key


@pytest.mark.parametrize(
    ("name", "masked"), [("Asha Rao", "A***"), ("आशा", "आ***"), ("", None), (None, None)]
)
def test_a_masked_name_keeps_its_first_letter(name: str | None, masked: str | None) -> None:
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("asha@example.com", "a***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
        ("", None),
        (None, None),
    ],
)
def test_a_masked_address_keeps_its_first_letter_and_its_domain(
    email: str | None, masked: str | None
) -> None:
    assert masked_email(email) == masked


@given(local=st.text("abcdefghij", min_size=2, max_size=20))
def test_no_more_than_one_letter_of_an_address_is_left(local: str) -> None:
    assert masked_email(f"{local}@example.com") == f"{local[0]}***@example.com"
