"""A registered customer who recharged a number."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from tests.make.factories import make_user
from tests.make.payments import fund
from tests.make.receipts import Ids, sell


async def sell_to_somebody(stores: Stores) -> tuple[Ids, str]:
    """((customer, recharge), the customer's own number)."""
    user = await stores.database.run(make_user)
    user_id, own_number = user.user_id, user.phone_number
    await fund(stores, user_id, 100_000)
    return await sell(stores, user_id), own_number
