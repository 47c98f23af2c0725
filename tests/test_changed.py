"""Which tests `make test ARGS=--changed` runs."""

from __future__ import annotations

import pytest

from tests import changed


@pytest.mark.parametrize(
    ("path", "places"),
    [
        (
            "gencharge/wallet/service.py",
            (
                "tests/wallet/test_service.py",
                "tests/wallet/test_routes.py",
                "tests/wallet/test_staff_routes.py",
            ),
        ),
        (
            "gencharge/wallet/sql/wallet_transfer.sql",
            (
                "tests/wallet/test_wallet_transfer.py",
                "tests/wallet/test_routes.py",
                "tests/wallet/test_staff_routes.py",
            ),
        ),
        (
            "gencharge/wallet/routes.py",
            ("tests/wallet/test_routes.py", "tests/wallet/test_staff_routes.py"),
        ),
        ("gencharge/wallet/models.py", ("tests/wallet/",)),
        ("gencharge/core/values/money.py", ("tests/core/test_money.py",)),
        ("gencharge/wallet/texts/hi.toml", ("tests/law/test_texts.py",)),
        ("tests/make/plans.py", ("tests/plans/",)),
        ("tests/wallet/test_service.py", ("tests/wallet/test_service.py",)),
        ("tests/wallet/conftest.py", ("tests/wallet/",)),
        ("README.md", ("tests/test_readme.py",)),
        ("sandbox/app.py", ("tests/sandbox/",)),
        ("LICENSE", ()),
    ],
)
def test_a_file_calls_for_its_tests(path: str, places: tuple[str, ...]) -> None:
    assert changed.tests_of(path) == places


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("gencharge/wallet/service.py", ("tests/wallet/test_service.py",)),
        ("gencharge/wallet/sql/wallet_transfer.sql", ("tests/wallet/test_wallet_transfer.py",)),
        ("tests/wallet/test_service.py", ("tests/wallet/test_service.py",)),
        ("gencharge/wallet/models.py", ()),
        ("LICENSE", ()),
    ],
)
def test_one_file_of_tests_comes_first(path: str, places: tuple[str, ...]) -> None:
    assert changed.own_tests(path) == places


def test_every_place_named_is_there() -> None:
    for _start, *places in changed.ELSEWHERE:
        for place in (*places, *changed.ALWAYS):
            assert (changed.ROOT / place).exists(), place


def test_the_rules_of_the_house_always_run() -> None:
    assert changed.selected("tests/law/test_floors.py", changed.places_to_test())
    assert not changed.selected("tests/wallet/test_service.py", {"tests/law/", "tests/wallet/test_rules.py"})
