"""The headers of every answer stand at each answer of the whole document, and at none of the parts but where one waits by them."""

from __future__ import annotations

from typing import Any

from gencharge.core.http.answer_headers import COMMON, add_common, drop_common, responses_of


def a_document() -> dict[str, Any]:
    own = {"headers": {"ETag": {"$ref": "#/components/headers/ETag"}}}
    limited = {"headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}}
    responses = {"200": own, "204": {}, "404": {"$ref": "#/components/responses/missing"}, "429": limited}
    return {
        "paths": {"/v1/plans": {"get": {"responses": responses}}},
        "components": {"responses": {"missing": {}}},
    }


def test_each_answer_gets_them_beside_its_own_and_a_shared_one_once() -> None:
    document = a_document()
    assert len(list(responses_of(document))) == 4
    add_common(document)
    add_common(document)
    for response in responses_of(document):
        assert set(COMMON) <= response["headers"].keys()
    assert "ETag" in document["paths"]["/v1/plans"]["get"]["responses"]["200"]["headers"]


def test_a_part_keeps_the_own_ones_and_those_of_a_limit() -> None:
    document = a_document()
    add_common(document)
    drop_common(document)
    responses = document["paths"]["/v1/plans"]["get"]["responses"]
    assert list(responses["200"]["headers"]) == ["ETag"]
    assert "headers" not in responses["204"]
    assert set(responses["429"]["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert "headers" not in document["components"]["responses"]["missing"]
