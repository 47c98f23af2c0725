"""Links lead from what was made to the operation that reads it, and only to operations that the document has."""

from __future__ import annotations

from typing import Any, ClassVar

from fastapi import FastAPI

from gencharge.core.http import answer_links
from gencharge.core.http.answer_links import add_links, drop_broken
from gencharge.core.http.web import Out


class Parcel(Out):
    """Something with an address."""

    located_at: ClassVar[str] = "/parcels/{owner_id}/{parcel_id}"

    owner_id: str
    parcel_id: str


def document_of(*, readable: bool = True) -> dict[str, Any]:
    app = FastAPI()

    @app.post("/parcels", status_code=201)
    async def post_parcel() -> Parcel:
        raise NotImplementedError

    @app.post("/parcels/{owner_id}/{parcel_id}/repeat")
    async def repeat_parcel(owner_id: str, parcel_id: str) -> Parcel:
        raise NotImplementedError

    if readable:

        @app.get("/parcels/{owner_id}/{parcel_id}", operation_id="get_parcel")
        async def get_parcel(owner_id: str, parcel_id: str) -> Parcel:
            raise NotImplementedError

    document = app.openapi()
    add_links(document, app.routes)
    return document


def test_what_was_made_links_to_where_it_is_read() -> None:
    paths = document_of()["paths"]
    assert paths["/parcels"]["post"]["responses"]["201"]["links"] == {
        "read": {
            "operationId": "get_parcel",
            "parameters": {
                "owner_id": "$response.body#/owner_id",
                "parcel_id": "$response.body#/parcel_id",
            },
        }
    }
    repeated = paths["/parcels/{owner_id}/{parcel_id}/repeat"]["post"]["responses"]
    assert "links" not in repeated["200"], "nothing was made"


def test_without_an_operation_that_reads_it_there_is_no_link() -> None:
    assert "links" not in document_of(readable=False)["paths"]["/parcels"]["post"]["responses"]["201"]


def test_a_part_without_that_operation_has_no_link_to_it() -> None:
    document = document_of()
    drop_broken(document)
    answer = document["paths"]["/parcels"]["post"]["responses"]["201"]
    assert "links" in answer
    del document["paths"]["/parcels/{owner_id}/{parcel_id}"]
    drop_broken(document)
    assert "links" not in answer


def test_a_page_links_to_the_next_one_by_its_cursor_and_a_part_leaves_that_out() -> None:
    schema = {"$ref": "#/components/schemas/PlanPage"}
    listing = {
        "operationId": "plans_list",
        "parameters": [{"name": "cursor"}],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
    }
    single = listing | {"operationId": "plans_get", "parameters": [], "responses": {"200": {}}}
    document = {
        "paths": {"/v1/plans": {"get": listing}, "/v1/plans/1": {"get": single}},
        "components": {"schemas": {"PlanPage": {"properties": {"next_cursor": {}}}}},
    }
    answer_links.add_next(document)
    page = document["paths"]["/v1/plans"]["get"]["responses"]["200"]
    assert page["links"] == {
        "next": {"operationId": "plans_list", "parameters": {"cursor": "$response.body#/next_cursor"}}
    }
    assert "links" not in document["paths"]["/v1/plans/1"]["get"]["responses"]["200"]
    answer_links.drop_next(document)
    assert "links" not in page
