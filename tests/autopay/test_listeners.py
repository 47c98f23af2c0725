"""What autopay does on others' events."""

from __future__ import annotations

from gencharge.autopay import listeners
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.mandates import service as mandates
from tests.make.autopay import make_autopay, make_owner, row_of
from tests.make.mandates import add_mandate


async def test_revoking_a_mandate_pauses_what_it_pays(shop: Stores) -> None:
    user_id = await make_owner(shop)
    mandate_id = await add_mandate(shop, user_id)
    autopay = await make_autopay(shop, user_id, payment_method="mandate", mandate_id=mandate_id)
    await shop.database.run(lambda db: mandates.revoke(db, user_id, mandate_id))
    await Relay(shop, (listeners.MANDATE_ENDED,)).drain()
    assert (await row_of(shop, autopay)).pause_reason == "mandate_ended"
