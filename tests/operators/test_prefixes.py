"""The table of prefixes, and the hints that it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from phonenumbers import carrier, parse

from gencharge.core.stores.stores import Stores
from gencharge.operators import prefixes
from gencharge.operators import service as operators


@pytest.fixture(autouse=True)
async def seeded(app: FastAPI, stores: Stores) -> None:
    """The operators are there and this process knows them, whichever test of this database came first."""
    await stores.database.run(operators.seed)
    await operators.Operators.of(app).refresh(stores.database)


def test_the_table_of_prefixes_is_the_one_of_the_phonenumbers_package(tmp_path: Path) -> None:
    """After an update of phonenumbers: `python -m gencharge.operators.prefixes`."""
    prefixes.write(tmp_path / "prefixes_in.csv")
    shipped = Path(prefixes.__file__).parent / "data" / "prefixes_in.csv"
    assert shipped.read_text() == (tmp_path / "prefixes_in.csv").read_text()


def test_the_carrier_is_the_one_that_phonenumbers_names_for_every_known_block() -> None:
    for prefix in prefixes.carriers():
        number = "+" + prefix.ljust(12, "5")
        expected = carrier.name_for_number(parse(number), "en")
        assert prefixes.carrier_name(number) == (expected or None), number


def test_every_carrier_is_a_brand_that_is_served_or_closed() -> None:
    assert set(prefixes.carriers().values()) == set(prefixes.BRANDS)
    assert set(prefixes.BRANDS.values()) <= set(prefixes.served_by())
    assert set(prefixes.served_by().values()) == {"AIRTEL", "JIO", "VI", "BSNL", "MTNL", None}


@pytest.mark.parametrize(
    ("name", "operator"),
    [
        ("Reliance Jio", "JIO"),
        ("Airtel", "AIRTEL"),
        ("Vodafone", "VI"),
        ("Idea", "VI"),
        ("BSNL MOBILE", "BSNL"),
        ("MTNL", "MTNL"),
        ("Uninor", "AIRTEL"),
        ("Telewings", "AIRTEL"),
        ("Tata Docomo", "AIRTEL"),
        ("Aircel", None),
        ("S TEL", None),
    ],
)
def test_a_hint_names_who_serves_the_blocks_of_a_brand_today(name: str, operator: str | None) -> None:
    known = prefixes.carriers()
    prefix = next(
        prefix
        for prefix, carrier_name in known.items()
        if carrier_name == name and not any(longer.startswith(prefix) for longer in known if longer != prefix)
    )
    assert operators.hint("+" + prefix.ljust(12, "5")) == operator


def test_a_block_that_nobody_knows_gives_no_hint() -> None:
    assert operators.hint("+916010000000") is None
