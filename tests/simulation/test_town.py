"""An act that gets a 503 is tried again as the same act: the same choices, the same keys, nothing planned twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from gencharge.core.errors import Conflict, DatabaseUnavailable
from gencharge.core.values import clock
from simulation.people import Person, population
from simulation.town import Size, Town

STARTS_AT = datetime(2026, 8, 1, tzinfo=UTC)


def town() -> tuple[Town, Person]:
    [person] = population(1, 30, 1)
    return Town(None, [person], STARTS_AT, STARTS_AT + timedelta(days=30), Size(30, 1, 1)), person


async def test_after_a_503_the_same_is_done_once_more() -> None:
    place, person = town()
    done: list[tuple[str, float, datetime]] = []

    async def later() -> None: ...

    async def buy() -> None:
        place.plan(clock.now() + timedelta(days=1), later)
        done.append((person.key("recharge"), person.chance.random(), clock.now()))
        if len(done) < 3:
            raise DatabaseUnavailable

    await place._try(STARTS_AT, partial(place._if_here, person, buy), 5)
    assert len({(key, choice) for key, choice, _ in done}) == 1
    assert [at - STARTS_AT for _, _, at in done] == [timedelta(minutes=2 * tries) for tries in range(3)]
    assert len(place._agenda) == 1
    assert place.strange == []


async def test_what_no_doing_of_a_customer_explains_is_reported() -> None:
    place, _ = town()

    async def away() -> None:
        raise DatabaseUnavailable

    async def refused() -> None:
        raise Conflict("not as it should be")

    async def broken() -> None:
        raise ZeroDivisionError("a defect")

    for act in (away, refused, broken):
        await place._try(STARTS_AT, act, 2)
    assert len(place.strange) == 3
    assert "ZeroDivisionError: a defect" in place.strange[2]
