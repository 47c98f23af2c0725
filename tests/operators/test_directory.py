"""The operators and circles that a process holds in memory."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from gencharge.core.values import clock
from gencharge.operators.directory import CircleSnapshot, OperatorSnapshot, OperatorsSnapshot
from gencharge.operators.errors import CircleInvalid, OperatorInvalid, OperatorNotFound
from gencharge.operators.models import ChannelKind, Maintenance, OperatorStatus


def operator(code: str, **overrides: Any) -> OperatorSnapshot:
    values: dict[str, Any] = {
        "code": code,
        "name": f"{code} Limited",
        "display_name": code.title(),
        "status": OperatorStatus.UP,
        "channel": ChannelKind.INTERNAL,
        "is_active": True,
        "sort_order": 10,
    }
    return OperatorSnapshot(**(values | overrides))


@pytest.fixture
def snapshot() -> OperatorsSnapshot:
    """Two operators that are served, one of them down, and one that is not served any more."""
    operators = (
        operator("JIO"),
        operator("VI", status=OperatorStatus.DOWN),
        operator("AIRCEL", is_active=False),
    )
    circles = (CircleSnapshot("KA", "Karnataka", "A"), CircleSnapshot("MU", "Mumbai", "Metro"))
    return OperatorsSnapshot(7, operators, circles)


def test_an_operator_that_is_down_is_served_and_an_inactive_one_is_not(snapshot: OperatorsSnapshot) -> None:
    assert [served.code for served in snapshot.served] == ["JIO", "VI"]
    assert snapshot.version == 7


def test_an_operator_is_found_by_its_code_active_or_not(snapshot: OperatorsSnapshot) -> None:
    assert snapshot.get("AIRCEL").is_active is False
    with pytest.raises(OperatorNotFound):
        snapshot.get("jio")


def test_codes_are_accepted_in_any_case_and_given_back_in_capitals(snapshot: OperatorsSnapshot) -> None:
    assert snapshot.check("jio", "ka") == ("JIO", "KA")
    assert snapshot.check("Vi", None) == ("VI", None)


@pytest.mark.parametrize("code", ["AIRCEL", "aircel", "NONE", ""])
def test_an_operator_that_is_not_served_is_refused_with_those_that_are(
    snapshot: OperatorsSnapshot, code: str
) -> None:
    with pytest.raises(OperatorInvalid) as refused:
        snapshot.check(code, "KA")
    [problem] = refused.value.errors
    assert (problem["field"], problem["message"]) == ("body.operator", "Must be one of: JIO, VI")


def test_an_unknown_circle_is_refused_with_those_that_there_are(snapshot: OperatorsSnapshot) -> None:
    with pytest.raises(CircleInvalid) as refused:
        snapshot.check("JIO", "XX")
    with pytest.raises(CircleInvalid):
        snapshot.check_circle("XX")
    [problem] = refused.value.errors
    assert (problem["field"], problem["message"]) == ("body.circle", "Must be one of: KA, MU")


def test_a_snapshot_can_not_be_changed(snapshot: OperatorsSnapshot) -> None:
    assert isinstance(snapshot.operators, MappingProxyType)
    assert isinstance(snapshot.circles, MappingProxyType)


def test_an_operator_is_down_from_the_first_instant_of_its_maintenance_and_up_at_its_end() -> None:
    starts_at, ends_at = clock.now(), clock.now() + timedelta(hours=4)
    jio = operator("JIO", maintenance=Maintenance(starts_at, ends_at, "Works", "काम"))
    instant = timedelta(microseconds=1)
    assert [jio.is_down(at) for at in (starts_at - instant, starts_at, ends_at - instant, ends_at)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert operator("VI", status=OperatorStatus.DOWN).is_down(starts_at)
