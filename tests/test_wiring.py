"""What a room has is plugged in: a router, a listener or a job that its `room.py` forgets would do nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter

from gencharge import wiring
from gencharge.api import main
from gencharge.core.background.jobs import Job
from gencharge.core.events.events import Inside, Outside
from gencharge.core.rooms.personal_data import PersonalData


def instances(kind: type[Any] | tuple[type[Any], ...]) -> Iterator[tuple[str, Any]]:
    """Everything of a kind that a module of a room has, alone or in a tuple, with where it is."""
    assert main  # all rooms are loaded
    rooms = tuple(f"gencharge.{room.name}." for room in wiring.ROOMS)
    for module in [module for name, module in sys.modules.items() if name.startswith(rooms)]:
        for name, value in vars(module).items():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, kind):
                    yield f"{module.__name__}.{name}", one


@pytest.mark.parametrize(
    ("kind", "plugged"),
    [
        (APIRouter, wiring.ROUTERS),
        ((Inside, Outside), wiring.LISTENERS),
        (Job, wiring.JOBS),
        (PersonalData, wiring.PERSONAL_DATA),
    ],
    ids=["router", "listener", "job", "personal data"],
)
def test_whatever_a_room_has_is_plugged_in(kind: Any, plugged: Any) -> None:
    parts = list(instances(kind))
    assert parts
    forgotten = sorted({where for where, one in parts if not any(one is other for other in plugged)})
    assert not forgotten, f"{forgotten}: write it into the room.py of its room"


def test_a_room_is_named_like_its_folder_and_stands_on_one_floor() -> None:
    names = [name for floor in wiring.FLOORS for name in floor]
    assert [room.name for room in wiring.ROOMS] == names
    assert len(names) == len(set(names))


def test_a_tag_of_a_route_is_described_once() -> None:
    described = [tag["name"] for tag in wiring.TAGS]
    assert len(described) == len(set(described))
    used = {tag for router in wiring.ROUTERS for tag in router.tags}
    assert used == set(described), "a room's `tags` say what each tag of its routes is about"
