"""A request for an adjustment is written once for a key, moves nothing, and needs a wallet."""

from __future__ import annotations

from uuid import UUID

import pytest

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.users.errors import UserNotFound
from gencharge.wallet import service as wallet
from gencharge.wallet.staff_schemas import AdjustmentCreate, AdjustmentOut
from tests.make.factories import make_user
from tests.make.recharge import list_events, money_of

ADMIN = new_id()


async def ask(stores: Stores, user_id: UUID, *, key: str, rupees: int = 100) -> Answered[AdjustmentOut]:
    command = AdjustmentCreate.model_validate(
        {
            "user_id": user_id,
            "direction": "credit",
            "amount": rupees,
            "reason": "goodwill",
            "note": "waited long",
        }
    )
    return await stores.database.run(lambda db: wallet.request_adjustment(db, ADMIN, command, key=key))


async def test_a_key_makes_one_request_and_no_money_moves(stores: Stores) -> None:
    user = await stores.database.run(make_user)
    key = str(new_id())
    first, again = await ask(stores, user.user_id, key=key), await ask(stores, user.user_id, key=key)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.answer == again.answer
    with pytest.raises(IdempotencyKeyReused):
        await ask(stores, user.user_id, key=key, rupees=200)
    assert len(await list_events(stores, user.user_id, "AdjustmentRequested")) == 1
    assert await money_of(stores, user.user_id) == (0, 0)


async def test_nothing_is_requested_for_nobody(stores: Stores) -> None:
    with pytest.raises(UserNotFound):
        await ask(stores, new_id(), key=str(new_id()))
