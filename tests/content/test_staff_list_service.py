"""The staff's list: by kind and position, page by page, each where it stands."""

from __future__ import annotations

from tests.make.content import draft, published
from tests.make.staff_client import StaffClient


async def test_the_list_is_by_kind_and_position_and_says_where_each_stands(staff: StaffClient) -> None:
    drafts = [
        await staff.ask_json("POST", "/content/admin", draft(kind="about", position=position))
        for position in (2, 1)
    ]
    public = await published(staff, kind="about", position=0)
    query = {"kind": "about", "limit": 2, "include_total": "true"}
    first = await staff.ask_json("GET", "/content/admin", params=query)
    rest = await staff.ask_json("GET", "/content/admin", params=query | {"cursor": first["next_cursor"]})
    shown = [*first["items"], *rest["items"]]
    assert [one["content_id"] for one in shown] == [
        public["content_id"],
        drafts[1]["content_id"],
        drafts[0]["content_id"],
    ]
    assert [one["status"] for one in shown] == ["published", "draft", "draft"]
    assert (first["total"], rest["next_cursor"]) == (3, None)
