"""The OpenAPI document: readable names, one example for each error, and what several routes share written once."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from pydantic import Field

from gencharge.core.errors import Conflict, NotFound, Problem, TooManyRequests
from gencharge.core.http import openapi, web
from gencharge.core.http.paging import Page


class ParcelNotFound(NotFound):
    """Parcel not found."""


class ParcelAlreadySent(Conflict):
    """This parcel was already sent."""


class ParcelOut(web.Out):
    """A parcel."""

    parcel_id: str
    name: str = Field(title="What it is called")


class CratePage(web.Out):
    """What another room calls its own page."""

    items: list[str]


def app_with(*routes: tuple[str, Any, dict[str, Any]]) -> FastAPI:
    app = FastAPI()
    router = web.router("parcels")
    for path, function, options in routes:
        router.add_api_route(path, function, **options)
    app.router.routes.extend(router.routes)
    openapi.complete(app)
    return app


async def list_parcels(limit: int = 20) -> Page[ParcelOut]:
    del limit
    return Page(items=[], next_cursor=None)


async def get_parcel(parcel_id: str) -> ParcelOut:
    return ParcelOut(parcel_id=parcel_id, name="")


async def send_parcel(parcel_id: str) -> ParcelOut:
    return ParcelOut(parcel_id=parcel_id, name="")


LIST = ("", list_parcels, {"methods": ["GET"], "responses": web.errors(ParcelNotFound)})
GET = ("/{parcel_id}", get_parcel, {"methods": ["GET"], "responses": web.errors(ParcelNotFound)})
SEND = (
    "/{parcel_id}/send",
    send_parcel,
    {"methods": ["POST"], "responses": web.errors(ParcelNotFound, ParcelAlreadySent)},
)


@pytest.mark.parametrize(
    ("room", "function", "name"),
    [
        ("parcels", "list_parcels", "parcels_list"),
        ("parcels", "get_parcel", "parcels_get"),
        ("parcels", "send", "parcels_send"),
        ("parcels", "list_parcel_types", "parcels_list_parcel_types"),
        ("parcels", "staff_list_parcels", "parcels_staff_list"),
        ("audit-logs", "list_entries", "audit_logs_list_entries"),
        ("audit-logs", "get_audit_log", "audit_logs_get"),
        ("recharge", "subscribe", "recharge_subscribe"),
        ("recharge", "parcel", "recharge_parcel"),
    ],
)
def test_an_operation_is_the_room_and_the_function_without_the_rooms_own_noun(
    room: str, function: str, name: str
) -> None:
    router = web.router(room)

    async def route() -> None: ...

    route.__name__ = function
    router.add_api_route("/x", route)
    assert [one.unique_id for one in router.routes if isinstance(one, web.Route)] == [name]


def test_a_page_is_called_after_what_it_lists() -> None:
    document = app_with(LIST).openapi()
    assert "ParcelPage" in document["components"]["schemas"]
    answer = document["paths"]["/v1/parcels"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ParcelPage"}
    items = document["components"]["schemas"]["ParcelPage"]["properties"]["items"]
    assert items["items"] == {"$ref": "#/components/schemas/ParcelOut"}
    assert list(document["components"]["schemas"]) == sorted(document["components"]["schemas"])


def test_two_pages_of_one_name_are_an_error() -> None:
    class CrateOut(web.Out):
        crate_id: str

    async def list_crates() -> Page[CrateOut]:
        return Page(items=[], next_cursor=None)

    async def show_crates() -> CratePage:
        return CratePage(items=[])

    list_crates.__annotations__["return"] = Page[CrateOut]
    app = app_with(("/crates", list_crates, {}), ("/shown", show_crates, {}))
    with pytest.raises(ValueError, match="CratePage"):
        app.openapi()


def test_an_error_of_two_routes_is_written_once_and_one_of_a_single_route_where_it_is() -> None:
    other = ("/sent", send_parcel, {"methods": ["POST"], "responses": web.errors(ParcelAlreadySent)})
    document = app_with(LIST, GET, other).openapi()
    assert list(document["components"]["responses"]) == ["parcel_not_found", "rate_limited"]
    for path in ("/v1/parcels", "/v1/parcels/{parcel_id}"):
        response = document["paths"][path]["get"]["responses"]["404"]
        assert response == {"$ref": "#/components/responses/parcel_not_found"}
        assert openapi.resolved(document, response)["description"] == "`parcel_not_found`"
    alone = document["paths"]["/v1/parcels/sent"]["post"]["responses"]["409"]
    assert openapi.resolved(document, alone) is alone
    assert list(alone["content"][openapi.PROBLEM_JSON]["examples"]) == ["parcel_already_sent"]


@pytest.mark.parametrize("kind", [ParcelNotFound, ParcelAlreadySent])
def test_an_example_is_a_problem_document_as_it_is_sent(kind: type[Problem]) -> None:
    document = app_with(LIST, SEND).openapi()
    example = openapi.resolved(document, {"$ref": f"#/components/examples/{kind.code()}"})
    sent = orjson.loads(web.problem_response(kind()).body)
    assert example["value"]["title"] == kind.__doc__
    assert example["value"] == sent | {"request_id": example["value"]["request_id"]}
    assert set(example["value"]) <= openapi.ProblemOut.model_fields.keys()


def test_a_summary_is_what_the_docstring_says_first() -> None:
    async def send_parcel() -> None:
        """Send a parcel. It arrives the next day.

        More words.
        """

    async def track_parcel() -> None:
        """Where a parcel is: on the road, or with the neighbours."""

    async def burn_parcel() -> None:
        """Burn it."""

    app = app_with(
        ("/send", send_parcel, {"methods": ["POST"]}),
        ("/track", track_parcel, {}),
        ("/burn", burn_parcel, {"summary": "Burn a parcel"}),
    )
    summaries = [methods.popitem()[1]["summary"] for methods in app.openapi()["paths"].values()]
    assert summaries == ["Send a parcel", "Where a parcel is", "Burn a parcel"]


def test_a_description_that_only_repeats_the_summary_is_left_out() -> None:
    async def burn_parcel() -> None:
        """Burn it."""

    async def send_parcel() -> None:
        """Send it. It arrives the next day."""

    app = app_with(("/burn", burn_parcel, {}), ("/send", send_parcel, {}))
    operations = [methods.popitem()[1] for methods in app.openapi()["paths"].values()]
    assert "description" not in operations[0]
    assert operations[1]["description"] == "Send it. It arrives the next day."


def test_every_summary_says_in_a_few_words_what_the_operation_does(app: FastAPI) -> None:
    for methods in app.openapi()["paths"].values():
        for operation in methods.values():
            summary, name = operation["summary"], operation["operationId"]
            assert len(summary) <= 60, f"{name}: {summary!r} is too long: give the route a summary of its own"
            assert " " not in summary or not summary.istitle(), f"{name}: {summary!r} is the function's name"
            assert summary[0].isupper(), name
            assert not summary.endswith("."), name


def test_a_title_that_only_repeats_the_name_is_left_out() -> None:
    document = app_with(LIST, GET).openapi()
    fields = document["components"]["schemas"]["ParcelOut"]["properties"]
    assert "title" not in fields["parcel_id"]
    assert fields["name"]["title"] == "What it is called"
    [limit] = document["paths"]["/v1/parcels"]["get"]["parameters"]
    assert "title" not in limit["schema"]


def test_asked_again_the_document_is_the_same() -> None:
    app = app_with(LIST, GET, SEND)
    first = orjson.dumps(app.openapi())
    assert orjson.dumps(app.openapi()) == first


def test_every_reference_in_the_whole_document_leads_somewhere(app: FastAPI) -> None:
    document = app.openapi()
    references = [node for node in openapi.objects_of(document) if isinstance(node.get("$ref"), str)]
    assert len(references) > 500
    for node in references:
        assert openapi.resolved(document, node)
    used = {node["$ref"] for node in references}
    for name in document["components"]["responses"]:
        assert f"#/components/responses/{name}" in used


def test_no_parameter_is_null(app: FastAPI) -> None:
    document = app.openapi()
    parameters = [
        parameter
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
    ]
    assert len(parameters) > 100
    assert [one["name"] for one in parameters if "null" in str(one["schema"].get("anyOf", ""))] == []
    if_match = next(one for one in parameters if one["name"] == "If-Match")
    assert (if_match["schema"]["type"], if_match["required"]) == ("string", False)
    assert "pattern" in if_match["schema"]


class ParcelsTooOften(TooManyRequests):
    """Too many parcels."""


def test_every_operation_may_answer_429_with_the_headers_that_say_when_to_come_back() -> None:
    often = ("/often", send_parcel, {"methods": ["POST"], "responses": web.errors(ParcelsTooOften)})
    document = app_with(LIST, GET, often).openapi()
    for path, method, codes in (
        ("", "get", ["rate_limited"]),
        ("/{parcel_id}", "get", ["rate_limited"]),
        ("/often", "post", ["parcels_too_often", "rate_limited"]),
    ):
        described = document["paths"][f"/v1/parcels{path}"][method]["responses"]["429"]
        limited = openapi.resolved(document, described)
        assert list(limited["content"][openapi.PROBLEM_JSON]["examples"]) == codes
        assert list(limited["headers"]) == ["Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"]
        for header in limited["headers"].values():
            assert openapi.resolved(document, header)["description"]
    assert document["components"]["examples"]["rate_limited"]["value"]["status"] == 429


def test_the_codes_of_all_errors_are_one_list_that_a_problem_document_refers_to(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    assert schemas["ProblemOut"]["properties"]["code"] == {"$ref": "#/components/schemas/ErrorCode"}
    codes = schemas["ErrorCode"]["enum"]
    assert {"insufficient_balance", "method_not_allowed", "rate_limited"} <= set(codes)
    assert codes == sorted(set(codes))


COMMON = {"X-Request-ID", "RateLimit", "RateLimit-Policy"}


def test_an_answer_with_an_address_an_etag_or_a_key_names_its_headers(app: FastAPI) -> None:
    paths = app.openapi()["paths"]

    def headers(path: str, method: str, status: str) -> set[str]:
        return set(paths[path][method]["responses"][status].get("headers", ())) - COMMON

    assert headers("/v1/recharge/subscribe", "post", "201") == {"Location", "Idempotent-Replayed"}
    assert headers("/v1/roles", "post", "201") == {"Location", "ETag"}
    assert headers("/v1/roles/{role_id}", "get", "200") == {"ETag"}
    assert headers("/v1/wallet", "get", "200") == set()
