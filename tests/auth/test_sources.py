"""Who counts as known."""

from __future__ import annotations

import pytest

from gencharge.auth.sources import STRANGERS, Source
from gencharge.core.values.ids import new_id


@pytest.mark.parametrize(
    ("source", "known", "proven"),
    [
        (Source.of_session(new_id()), True, True),
        (Source.of_address("x", known=True), True, False),
        (Source.of_address("x", known=False), False, False),
        (Source.of_account(new_id()), False, False),
    ],
)
def test_a_device_is_proven_by_a_token_and_known_by_an_address_too(
    source: Source, known: bool, proven: bool
) -> None:
    assert (source.known, source.proven) == (known, proven)


def test_no_source_is_that_of_all_strangers_and_each_kind_is_forgotten_some_day() -> None:
    sources = [
        Source.of_session(new_id()),
        *(Source.of_address("x", known=known) for known in (True, False)),
    ]
    assert len({source.text for source in sources} | {STRANGERS}) == 4
    for source in sources:
        assert [prefix for prefix in Source.RETENTION_DAYS if source.text.startswith(prefix)]
