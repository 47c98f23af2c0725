"""What goes out says the same as the whole document in less space; the customers' one leaves the staff's routes out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from fastapi import FastAPI

from gencharge.core.http.openapi import PROBLEM_JSON, objects_of, operations_of, resolved
from gencharge.core.http.short_document import for_customers, for_staff, shorten

SHORT_UNION = {"type": ["string", "null"]}


@pytest.fixture(scope="module")
def whole(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture(scope="module")
def short(whole: dict[str, Any]) -> dict[str, Any]:
    return shorten(whole)


def test_it_is_three_tenths_smaller_and_the_whole_one_stays_as_it_is(whole: dict[str, Any]) -> None:
    before = orjson.dumps(whole)
    assert len(orjson.dumps(shorten(whole))) < 0.71 * len(before)
    assert orjson.dumps(whole) == before


def test_parameters_mean_the_same(whole: dict[str, Any], short: dict[str, Any]) -> None:
    assert {"cursor", "IfMatch"} <= set(short["components"]["parameters"])
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            sent = [resolved(short, part) for part in short["paths"][path][method].get("parameters", [])]
            assert [part["name"] for part in sent] == [
                part["name"] for part in operation.get("parameters", [])
            ], path
            assert [part.get("required") for part in sent] == [
                part.get("required") for part in operation.get("parameters", [])
            ], path


def test_each_operation_names_the_codes_of_its_errors(whole: dict[str, Any], short: dict[str, Any]) -> None:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            sent = short["paths"][path][method]["responses"]
            assert list(sent) == list(operation["responses"])
            for status, answer in operation["responses"].items():
                described = resolved(whole, answer)
                assert resolved(short, sent[status])["description"] == described["description"]
                for code in described.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ()):
                    assert f"`{code}`" in resolved(short, sent[status])["description"]


def test_money_is_one_named_value_and_other_texts_are_not_taken_for_it(short: dict[str, Any]) -> None:
    fields = short["components"]["schemas"]["RechargeOut"]["properties"]
    assert fields["price"] == {"$ref": "#/components/schemas/Rupees"}
    assert fields["cashback"]["$ref"] == "#/components/schemas/Rupees"
    assert fields["cashback"]["description"].startswith("Paid into the wallet")
    assert fields["plan_name"] == {"type": "string"}
    assert fields["failure_reason"] == SHORT_UNION
    rupees = short["components"]["schemas"]["Rupees"]
    assert (rupees["type"], rupees["minimum"]) == ("number", 0)
    page = short["components"]["schemas"]["RechargePage"]["properties"]
    assert page["next_cursor"] == {"$ref": "#/components/schemas/NextCursor"}


def test_every_reference_leads_somewhere_and_nothing_is_there_in_vain(whole: dict[str, Any]) -> None:
    for document in (shorten(whole), for_customers(whole)):
        used = {node["$ref"] for node in objects_of(document) if isinstance(node.get("$ref"), str)}
        for target in used:
            assert resolved(document, {"$ref": target}), target
        for kind in ("responses", "parameters"):
            for name in document["components"][kind]:
                assert f"#/components/{kind}/{name}" in used


def test_customers_see_their_routes_and_none_of_the_staffs(whole: dict[str, Any]) -> None:
    document = for_customers(whole)
    paths = document["paths"]
    assert {"/v1/recharge/subscribe", "/v1/plans", "/v1/auth/login", "/v1/wallet/topups"} <= set(paths)
    assert "get" in paths["/v1/plans"]
    assert "post" not in paths["/v1/plans"]
    assert not [path for path in paths if "/admin" in path or path.startswith("/v1/audit-logs")]
    assert "StaffUserOut" not in document["components"]["schemas"]
    assert "roles" not in {tag["name"] for tag in document["tags"]}
    for operation in operations_of(document):
        for answer in operation["responses"].values():
            assert "`admins_only`" not in resolved(document, answer).get("description", "")


def test_the_staffs_document_has_the_rooms_that_are_asked_for_and_no_webhooks(whole: dict[str, Any]) -> None:
    document = for_staff(whole, lambda tag: tag == "offers")
    assert {operation["tags"][0] for operation in operations_of(document)} == {"offers"}
    assert [tag["name"] for tag in document["tags"]] == ["offers"]
    assert "post" in document["paths"]["/v1/offers"]
    assert "get" not in document["paths"]["/v1/offers"]
    assert "webhooks" not in document
    assert "RechargeOut" not in document["components"]["schemas"]
