"""Every parameter of every route's query that has a closed set of values, or a form, refuses another one, and says what is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.http.openapi import resolved
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.offers import service as offers
from tests.make.factories import headers_for, know_roles, make_admin, new_client, sign_in

# Texts of the caller's own, in which no value is wrong; and why another one is not looked at here.
FREE: Final = {
    "account": "an account of the ledger: `operator:{code}` and `gateway:{name}` among them",
    "alt": "a text",
    "backup": "an id of a backup",
    "cursor": "opaque; a list that has rows refuses what is none of its own",
    "complaint_reference": "another party's number of a complaint",
    "key": "an idempotency key",
    "q": "what is searched for",
    "reason": "a text",
    "result": "what an event says of its result",
    "search": "words",
    "token": "a secret",
}
# The names of roles are told to admins only, and a report's query is looked at before its caller is: an unknown one gives an empty file.
FREE_AT: Final = {("/v1/reports/admins", "role")}
# These have the form of a code or a word, but only some of them are there: `Choice`.
CODES: Final = {"operator", "circle", "group", "counterparty", "action", "object_type", "act", "report"}
METHODS: Final = ("get", "post", "put", "patch", "delete")
WRONG: Final = "nosuch"


@dataclass(frozen=True)
class Parameter:
    """A parameter of a query, and the kind of its values."""

    method: str
    path: str
    name: str
    schema: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}?{self.name}="

    @property
    def choices(self) -> list[Any]:
        """The values of an enum."""
        return self.schema.get("enum") or ([self.schema["const"]] if "const" in self.schema else [])

    @property
    def is_free(self) -> bool:
        """Whether any text is right."""
        has_form = (
            self.choices or self.schema["type"] != "string" or {"format", "pattern"} & self.schema.keys()
        )
        return not has_form and self.name not in CODES and self.name != "type"

    @property
    def wrong(self) -> str:
        """A value that is not right. One of a code has its form."""
        if self.name in CODES or self.choices or "pattern" not in self.schema:
            return "ZZZZ" if self.name == "circle" else WRONG
        return "?!"

    def url(self) -> str:
        """The address with the wrong value."""
        path = self.path.replace("{format}", "svg")
        # The one parameter that others need beside them.
        month = "&month=2026-10" if "/gst-" in path and self.name != "month" else ""
        return (
            re.sub(r"\{[^}]*\}", "0198c0de-0000-7000-8000-000000000000", path)
            + f"?{self.name}={self.wrong}{month}"
        )


def parameters_of(document: dict[str, Any]) -> Iterator[Parameter]:
    """Every parameter of a query in the document; one of several kinds counts as its first."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            for entry in methods.get(method, {}).get("parameters", ()):
                parameter = resolved(document, entry)
                if parameter["in"] != "query":
                    continue
                schema = resolved(document, parameter["schema"])
                schema = resolved(document, schema.get("anyOf", [schema])[0])
                if schema.get("type") == "array":
                    schema = resolved(document, schema["items"])
                yield Parameter(method.upper(), path, parameter["name"], schema)


@pytest.fixture(scope="module")
async def callers(app: FastAPI, shop: Stores, settings: Settings) -> list[dict[str, str]]:
    """A SuperAdmin and a customer, while plans, offers and operators are there."""
    await know_roles(app)
    await shop.database.run(lambda db: offers.seed(db))
    await offers.Offers.of(app).refresh(shop.database)
    admin = await shop.database.run(lambda db: make_admin(db))
    return [await sign_in(app, admin), headers_for(settings, new_id())]


async def refusal(
    client: httpx.AsyncClient, parameter: Parameter, callers: list[dict[str, str]]
) -> dict[str, Any] | None:
    """What is said about the parameter to the first of the callers who may ask."""
    for headers in callers:
        answer = await client.request(parameter.method, parameter.url(), headers=headers)
        if answer.status_code == 422:
            for problem in answer.json()["errors"]:
                if problem["field"] == f"query.{parameter.name}":
                    reply: dict[str, Any] = problem
                    return reply
    return None


async def test_a_wrong_value_of_any_parameter_is_422_with_the_field_and_what_is_right(
    app: FastAPI, callers: list[dict[str, str]]
) -> None:
    wrong, tried, chosen = list[str](), 0, 0
    async with new_client(app) as client:
        for parameter in parameters_of(app.openapi()):
            if (parameter.path, parameter.name) in FREE_AT or (parameter.is_free and parameter.name in FREE):
                continue
            tried += 1
            problem = await refusal(client, parameter, callers)
            if problem is None:
                wrong.append(f"{parameter}: not refused")
            elif parameter.choices:
                chosen += 1
                missing = [value for value in parameter.choices if str(value) not in problem["message"]]
                wrong += [f"{parameter}: {problem['message']} without {missing}"] if missing else []
            elif parameter.name in CODES and "one of: " not in problem["message"]:
                wrong.append(f"{parameter}: {problem['message']}")
    assert not wrong, "\n".join(wrong)
    assert tried > 600
    assert chosen > 240


async def test_an_unknown_parameter_is_422_with_those_that_there_are(
    app: FastAPI, callers: list[dict[str, str]]
) -> None:
    names = dict[tuple[str, str], list[str]]()
    for parameter in parameters_of(app.openapi()):
        names.setdefault((parameter.method, parameter.path), []).append(parameter.name)
    async with new_client(app) as client:
        for (method, path), there in names.items():
            url = re.sub(r"\{[^}]*\}", "0198c0de-0000-7000-8000-000000000000", path)
            answer = await client.request(method, f"{url}?no_such=1", headers=callers[0])
            assert answer.status_code == 422, (method, path)
            [problem] = answer.json()["errors"]
            assert problem["field"] == "query.no_such"
            assert [name for name in there if name not in problem["message"]] == [], (method, path)
    assert len(names) > 150


async def test_each_text_that_is_free_is_there(app: FastAPI) -> None:
    free = {parameter.name for parameter in parameters_of(app.openapi()) if parameter.is_free}
    assert set(FREE) - free == {"result"}, "its form is one word's, and it is looked at for that alone"
