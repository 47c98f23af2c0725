"""The family board over HTTP."""

from __future__ import annotations

import httpx

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.autopay import make_autopay, make_owner
from tests.make.factories import headers_for
from tests.make.money import make_number


async def test_the_board_of_a_customer(client: httpx.AsyncClient, shop: Stores, settings: Settings) -> None:
    user_id = await make_owner(shop)
    headers = headers_for(settings, user_id)
    mother = await make_number(shop)
    body = {"phone_number": mother, "nickname": "Mother", "operator": "JIO", "service_type": "prepaid"}
    assert (await client.post("/v1/users/me/numbers", json=body, headers=headers)).status_code == 201
    autopay = await make_autopay(shop, user_id, phone_number=mother)
    answer = await client.get("/v1/family", headers=headers)
    assert answer.status_code == 200, answer.text
    own, saved = answer.json()["numbers"]
    assert (own["is_own"], saved["is_own"]) == (True, False)
    assert (saved["nickname"], saved["phone_number"]) == ("Mother", mother)
    assert saved["autopay"]["autopay_id"] == str(autopay.autopay_id)
    assert saved["plan"] is None
