"""What an application holds one instance of."""

from __future__ import annotations

import asyncio
from typing import Self

import httpx
import pytest
from fastapi import Depends, FastAPI

from gencharge.core.rooms import process
from gencharge.core.rooms.process import OnePerApp


class Counter(OnePerApp):
    opened = 0

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        cls.opened += 1
        return cls(app)


class OtherCounter(Counter):
    pass


def test_each_application_has_one_instance_of_a_class_opened_on_first_use() -> None:
    one, other = FastAPI(), FastAPI()
    before = Counter.opened
    assert Counter.of(one) is Counter.of(one)
    assert Counter.of(one).app is one
    assert Counter.of(other) is not Counter.of(one)
    assert Counter.opened == before + 2


def test_a_subclass_is_a_class_of_its_own() -> None:
    app = FastAPI()
    assert type(Counter.of(app)) is Counter
    assert type(OtherCounter.of(app)) is OtherCounter


def test_an_instance_can_be_replaced() -> None:
    app = FastAPI()
    first, second = Counter.of(app), Counter(app)
    process.put(app, second)
    assert Counter.of(app) is second
    assert Counter.of(app) is not first


def test_an_error_while_opening_is_not_hidden_and_the_next_use_tries_again() -> None:
    class Broken(OnePerApp):
        tries = 0

        @classmethod
        def open(cls, app: FastAPI) -> Self:
            cls.tries += 1
            raise KeyError("no key")

    app = FastAPI()
    for tries in (1, 2):
        with pytest.raises(KeyError, match="no key"):
            Broken.of(app)
        assert Broken.tries == tries


async def test_a_route_gets_the_instance_as_a_dependency() -> None:
    app = FastAPI()

    @app.get("/")
    async def same(counter: Counter = Depends(Counter.get)) -> bool:
        return counter is Counter.of(app)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t") as client:
        assert (await client.get("/")).json() is True


async def test_what_is_to_be_closed_at_the_end_is_closed_when_the_task_is_cancelled() -> None:
    closed = list[bool]()

    async def close() -> None:
        closed.append(True)

    task = asyncio.create_task(process.close_at_end(close))
    await asyncio.sleep(0)
    assert not closed
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == [True]
