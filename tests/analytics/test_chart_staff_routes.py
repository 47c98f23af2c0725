"""`/analytics/{area}/chart.svg` and `.png` over HTTP."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import text

from gencharge.analytics.chart_staff_service import SOURCES, Source
from gencharge.core.stores.stores import Stores
from tests.make.analytics import count
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers


@pytest.fixture
async def headers(app: FastAPI, shop: Stores) -> dict[str, str]:
    return await staff_headers(app, shop, "SuperAdmin")


def texts_of(svg: str) -> str:
    """All that a chart says."""
    return " ".join(
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("}text")
    )


async def sell(stores: Stores) -> str:
    plan = await find_plan(stores, "JIO", 299)
    await buy(stores, await make_customer(stores), await make_number(stores), plan.plan_id)
    await count(stores)
    return plan.name


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.charted.name)
async def test_each_area_has_charts_and_their_etags_hold(
    client: httpx.AsyncClient, headers: dict[str, str], source: Source
) -> None:
    for show in ("trend", *source.charted.distributions):
        for format_, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
            path = f"/v1/analytics/{source.charted.name}/chart.{format_}"
            answer = await client.get(path, headers=headers, params={"show": show})
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Type"] == kind
            if format_ == "png":
                assert Image.open(BytesIO(answer.content)).width == 960
                continue
            texts_of(answer.text)
            again = await client.get(
                path, headers=headers | {"If-None-Match": answer.headers["ETag"]}, params={"show": show}
            )
            assert (again.status_code, again.content) == (304, b"")


async def test_a_chart_speaks_the_language_of_its_reader(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    name = await sell(shop)
    path, params = "/v1/analytics/revenue/chart.svg", {"show": "plan"}
    english = await client.get(path, headers=headers, params=params)
    hindi = await client.get(path, headers=headers | {"Accept-Language": "hi"}, params=params)
    assert "Revenue: paid (₹), by plan" in texts_of(english.text)
    assert "आय: भुगतान हुआ (₹), प्लान के अनुसार" in texts_of(hindi.text)
    assert name[:20] in texts_of(english.text)
    assert english.headers["ETag"] != hindi.headers["ETag"]
    assert "Accept-Language" in hindi.headers["Vary"]


async def test_a_name_in_a_chart_is_text_and_a_chart_runs_and_fetches_nothing(
    shop: Stores, client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await sell(shop)
    evil = "<script>alert(1)</script>&"
    async with shop.database.transaction() as db:
        await db.execute(
            text("UPDATE plans SET name = :name, updated_at = now() + interval '1 s'"), {"name": evil}
        )
    answer = await client.get("/v1/analytics/plans/chart.svg", headers=headers, params={"show": "plans"})
    assert evil[:20] in texts_of(answer.text)
    tags = {
        node.tag.rpartition("}")[2]
        for node in ElementTree.fromstring(answer.text).iter()
        if isinstance(node.tag, str)
    }
    assert "script" not in tags
    assert not [
        value
        for node in ElementTree.fromstring(answer.text).iter()
        for name, value in node.attrib.items()
        if "href" in name or name.startswith("on")
    ]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    png = await client.get("/v1/analytics/plans/chart.png", headers=headers, params={"show": "plans"})
    assert png.status_code == 200


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("users/chart.gif", {}, "path.format"),
        ("users/chart.svg", {"show": "operator"}, "query.show"),
        ("users/chart.svg", {"operator": "JIO"}, "query.operator"),
        ("delivery/chart.svg", {"show": "failure", "measure": "delivered"}, "query.measure"),
        ("delivery/chart.svg", {"theme": "pink"}, "query.theme"),
        ("delivery/chart.svg", {"from": "2020-01-01"}, "query"),
    ],
)
async def test_what_there_is_not_is_refused_by_name(
    client: httpx.AsyncClient, headers: dict[str, str], path: str, params: dict[str, str], field: str
) -> None:
    answer = await client.get(f"/v1/analytics/{path}", headers=headers, params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_a_chart_takes_the_permissions_of_its_figures(
    app: FastAPI, shop: Stores, client: httpx.AsyncClient
) -> None:
    viewer = await staff_headers(app, shop, "Viewer")
    assert (await client.get("/v1/analytics/admins/chart.svg", headers=viewer)).status_code == 403
    jio = await staff_headers(app, shop, "Manager", operators=("JIO",))
    assert (await client.get("/v1/analytics/payments/chart.svg", headers=jio)).status_code == 403
    assert (await client.get("/v1/analytics/delivery/chart.svg", headers=jio)).status_code == 200
