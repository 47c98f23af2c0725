"""How mandates are shown."""

from __future__ import annotations

from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.mandates.views import mandate_out
from tests.make.mandates import add_mandate, mandate_of
from tests.make.payments import make_payer


async def test_a_mandate_is_shown_without_what_it_can_be_charged_by(stores: Stores) -> None:
    user_id = await make_payer(stores)
    row = await mandate_of(stores, user_id, await add_mandate(stores, user_id))
    shown = mandate_out(row)
    assert (shown.status, shown.max_amount, shown.end_reason) == ("active", Money.rupees(500), None)
    assert not {"customer", "token", "token_hash", "order_id"} & shown.model_dump().keys()
