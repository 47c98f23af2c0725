"""The staff's list of mandates: each filter, and nothing that a mandate could be charged by."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.http import web
from gencharge.core.stores.stores import Stores
from gencharge.mandates import staff_service as staff
from gencharge.mandates.staff_schemas import StaffMandatePage, StaffMandateQuery
from tests.make.mandates import add_mandate, token_of
from tests.make.payments import make_payer
from tests.make.recharge import run_sql


async def listed(stores: Stores, **query: object) -> StaffMandatePage:
    params = StaffMandateQuery.model_validate({"limit": 100, **query})
    return await stores.database.run(lambda db: staff.list_mandates(db, params))


async def ids(stores: Stores, **query: object) -> set[UUID]:
    return {item.mandate_id for item in (await listed(stores, **query)).items}


async def test_each_filter_keeps_what_it_names_and_drops_the_rest(stores: Stores) -> None:
    owner, other = await make_payer(stores), await make_payer(stores)
    active, ended = await add_mandate(stores, owner), await add_mandate(stores, owner)
    foreign = await add_mandate(stores, other)
    await run_sql(
        stores,
        "UPDATE mandates SET status = 'ended', end_reason = 'bank', method = 'card' WHERE mandate_id = :id",
        id=ended,
    )
    every = {active, ended, foreign}
    for query, rest in (
        ({"user_id": owner}, {active, ended}),
        ({"status": "ended"}, {ended}),
        ({"status": "active"}, {active, foreign}),
        ({"end_reason": "bank"}, {ended}),
        ({"end_reason": "expired"}, set()),
        ({"payment_method": "card"}, {ended}),
    ):
        assert await ids(stores, **query) & every == rest, query
    ordered = [item.mandate_id for item in (await listed(stores, user_id=owner, sort="created_at")).items]
    assert ordered == [active, ended]


async def test_a_mandate_is_shown_without_what_it_is_charged_by(stores: Stores) -> None:
    owner = await make_payer(stores)
    mandate_id = await add_mandate(stores, owner)
    [item] = (await listed(stores, user_id=owner)).items
    assert (item.mandate_id, item.user_id) == (mandate_id, owner)
    assert item.user is not None
    sent = web.to_json(item).decode()
    for secret in await token_of(stores, owner, mandate_id):
        assert secret not in sent
