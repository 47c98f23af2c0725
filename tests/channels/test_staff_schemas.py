"""What the staff may write about a channel."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.channels.staff_schemas import ChannelCreate, ChannelQuery, ChannelUpdate
from gencharge.core.values.money import Money
from tests.make.channels import channel_body


@pytest.mark.parametrize(
    "fault",
    [
        {"code": "Jio-Direct"},
        {"code": "j"},
        {"code": "j" * 41},
        {"code": "jio_direct"},
        {"code": "jio/../vi"},
        {"name": "J"},
        {"name": "J" * 81},
        {"name": "Jio\x00direct"},
        {"name": "Jio\ndirect"},
        {"url": "ftp://operator.example"},
        {"url": "operator.example"},
        {"url": "https://user@operator.example"},
        {"url": "https://operator.example?key=1"},
        {"url": "https://operator.example#part"},
        {"url": "https://operator.example/a b"},
        {"url": "https://operator.example\r\nX-Header: 1"},
        {"url": "https://" + "o" * 300},
        {"priority": -1},
        {"priority": 1001},
        {"priority": "10"},
        {"weight": 0},
        {"weight": 1001},
        {"min_amount": 0},
        {"min_amount": -1},
        {"max_amount": 10.005},
        {"commission_basis_points": -1},
        {"commission_basis_points": 10_000},
        {"is_active": "yes"},
        {"operator": "J" * 21},
        {"secret": "s3cret"},
    ],
    ids=str,
)
def test_a_value_that_routing_could_not_use_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ChannelCreate.model_validate(channel_body(**fault))
    if not fault.keys() & {"code", "operator"}:
        with pytest.raises(ValidationError):
            ChannelUpdate.model_validate(fault)


@pytest.mark.parametrize(
    "edge",
    [
        {"code": "jo"},
        {"code": "j" * 40},
        {"priority": 0},
        {"priority": 1000},
        {"weight": 1},
        {"weight": 1000},
        {"commission_basis_points": 0},
        {"commission_basis_points": 9_999},
        {"url": "http://10.0.0.7:8080/operators/jio"},
    ],
    ids=str,
)
def test_the_limits_are_included(edge: dict[str, object]) -> None:
    command = ChannelCreate.model_validate(channel_body(**edge))
    [(name, value)] = edge.items()
    assert getattr(command, name) == value


def test_a_new_channel_takes_one_rupee_to_a_lakh_and_is_active() -> None:
    body = {name: channel_body()[name] for name in ("code", "operator", "name", "url")}
    command = ChannelCreate.model_validate(body)
    assert (command.min_amount, command.max_amount) == (Money.rupees(1), Money.rupees(100_000))
    assert (command.priority, command.weight, command.commission_basis_points) == (10, 100, 0)
    assert command.is_active


def test_an_update_knows_which_fields_it_names() -> None:
    assert ChannelUpdate.model_validate({}).model_fields_set == set()
    assert ChannelUpdate.model_validate({"weight": 5}).model_fields_set == {"weight"}


@pytest.mark.parametrize(
    "name", ["name", "url", "priority", "weight", "min_amount", "max_amount", "is_active"]
)
def test_a_field_can_not_be_emptied(name: str) -> None:
    with pytest.raises(ValidationError):
        ChannelUpdate.model_validate({name: None})


@pytest.mark.parametrize("name", ["code", "operator"])
def test_a_channel_keeps_its_code_and_its_operator(name: str) -> None:
    with pytest.raises(ValidationError):
        ChannelUpdate.model_validate({name: "jio-other"})


def test_a_list_does_not_take_an_unknown_filter() -> None:
    with pytest.raises(ValidationError):
        ChannelQuery.model_validate({"code": "jio-direct"})
