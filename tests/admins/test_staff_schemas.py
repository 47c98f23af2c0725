"""Commands and queries of the staff on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.admins.staff_schemas import (
    AdminCreate,
    AdminProfileUpdate,
    AdminQuery,
    AdminUpdate,
    BlockAdmin,
    RoleGrant,
    RoleWrite,
)

NEW = {
    "name": "Meera Nair",
    "email": "meera@example.com",
    "phone_number": "9876543210",
    "role": "Support",
}


def problems(model: Any, value: dict[str, Any]) -> list[str]:
    """The fields that a model refuses."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(value)
    return [".".join(map(str, error["loc"])) for error in refused.value.errors()]


def test_a_new_admin_has_all_operators_unless_some_are_named() -> None:
    command = AdminCreate.model_validate(NEW)
    assert (command.operator_scope, command.phone_number) == ([], "+919876543210")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "X"),
        ("name", "Meera 2"),
        ("email", "meera@"),
        ("phone_number", "12345"),
        ("role", "x" * 51),
        ("operator_scope", "JIO"),
        ("operator_scope", ["JIO"] * 51),
        ("permissions", ["Plans:edit"]),
    ],
)
def test_a_wrong_field_of_a_new_admin_is_named(field: str, value: Any) -> None:
    assert problems(AdminCreate, NEW | {field: value}) == [field]


@pytest.mark.parametrize(
    ("value", "field"),
    [({}, ""), ({"name": None}, "name"), ({"name": "Meera Nair", "email": None}, "email")],
)
def test_a_change_names_a_field_and_no_null(value: dict[str, Any], field: str) -> None:
    assert problems(AdminUpdate, value) == [field]


@pytest.mark.parametrize(("field", "value"), [("phone_number", "9876543210"), ("email", "meera@example.com")])
def test_an_admin_changes_only_their_own_name_without_more(field: str, value: str) -> None:
    assert problems(AdminProfileUpdate, {"name": "Meera Nair", field: value}) == [field]
    assert AdminUpdate.model_validate({"phone_number": "9876543210"}).phone_number == "+919876543210"


@pytest.mark.parametrize("name", ["Night shift", "A1", "Tier-2_support", "x" * 50])
def test_a_role_may_be_called(name: str) -> None:
    assert RoleWrite.model_validate({"name": name, "description": "", "permissions": []}).name == name


@pytest.mark.parametrize("name", ["N", "2nd", " ", "Night/day", "x" * 51, "Nächte"])
def test_a_role_may_not_be_called(name: str) -> None:
    assert problems(RoleWrite, {"name": name, "description": "", "permissions": []}) == ["name"]


@pytest.mark.parametrize("reason", ["", "no", "x" * 501])
def test_blocking_needs_a_reason_of_3_to_500_characters(reason: str) -> None:
    assert problems(BlockAdmin, {"reason": reason}) == ["reason"]


def test_a_grant_takes_a_role_by_its_name() -> None:
    assert problems(RoleGrant, {"operator_scope": []}) == ["role"]
    assert RoleGrant.model_validate({"role": "Viewer"}).operator_scope == []


@pytest.mark.parametrize(
    ("field", "value"), [("status", "gone"), ("search", "x"), ("sort", "email"), ("limit", 0)]
)
def test_a_wrong_filter_of_the_list_is_named(field: str, value: Any) -> None:
    assert problems(AdminQuery, {field: value}) == [field]
