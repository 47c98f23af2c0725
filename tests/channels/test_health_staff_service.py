"""How a channel does is counted from its newest submissions, for those who may see its operator."""

from __future__ import annotations

import pytest

from gencharge.channels import health_staff_service
from gencharge.channels.errors import ChannelNotFound
from gencharge.channels.service import Verdict
from gencharge.channels.staff_schemas import ChannelHealthOut
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import Principal
from tests.make.delivery import FIRST, purchase, reach_jio
from tests.make.outside import reach_over_api


async def health_of(stores: Stores, code: str, *operators: str) -> ChannelHealthOut:
    admin = Principal(user_id=new_id(), kind="admin", session_id=new_id(), operator_scope=operators)
    return await stores.database.run(lambda db: health_staff_service.show(db, admin, code))


async def test_the_health_of_a_channel_counts_its_submissions(shop: Stores) -> None:
    await reach_jio(shop)
    before = await health_of(shop, FIRST)
    delivered, refused = await purchase(shop), await purchase(shop)
    await delivered.answer(await delivered.submit(FIRST), Verdict.DELIVERED, operator_reference="J-1")
    await refused.answer(await refused.submit(FIRST), Verdict.REFUSED, reason="number_barred")
    await (await purchase(shop)).submit(FIRST)
    after = await health_of(shop, FIRST)
    assert after.submissions - before.submissions == 3
    assert (after.delivered - before.delivered, after.refused - before.refused) == (1, 1)
    assert after.without_outcome - before.without_outcome == 1
    ended = after.delivered + after.refused + after.not_sent
    assert after.success_percent == round(100 * after.delivered / ended, 1)
    assert after.median_seconds is not None
    assert after.slow_seconds is not None
    assert 0 <= after.median_seconds <= after.slow_seconds
    with pytest.raises(ChannelNotFound):
        await health_of(shop, FIRST, "AIRTEL")
    assert (await health_of(shop, FIRST, "JIO")).operator == "JIO"
    await reach_over_api(shop, "JIO")
