"""A customer's mandates when the account is exported, closed and erased."""

from __future__ import annotations

from sqlalchemy import text

from gencharge.core.http import web
from gencharge.core.stores.stores import Stores
from gencharge.mandates.personal_data import PART
from gencharge.payments.context import PaymentContext
from tests.make.mandates import check_due, make_mandate, mandate_of, token_of
from tests.make.outside import Outside
from tests.make.payments import make_payer


async def test_an_export_has_the_mandates_without_their_tokens(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    assert PART.export is not None
    export = await PART.export(stores, user_id)
    items = [item async for item in export["mandates"]]
    assert [item.mandate_id for item in items] == [mandate.mandate_id]
    for secret in await token_of(stores, user_id, mandate.mandate_id):
        assert secret not in web.to_json(items[0]).decode()


async def test_a_closed_account_is_not_charged_and_the_gateway_hears_of_it(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    customer, _ = await token_of(stores, user_id, mandate.mandate_id)
    close = PART.close
    assert close is not None
    await stores.database.run(lambda db: close(db, user_id, False))
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).end_reason == "account_closed"
    await check_due(context)
    [at_gateway] = await context.gateway.fetch_mandates(customer)
    assert at_gateway.status == "cancelled"


async def test_an_erased_account_leaves_no_token(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    await make_mandate(context, outside, user_id)
    assert PART.erase is not None
    await PART.erase(stores, user_id)
    async with stores.database.transaction() as db:
        query = text(
            "SELECT (SELECT count(*) FROM mandates WHERE user_id = :id)"
            " + (SELECT count(*) FROM mandate_tokens WHERE user_id = :id)"
        )
        assert await db.scalar(query, {"id": user_id}) == 0
