"""Filters whose values are data. A typo in an operator's code must not look like a list that is empty.

    Annotated[str, Choice("plan_group")]             a parameter of a query (`core.values.codes`)
    ROOM = Room(choices={"plan_group": groups}, ...)  the room that knows which values there are now

A value that no snapshot has is looked up once more in PostgreSQL: another process may just have added it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.types import Scope

from gencharge.core.errors import DatabaseUnavailable, FieldProblem, ValidationFailed, field_problem
from gencharge.core.wording import worded


@dataclass(frozen=True, slots=True)
class Choices:
    """The values that there are now: as they are shown, and all that is taken for one of them, in small letters."""

    shown: tuple[str, ...]
    taken: frozenset[str]

    @classmethod
    def of(cls, shown: Iterable[str], also: Iterable[object] = ()) -> Self:
        """These names, in capitals or not, and whatever else is taken for one of them: ids."""
        names = tuple(shown)
        return cls(names, frozenset(str(value).casefold() for value in (*names, *also)))

    def has(self, value: str) -> bool:
        """Whether there is such a value. While there are none at all, as before the first installation, each is taken."""
        return not self.shown or value.strip().casefold() in self.taken


# Gives the values; `fresh`: compares them with PostgreSQL first.
Known = Callable[[FastAPI, bool], Awaitable[Choices]]


def known_to(app: FastAPI) -> Mapping[str, Known]:
    """The application's choices by name."""
    known: Mapping[str, Known] = getattr(app.state, "choices", {})
    return known


async def check(scope: Scope, named: Mapping[str, str], methods: Collection[str]) -> None:
    """`named` is which choice each parameter is. Raises ValidationFailed for values that are none, with those that there are."""
    if not (named and scope["query_string"] and scope["method"] in methods):
        return
    app: FastAPI = scope["app"]
    problems = [
        problem
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if name in named and (problem := await _problem(app, name, named[name], value)) is not None
    ]
    if problems:
        raise ValidationFailed(errors=problems)


async def _problem(app: FastAPI, name: str, choice: str, value: str) -> FieldProblem | None:
    known = known_to(app).get(choice)
    if known is None or (await _or_any(known, app, fresh=False)).has(value):
        return None
    choices = await _or_any(known, app, fresh=True)
    if choices.has(value):
        return None
    right = worded("Must be one of: {choices}", choices=list(choices.shown))
    return field_problem(f"query.{name}", right, f"{choice}_invalid")


async def _or_any(known: Known, app: FastAPI, *, fresh: bool) -> Choices:
    """While PostgreSQL is down nothing is refused for a value that it might have."""
    try:
        return await known(app, fresh)
    except DatabaseUnavailable:
        return Choices.of(())
